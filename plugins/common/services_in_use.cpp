#include "common/services_in_use.h"

#include "common/nobody_to_ask.h"
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
  if (isNobodyToAsk(answer)) return out;
  if (answer && answer->http_status == 200) {
    out.read(answer->body, root);
  } else {
    out.is_cut_ = true;
  }
  return out;
}

void ServicesInUse::read(std::string_view answer, std::string_view root) {
  const auto json = parseJson(answer, {.bytes = kMaxProcessesAnswer, .depth = 8, .values = 400'000});
  if (!json) {
    is_cut_ = true;
    return;
  }
  JsonReader in(*json, "in-use");
  for (const Json& item : in.array("groups", 2000))
    readGroup(item, root);
  const bool is_cut = in.optionalBoolean("is_cut", false);
  is_cut_ = is_cut_ || is_cut || !in.finish();
}

// What is no service's may be cut: it is not restarted.
void ServicesInUse::readGroup(const Json& item, std::string_view root) {
  JsonReader group(item, "in-use.groups");
  const auto unit = unitOf(group.text("control_group", 4096));
  const Json& files = group.array("files", 512);
  const bool is_cut = group.optionalBoolean("is_cut", false);
  const bool is_understood = group.finish().has_value();
  is_cut_ = is_cut_ || !is_understood || (is_cut && !unit.empty());
  if (!is_understood || unit.empty()) return;
  for (const Json& file : files) {
    if (!file.is_string()) continue;
    const auto path = below(root, file.get_ref<const std::string&>());
    if (!path.empty()) units_[std::string(withoutUsr(path))].insert(unit);
  }
}

void ServicesInUse::addUsersOf(std::string_view file, std::set<std::string>& units) const {
  const auto found = units_.find(withoutUsr(file));
  if (found != units_.end()) units.insert(found->second.begin(), found->second.end());
}

}  // namespace redflag::plugin
