#include "platform/machine_marks.h"

#include <algorithm>
#include <initializer_list>
#include <system_error>

#include "platform/files.h"

namespace redflag::platform {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMarkBytes = 512;
constexpr std::size_t kVitalPageHead = 4;  // of SCSI's page 0x80: type, code, length of the serial number

// Device trees end their texts with a NUL, everything else with a line feed.
std::string markIn(const fs::path& file) {
  auto text = readFile(file, kMarkBytes).value_or("");
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text;
}

std::string firstOf(std::initializer_list<fs::path> files) {
  for (const auto& file : files) {
    if (auto text = markIn(file); !text.empty()) return text;
  }
  return {};
}

bool onUsb(const fs::path& device) {
  std::error_code error;
  return fs::canonical(device, error).string().find("/usb") != std::string::npos;
}

std::string diskSerial(const fs::path& disk) {
  if (const auto page = readFile(disk / "device/vpd_pg80", kMarkBytes).value_or("");
      page.size() > kVitalPageHead) {
    return page.substr(kVitalPageHead);
  }
  return firstOf({disk / "serial", disk / "device/serial", disk / "wwid", disk / "device/wwid"});
}

std::vector<std::string> diskSerials(const fs::path& root) {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& disk : fs::directory_iterator(root / "sys/block", error)) {
    const auto device = disk.path() / "device";  // what software made of other disks has none
    if (!fs::exists(device, error) || markIn(disk.path() / "removable") == "1" || onUsb(device)) continue;
    if (auto serial = diskSerial(disk.path()); !serial.empty()) out.push_back(std::move(serial));
  }
  return out;
}

std::vector<std::string> interfaceAddresses(const fs::path& root) {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& interface : fs::directory_iterator(root / "sys/class/net", error)) {
    const auto& at = interface.path();
    if (!fs::exists(at / "device", error) || onUsb(at / "device")) continue;
    auto address = markIn(at / "bonding_slave/perm_hwaddr");
    if (address.empty() && markIn(at / "addr_assign_type") == "0") address = markIn(at / "address");
    if (!address.empty()) out.push_back(std::move(address));
  }
  return out;
}

}  // namespace

std::vector<MachineMark> machineMarks(const fs::path& root) {
  const auto dmi = root / "sys/class/dmi/id";
  std::vector<MachineMark> marks = {
      {"machine-id", {markIn(root / "etc/machine-id")}},
      {"product-uuid", {markIn(dmi / "product_uuid")}},
      {"board-serial", {markIn(dmi / "board_serial")}},
      {"system-serial",
       {firstOf({dmi / "product_serial", root / "sys/firmware/devicetree/base/serial-number"})}},
      {"disks", diskSerials(root)},
      {"nics", interfaceAddresses(root)},
  };
  for (auto& mark : marks)
    std::erase(mark.values, std::string());
  std::erase_if(marks, [](const MachineMark& mark) { return mark.values.empty(); });
  return marks;
}

}  // namespace redflag::platform
