#include "common/services_in_use.h"

#include "base/json.h"
#include "common/units.h"

namespace redflag::plugin {
namespace {

constexpr std::uint64_t kMaxProcessesAnswer = 4U << 20;

// On a system whose /lib is /usr/lib, packages still name files by either.
std::string_view withoutUsr(std::string_view path) {
  return path.starts_with("/usr/") ? path.substr(4) : path;
}

// "" for what lies outside.
std::string_view below(std::string_view root, std::string_view path) {
  while (root.ends_with('/'))
    root.remove_suffix(1);
  if (!path.starts_with(root)) return {};
  path.remove_prefix(root.size());
  return path.starts_with('/') ? path : std::string_view();
}

}  // namespace

ServicesInUse ServicesInUse::ask(const rf::Host& host, const std::string& root) {
  ServicesInUse out;
  const auto answer = rf::LocalHttp(host).get("/proc", "/in-use", kMaxProcessesAnswer);
  if (!answer || answer->http_status != 200) return out;
  const auto json = parseJson(answer->body, {.bytes = kMaxProcessesAnswer, .depth = 8, .values = 400'000});
  if (!json) return out;
  JsonReader in(*json, "in-use");
  for (const Json& item : in.array("groups", 2000)) {
    JsonReader group(item, "in-use.groups");
    const auto unit = unitOf(group.text("control_group", 4096));
    const Json& files = group.array("files", 512);
    if (!group.finish() || unit.empty()) continue;
    for (const Json& file : files) {
      if (!file.is_string()) continue;
      const auto path = below(root, file.get_ref<const std::string&>());
      if (!path.empty()) out.units_[std::string(withoutUsr(path))].insert(unit);
    }
  }
  if (!in.finish()) return {};
  return out;
}

void ServicesInUse::addUsersOf(std::string_view file, std::set<std::string>& units) const {
  const auto found = units_.find(withoutUsr(file));
  if (found != units_.end()) units.insert(found->second.begin(), found->second.end());
}

}  // namespace redflag::plugin
