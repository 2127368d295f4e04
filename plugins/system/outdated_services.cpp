#include "outdated_services.h"

#include <algorithm>
#include <vector>

#include "text_forms.h"

namespace redflag::system {
namespace {

constexpr std::uint64_t kMaxAnswer = 4U << 20;
constexpr std::uint64_t kMaxList = 8U << 20;
constexpr std::size_t kNamedFiles = 3;
constexpr const char* kLists = "/var/lib/dpkg/info";
constexpr std::string_view kService = ".service";

// On a system whose /lib is /usr/lib, packages still name files by either.
std::string_view withoutUsr(std::string_view path) {
  return path.starts_with("/usr/") ? path.substr(4) : path;
}

std::string listed(const std::set<std::string>& items, std::size_t most) {
  std::string text;
  std::size_t count = 0;
  for (const auto& item : items) {
    if (count++ == most) return text + " and " + std::to_string(items.size() - most) + " more";
    text += (text.empty() ? "" : ", ") + item;
  }
  return text;
}

// "libssl3:amd64.list" -> "libssl3"
std::string packageOf(const std::string& list) {
  return list.substr(0, std::min(list.find(':'), list.size() - 5));
}

}  // namespace

std::string unitOf(std::string_view control_group) {
  constexpr std::string_view kUsers = "/user.slice/";
  if (control_group.starts_with(kUsers)) return {};
  std::string unit;
  while (!control_group.empty()) {
    control_group.remove_prefix(1);
    const auto part = control_group.substr(0, control_group.find('/'));
    control_group.remove_prefix(part.size());
    // What a service keeps in groups of its own below is its own; a container there is not.
    if (part.starts_with("libpod-") || part.starts_with("docker") || part.ends_with(".scope")) return {};
    if (unit.empty() && part.size() > kService.size() && part.ends_with(kService)) unit = part;
  }
  return unit;
}

void OutdatedServices::report() {
  const auto answer = processes_.get("/proc", "/outdated", kMaxAnswer);
  if (!answer || answer->http_status != 200) return;
  const auto json = parseJson(answer->body, {.bytes = kMaxAnswer, .depth = 8, .values = 200'000});
  const auto grouped = json ? group(*json) : tl::unexpected<Error>(json.error());
  if (!grouped) {
    run_.fail(rf::Status::kInternal, "system.bad_answer", grouped.error().text);
    return;
  }
  nameOwners();
  for (const auto& [unit, service] : services_) {
    auto row = run_.service();
    row.name(unit).state("running").needsRestart(true);
    row.reason(listed(service.commands, kNamedFiles) +
               " still runs what was replaced: " + listed(service.files, kNamedFiles));
    std::set<std::string> packages;
    for (const auto& file : service.files)
      packages.insert(owners_[file].begin(), owners_[file].end());
    for (const auto& package : packages)
      row.package(package);
    static_cast<void>(row.commit());
  }
}

redflag::Result<> OutdatedServices::group(const Json& answer) {
  JsonReader in(answer, "outdated");
  const Json& processes = in.array("processes", 2000);
  const auto unreadable = in.integer("unreadable", 0, 10'000'000);
  if (auto ok = in.finish(); !ok) return ok;
  for (const Json& item : processes) {
    JsonReader process(item, "outdated.processes");
    const auto unit = unitOf(process.text("control_group", 4096));
    const auto command = process.text("command", 64);
    const Json& files = process.array("files", 64);
    if (auto ok = process.finishIgnoringUnknown(); !ok) return ok;
    if (unit.empty()) continue;
    auto& service = services_[unit];
    service.commands.insert(command);
    for (const Json& file : files)
      if (file.is_string()) service.files.insert(file.get<std::string>());
  }
  run_.fact("services.unreadable_processes", unreadable);
  return {};
}

// Reads through dpkg's lists only where there is something to find. Other package managers have none that
// could be read without their libraries: their rows name the files alone.
void OutdatedServices::nameOwners() {
  std::map<std::string_view, std::vector<std::string>> wanted;
  for (const auto& [unit, service] : services_)
    for (const auto& file : service.files)
      wanted[withoutUsr(file)].push_back(file);
  if (wanted.empty()) return;
  const auto lists = files_.list(kLists);
  if (!lists) return;
  for (const auto& name : *lists) {
    if (!name.ends_with(".list")) continue;
    const auto content = files_.read(std::string(kLists) + "/" + name, kMaxList);
    if (!content) continue;
    for (const auto line : linesOf(*content)) {
      const auto found = wanted.find(withoutUsr(line));
      if (found == wanted.end()) continue;
      for (const auto& file : found->second)
        owners_[file].insert(packageOf(name));
    }
  }
}

}  // namespace redflag::system
