#include "disks.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "block_devices.h"

namespace redflag::storage {
namespace {

constexpr std::uint64_t kMaxAnswer = 1U << 20U;
constexpr std::size_t kMaxDisks = 64;
constexpr std::size_t kMaxNumbers = 32;

struct Health {
  std::string disk;
  std::string health;
  std::string text;
  std::vector<std::pair<std::string, std::int64_t>> numbers;
};

// As the kernel calls one: a row refuses what else it could be.
bool isDiskName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool isMetricName(const std::string& name) {
  return name.starts_with("smart_") && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

redflag::Result<std::vector<Health>> parseHealth(const std::string& body) {
  const auto parsed = parseJson(body, {.bytes = kMaxAnswer, .depth = 5, .values = 10'000});
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  JsonReader in(*parsed, "smart");
  const Json& disks = in.array("disks", kMaxDisks);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  static const std::set<std::string_view> kKnown{"passed", "failing", "asleep", "unsupported", "unreadable"};
  std::vector<Health> found;
  for (const auto& item : disks) {
    JsonReader row(item, "smart.disks");
    Health health{row.text("name", 32), row.text("health", 32), row.optionalText("text", 512), {}};
    const Json& numbers = row.object("numbers");
    if (!isDiskName(health.disk)) row.refuse("name", "a disk's name");
    if (!kKnown.contains(health.health)) row.refuse("health", "one of five words");
    if (auto ok = row.finish(); !ok) return tl::unexpected<Error>(ok.error());
    for (const auto& [name, value] : numbers.items())
      if (isMetricName(name) && value.is_number_integer() && health.numbers.size() < kMaxNumbers)
        health.numbers.emplace_back(name, value.get<std::int64_t>());
    found.push_back(std::move(health));
  }
  return found;
}

}  // namespace

void Disks::report() {
  auto scope = run_.scope("disks");
  const auto devices = readBlockDevices(files_);
  if (!devices && devices.status() != rf::Status::kNotApplicable)
    return scope.fail(devices.status(), "storage.no_disks", devices.text());
  std::vector<std::string> names;
  for (const auto& device : devices ? *devices : std::vector<BlockDevice>()) {
    const auto fact = "disk." + device.name + ".";
    names.push_back(device.name);
    run_.fact(fact + "model", device.model);
    run_.fact(fact + "size_bytes", device.size_bytes);
    if (device.rotational) run_.fact(fact + "rotational", *device.rotational ? 1 : 0);
    if (device.removable) run_.fact(fact + "removable", *device.removable ? 1 : 0);
  }
  run_.fact("disk.names", names);
  scope.complete();
}

void Disks::reportHealth() {
  auto scope = run_.scope("smart");
  const auto answer = asked_.get("/dev", "/smart", kMaxAnswer);
  if (answer && answer->http_status == 200) return tellHealth(answer->body, scope);
  if (!answer && answer.status() == rf::Status::kNotApplicable)
    return scope.fail(rf::Status::kMisconfigured, "storage.no_smartctl",
                      "smart: true needs the package smartmontools");
  scope.fail(answer ? rf::Status::kInternal : answer.status(), "storage.smart_not_asked",
             answer ? "an odd answer" : answer.text());
}

void Disks::tellHealth(const std::string& body, rf::Scope& scope) {
  const auto disks = parseHealth(body);
  if (!disks) return scope.fail(rf::Status::kInternal, "storage.bad_answer", disks.error().text);
  std::string unreadable;
  for (const auto& disk : *disks) {
    run_.fact("disk." + disk.disk + ".health", disk.health);
    for (const auto& [name, value] : disk.numbers)
      static_cast<void>(
          run_.metric().name(name).label("disk=" + disk.disk).value(static_cast<double>(value)).commit());
    if (disk.health == "unreadable")
      unreadable += (unreadable.empty() ? "" : "; ") + disk.disk + ": " + disk.text;
  }
  if (unreadable.empty()) return scope.complete();
  scope.fail(rf::Status::kTransient, "storage.smart_unreadable", unreadable);
}

}  // namespace redflag::storage
