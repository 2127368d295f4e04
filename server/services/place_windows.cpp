#include "services/place_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"

namespace redflag::services {
namespace {

constexpr std::size_t kNamedSites = 3;

}  // namespace

std::optional<calendar::Rule> storedRule(const std::string& text) {
  const auto json = parseJson(text);
  if (!json || !json->is_object()) return std::nullopt;
  JsonReader in(*json, "rule");
  const calendar::Rule rule = calendar::readRule(in);
  if (!in.finish()) return std::nullopt;
  return rule;
}

std::string spokenRule(const std::string& text) {
  const auto rule = storedRule(text);
  return rule ? calendar::sentence(*rule) : "a rule that this version cannot read";
}

std::string holderText(const store::DecisionScope& scope) {
  if (!scope.agent_id.empty()) return "the machine " + scope.hostname;
  if (!scope.group_id.empty()) return "the group " + scope.group_name;
  return scope.site_id.empty() ? "the client " + scope.client_name : "the site " + scope.site_name;
}

std::string sitesText(const std::vector<std::string>& names) {
  std::string text = names.size() == 1 ? "the site " : "the sites ";
  const std::size_t named = std::min(names.size(), kNamedSites);
  for (std::size_t i = 0; i < named; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", names[i]);
  return names.size() == named ? text : fmt::format("{} and {} more", text, names.size() - named);
}

std::string unknownZoneText(const std::string& zone, const std::string& whose) {
  return fmt::format("this server's system does not know {}, the time zone of {}: set another one there",
                     zone, whose);
}

PlaceWindows PlaceWindows::of(const store::ReadTransaction& tx, const MachinePlace& machine) {
  MachineWindows windows(tx);
  return windows.of(machine);
}

PlaceWindows::PlaceWindows(store::WindowsAt at) : at_(std::move(at)) {
  if (empty()) return;
  auto zone = calendar::Zone::find(at_.time_zone);
  if (zone) zone_ = std::move(*zone);
  for (const auto& window : at_.windows) {
    const auto rule = storedRule(window.rule);
    if (rule) rules_.push_back({*rule, window.length_s});
  }
  if (zone_ && rules_.size() == at_.windows.size()) return;
  spdlog::error("windows: those of {} cannot be read: nothing is open there", placeText());
  zone_.reset();
}

std::string PlaceWindows::level() const {
  const store::DecisionScope& scope = at_.windows.front().scope;
  if (!scope.agent_id.empty()) return "machine";
  if (!scope.group_id.empty()) return "group";
  return scope.site_id.empty() ? "client" : "site";
}

std::vector<calendar::Span> PlaceWindows::spansFrom(std::int64_t from, std::size_t most) const {
  if (!zone_) return {};
  return calendar::spansFrom(rules_, *zone_, from, most);
}

std::string PlaceWindows::placeText() const {
  std::set<std::string> groups;
  for (const auto& window : at_.windows)
    if (!window.scope.group_name.empty()) groups.insert(window.scope.group_name);
  if (groups.size() < 2) return holderText(at_.windows.front().scope);
  std::string text = "the groups";
  for (const auto& name : groups)
    text += (name == *groups.begin() ? " " : name == *groups.rbegin() ? " and " : ", ") + name;
  return text;
}

std::string PlaceWindows::text(const calendar::Span& span) const {
  return "the window \"" + windowOf(span).name + "\" of " + holderText(windowOf(span).scope);
}

void MachineWindows::load(const std::vector<MachinePlace>& machines) {
  store::Windows::Places places;
  store::Windows::Machines agents;
  for (const auto& one : machines) {
    const Key site{one.client_id, one.site_id};
    if (!sites_.contains(site)) places.insert(site);
    if (!one.agent_id.empty() && !machines_.contains({site, one.agent_id}))
      agents.insert({one.client_id, one.agent_id});
  }
  for (auto& [site, at] : tx_.windows().at(places))
    sites_[site] = std::move(at);
  auto narrower = tx_.windows().narrower(agents);
  for (const auto& one : machines) {
    const Key site{one.client_id, one.site_id};
    auto& known = machines_[{site, one.agent_id}];
    if (known) continue;
    store::WindowsAt at = sites_[site];
    const auto own = narrower.find({one.client_id, one.agent_id});
    if (own != narrower.end()) at.windows = std::move(own->second);
    std::string ids;
    for (const auto& window : at.windows)
      ids += window.id + ' ';
    auto& prepared = prepared_[{site, ids}];
    if (!prepared) prepared = std::make_shared<const PlaceWindows>(std::move(at));
    known = prepared;
  }
}

const PlaceWindows& MachineWindows::of(const MachinePlace& machine) {
  const std::pair key{Key{machine.client_id, machine.site_id}, machine.agent_id};
  if (!machines_.contains(key)) load({machine});
  return *machines_.at(key);
}

}  // namespace redflag::services
