#include "reads/smart_questions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/time.h"
#include "reads/tool.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxDisks = 64;
constexpr std::size_t kMaxPrinted = 1U << 20U;
constexpr std::size_t kMaxText = 300;
constexpr std::int64_t kDiskPatienceNs = 10 * kSecondNs;
// Of the exit code. The arguments are always the same: it knows no way to ask such a disk (a USB bridge).
constexpr int kNoWay = 1;
constexpr int kNotOpened = 2;  // or it sleeps
constexpr int kFailing = 8;

const Json* at(const Json& json, std::initializer_list<const char*> path) {
  const Json* here = &json;
  for (const auto* key : path) {
    if (!here->is_object() || !here->contains(key)) return nullptr;
    here = &here->at(key);
  }
  return here;
}

std::optional<std::int64_t> numberAt(const Json& json, std::initializer_list<const char*> path) {
  const Json* found = at(json, path);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  return found->get<std::int64_t>();
}

// Attributes by their numbers, which are the same with nearly every maker; their raw values are counts there.
void addAttributes(const Json& printed, Json& numbers) {
  constexpr std::array<std::pair<int, const char*>, 4> kCounts{
      {{5, "smart_reallocated_sectors"},
       {187, "smart_uncorrectable_errors"},
       {197, "smart_pending_sectors"},
       {198, "smart_offline_uncorrectable_sectors"}}};
  const Json* table = at(printed, {"ata_smart_attributes", "table"});
  if (table == nullptr || !table->is_array()) return;
  for (const auto& row : *table) {
    const auto id = numberAt(row, {"id"});
    const auto raw = numberAt(row, {"raw", "value"});
    for (const auto& [number, name] : kCounts)
      if (id == number && raw && *raw >= 0) numbers[name] = *raw;
  }
}

Json numbersOf(const Json& printed) {
  Json numbers = Json::object();
  const auto take = [&](const char* name, std::initializer_list<const char*> path) {
    if (const auto found = numberAt(printed, path)) numbers[name] = *found;
  };
  take("smart_temperature_celsius", {"temperature", "current"});
  take("smart_power_on_hours", {"power_on_time", "hours"});
  take("smart_reallocated_sectors", {"scsi_grown_defect_list"});
  take("smart_wear_percent", {"nvme_smart_health_information_log", "percentage_used"});
  take("smart_spare_percent", {"nvme_smart_health_information_log", "available_spare"});
  take("smart_media_errors", {"nvme_smart_health_information_log", "media_errors"});
  take("smart_critical_warnings", {"nvme_smart_health_information_log", "critical_warning"});
  addAttributes(printed, numbers);
  return numbers;
}

std::string complaintOf(const Json& printed) {
  const Json* messages = at(printed, {"smartctl", "messages"});
  if (messages == nullptr || !messages->is_array()) return {};
  std::string text;
  for (const auto& message : *messages) {
    const Json* said = at(message, {"string"});
    if (said != nullptr && said->is_string())
      text += (text.empty() ? "" : "; ") + said->get_ref<const std::string&>();
  }
  return text.substr(0, kMaxText);
}

Json unreadable(const std::string& name, const std::string& why) {
  return {{"name", name},
          {"health", "unreadable"},
          {"text", why.substr(0, kMaxText)},
          {"numbers", Json::object()}};
}

// smartctl of some versions, and of SAS disks, says it in a sentence alone; newer ones name the power mode of
// a disk that is awake, too.
bool isAsleep(const Json& printed, int exit_code) {
  if ((exit_code & kNotOpened) == 0) return false;
  return at(printed, {"power_mode"}) != nullptr ||
         complaintOf(printed).find("Device is in ") != std::string::npos;
}

// What a RAID controller shows in place of its disks: those can be asked by number alone.
bool isControllers(const Json& printed) {
  return complaintOf(printed).find("please try adding '-d ") != std::string::npos;
}

const char* healthOf(const Json& printed, int exit_code) {
  const Json* passed = at(printed, {"smart_status", "passed"});
  if (passed != nullptr && passed->is_boolean())
    return passed->get<bool>() && (exit_code & kFailing) == 0 ? "passed" : "failing";
  if (isAsleep(printed, exit_code)) return "asleep";
  if ((exit_code & kNoWay) != 0 || isControllers(printed)) return "unsupported";
  return (exit_code & kNotOpened) != 0 ? "unreadable" : "unsupported";
}

Json askDisk(const SmartPlaces& places, const std::string& name, std::int64_t until_ns,
             const std::atomic<bool>& stopping) {
  const auto until = std::min(until_ns, monotonicNow() + kDiskPatienceNs);
  const auto ran = runTool(places.program, {"--json=c", "-H", "-A", "--nocheck=standby", "/dev/" + name},
                           kMaxPrinted, until, stopping);
  return ran ? diskHealth(name, ran->exit_code, ran->text) : unreadable(name, ran.error().text);
}

bool areAll(std::string_view text, char from, char to) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) { return c >= from && c <= to; });
}

// "sda", "nvme0n1": what a name may be is also what may stand in an argument.
bool isDisk(std::string_view name) {
  constexpr std::string_view kScsi = "sd";
  constexpr std::string_view kNvme = "nvme";
  if (name.size() > 16) return false;
  if (name.starts_with(kScsi)) return areAll(name.substr(kScsi.size()), 'a', 'z');
  if (!name.starts_with(kNvme)) return false;
  const auto rest = name.substr(kNvme.size());
  const auto n = rest.find('n');
  return n != std::string_view::npos && areAll(rest.substr(0, n), '0', '9') &&
         areAll(rest.substr(n + 1), '0', '9');
}

}  // namespace

bool isSmartQuestion(std::string_view target) {
  return target == "/smart";
}

std::vector<std::string> disksToAsk(const std::filesystem::path& block_devices) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(block_devices, error)) {
    const auto name = entry.path().filename().string();
    if (names.size() < kMaxDisks && isDisk(name)) names.insert(name);
  }
  return {names.begin(), names.end()};
}

Json diskHealth(const std::string& name, int exit_code, std::string_view printed) {
  const auto parsed = parseJson(printed, {.bytes = kMaxPrinted, .depth = 12, .values = 50'000});
  if (!parsed || !parsed->is_object())
    return unreadable(name,
                      "smartctl ended with " + std::to_string(exit_code) + " and no JSON that is understood");
  return {{"name", name},
          {"health", healthOf(*parsed, exit_code)},
          {"text", complaintOf(*parsed)},
          {"numbers", numbersOf(*parsed)}};
}

Result<std::string> disksHealthJson(const SmartPlaces& places, std::int64_t until_ns,
                                    const std::atomic<bool>& stopping) {
  std::error_code error;
  if (!std::filesystem::exists(places.program, error))
    return fail(Code::kNotFound,
                "smartmontools is not installed: " + places.program.string() + " is missing");
  Json disks = Json::array();
  for (const auto& name : disksToAsk(places.block_devices))
    disks.push_back(askDisk(places, name, until_ns, stopping));
  return dumpJson({{"disks", std::move(disks)}});
}

}  // namespace redflag::kernel
