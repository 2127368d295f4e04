#include "host/actions.h"

#include <algorithm>
#include <array>

namespace redflag::host {
namespace {

constexpr std::size_t kMaxActions = 64;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxTitle = 100;
constexpr std::size_t kMaxText = 2000;

constexpr std::array kReserved = {"plan", "download", "install", "verify", "rollback", "repair"};
constexpr std::array kRisks = {"none", "low", "high", "destructive"};

bool isName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<ActionInfo> readOne(const Json& item, const std::string& place) {
  JsonReader in(item, place);
  ActionInfo out;
  out.name = in.text("name", kMaxName);
  if (!isName(out.name)) in.refuse("name", "lower case letters, digits, '_' and '-'");
  if (isReservedAction(out.name)) in.refuse("name", "none that is reserved for updaters");
  out.title = in.text("title", kMaxTitle);
  out.description = in.optionalText("description", kMaxText);
  out.risk = in.text("risk", 16);
  if (std::find(kRisks.begin(), kRisks.end(), out.risk) == kRisks.end())
    in.refuse("risk", "none, low, high or destructive");
  out.parameters_schema = in.object("parameters_schema");
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return out;
}

}  // namespace

bool isReservedAction(std::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

Result<std::vector<ActionInfo>> readActions(const Json& document) {
  JsonReader in(document, "list");
  const Json& items = in.array("actions", kMaxActions);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  std::vector<ActionInfo> out;
  for (const Json& item : items) {
    const std::string place = "list.actions[" + std::to_string(out.size()) + "]";
    auto one = readOne(item, place);
    if (!one) return tl::unexpected<Error>(one.error());
    const auto same = [&](const ActionInfo& known) { return known.name == one->name; };
    if (std::any_of(out.begin(), out.end(), same))
      return fail(Code::kInvalid, place + ".name: expected a name that no other action has");
    out.push_back(std::move(*one));
  }
  return out;
}

Result<ActionInfo> findAction(const Json& document, const std::string& name) {
  auto actions = readActions(document);
  if (!actions) return tl::unexpected<Error>(actions.error());
  for (auto& action : *actions) {
    if (action.name == name) return std::move(action);
  }
  return fail(Code::kUnsupported, "the plugin has no action " + name);
}

}  // namespace redflag::host
