#include "platform/machine.h"

#include <sys/utsname.h>

#include <map>
#include <sstream>

#include "platform/files.h"

namespace redflag::platform {
namespace {

constexpr std::size_t kOsReleaseBytes = 64U << 10U;

std::map<std::string, std::string> osRelease() {
  auto text = readFile("/etc/os-release", kOsReleaseBytes);
  if (!text) text = readFile("/usr/lib/os-release", kOsReleaseBytes);
  std::map<std::string, std::string> values;
  std::istringstream lines(text.value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    std::string value = line.substr(equals + 1);
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\''))
      value = value.substr(1, value.size() - 2);
    values[line.substr(0, equals)] = value;
  }
  return values;
}

std::string lineOf(const char* file) {
  auto text = readFile(file, 128).value_or("");
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

}  // namespace

MachineFacts machineFacts() {
  MachineFacts facts;
  utsname names{};
  if (::uname(&names) == 0) {
    facts.hostname = names.nodename;
    facts.kernel = names.release;
    facts.platform = std::string("linux-") + names.machine;
  }
  auto release = osRelease();
  facts.os_name = release["NAME"];
  facts.os_version = release["VERSION_ID"];
  return facts;
}

std::string machineId() {
  return lineOf("/etc/machine-id");
}

std::string bootId() {
  return lineOf("/proc/sys/kernel/random/boot_id");
}

}  // namespace redflag::platform
