#include "services/wished_settings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace redflag::testing {
namespace {

using services::Drift;
using services::ToldSettings;

services::LoadedProfile profile(const store::DecisionScope& scope, const char* settings) {
  store::Profile one;
  one.id = one.name = scope.client_id + "/" + scope.site_id + "/" + scope.agent_id;
  one.scope = scope;
  one.settings = settings;
  one.author_id = "author of " + one.id;
  return services::loadProfile(std::move(one));
}

// "key value level" of each
std::string wishes(const services::WishedSettings& wished) {
  std::string out;
  for (const auto& [pointer, one] : wished)
    out += pointer + " " + dumpJson(one.value) + " " + one.from.id + "; ";
  return out;
}

const std::vector<services::LoadedProfile> kLevels = {
    profile({}, R"({"schedule":{"every":"6h"},"log":{"level":"info"}})"),
    profile({"c", "", ""}, R"({"schedule":{"every":"4h","jitter":"1m"}})"),
    profile({"d", "", ""}, R"({"schedule":{"every":"9h"}})"),
    profile({"c", "s", ""}, R"({"schedule":{"every":"2h"}})"),
    profile({"c", "", "a"}, R"({"schedule":{"every":"1h"}})")};

TEST(WishedSettings, are_those_of_the_nearest_level_that_sets_each) {
  EXPECT_EQ(wishes(services::wishedAt(kLevels, {"c", "s", "a"})),
            R"(/log/level "info" //; /schedule/every "1h" c//a; /schedule/jitter "1m" c//; )");
  EXPECT_EQ(wishes(services::wishedAt(kLevels, {"c", "s", "b"})),
            R"(/log/level "info" //; /schedule/every "2h" c/s/; /schedule/jitter "1m" c//; )");
  EXPECT_EQ(wishes(services::wishedAt(kLevels, {"c", "t", "b"})),
            R"(/log/level "info" //; /schedule/every "4h" c//; /schedule/jitter "1m" c//; )");
  EXPECT_EQ(wishes(services::wishedAt(kLevels, {"e", "", ""})),
            R"(/log/level "info" //; /schedule/every "6h" //; )");
}

store::DecisionScope ofGroup(const char* id, const char* name) {
  store::DecisionScope scope{"c", "", ""};
  scope.group_id = id;
  scope.group_name = name;
  return scope;
}

TEST(WishedSettings, of_a_machines_groups_come_before_its_sites_and_after_its_own) {
  auto levels = kLevels;
  levels.push_back(profile(ofGroup("g", "Group"), R"({"schedule":{"every":"3h","jitter":"3m"}})"));
  levels.back().profile.id = "group";
  EXPECT_EQ(wishes(services::wishedAt(levels, {"c", "s", "b", {"g"}})),
            R"(/log/level "info" //; /schedule/every "3h" group; /schedule/jitter "3m" group; )");
  EXPECT_EQ(wishes(services::wishedAt(levels, {"c", "s", "a", {"other", "g"}})),
            R"(/log/level "info" //; /schedule/every "1h" c//a; /schedule/jitter "3m" group; )");
  EXPECT_EQ(services::wishedAt(levels, {"c", "s", "b", {"other"}}).at("/schedule/every").value, "2h");
  EXPECT_EQ(services::wishedAt(levels, services::placeOf(ofGroup("g", ""))).at("/schedule/every").value,
            "3h");
}

TEST(WishedSettings, of_several_groups_are_those_of_the_one_whose_name_comes_first) {
  std::vector<services::LoadedProfile> groups = {
      profile(ofGroup("1", "Mail"), R"({"schedule":{"every":"3h","jitter":"3m"}})"),
      profile(ofGroup("2", "Databases"), R"({"schedule":{"every":"4h"}})"),
      profile(ofGroup("3", "databases"), R"({"schedule":{"every":"5h"}})")};
  for (int turn = 0; turn < 3; ++turn) {
    const auto wished = services::wishedAt(groups, {"c", "s", "a", {"1", "2", "3"}});
    EXPECT_EQ(wished.at("/schedule/every").value, "4h") << turn;
    EXPECT_EQ(wished.at("/schedule/every").from.scope.group_name, "Databases");
    EXPECT_EQ(wished.at("/schedule/jitter").value, "3m") << "nobody else sets it";
    std::rotate(groups.begin(), groups.begin() + 1, groups.end());
  }
}

TEST(WishedSettings, fall_back_to_the_next_level_when_one_is_removed) {
  auto levels = kLevels;
  levels.pop_back();
  EXPECT_EQ(services::wishedAt(levels, {"c", "s", "a"}).at("/schedule/every").value, "2h");
  levels.pop_back();
  EXPECT_EQ(services::wishedAt(levels, {"c", "s", "a"}).at("/schedule/every").value, "4h");
}

Json value(const char* key, const char* from, const Json& value) {
  return {{"key", key}, {"from", from}, {"value", value}};
}

std::string report(const std::vector<std::string>& may_set, const std::vector<Json>& values,
                   const std::vector<std::string>& plugins = {"apt"}) {
  return dumpJson({{"may_set", may_set}, {"plugins", plugins}, {"values", values}});
}

services::Judged judged(const char* pointer, const Json& wish, const std::string& told,
                        const store::SettingsWork& work = {}, bool connected = true) {
  return services::judge({Json::json_pointer(pointer), wish, {}}, ToldSettings(told), work, connected);
}

TEST(Drift, is_unknown_of_an_agent_that_has_not_told) {
  EXPECT_EQ(judged("/schedule/every", "2h", "").drift, Drift::kUnknown);
  EXPECT_EQ(judged("/schedule/every", "2h", "not JSON").drift, Drift::kUnknown);
  Json cut = Json::parse(report({"schedule"}, {}));
  cut["cut"] = true;
  EXPECT_EQ(judged("/schedule/every", "2h", dumpJson(cut)).drift, Drift::kUnknown);
}

TEST(Drift, is_as_desired_wherever_the_value_came_from) {
  for (const char* from : {"default", "server", "yaml", "plugin"}) {
    const auto one = judged("/schedule/every", "2h", report({}, {value("/schedule/every", from, "2h")}));
    EXPECT_EQ(one.drift, Drift::kAsDesired) << from;
    EXPECT_EQ(one.text, "");
  }
}

TEST(Drift, is_local_where_agent_yaml_says_something_else) {
  Json other = value("/schedule/every", "yaml", "9h");
  other["line"] = 4;
  const auto one = judged("/schedule/every", "2h", report({"schedule"}, {other}));
  EXPECT_EQ(one.drift, Drift::kLocal);
  EXPECT_EQ(one.text, "agent.yaml of the machine sets it itself, line 4, and that counts");
  const Json untold = {{"key", "/plugins/apt/settings/login"}, {"from", "yaml"}};
  EXPECT_EQ(judged("/plugins/apt/settings/login", "x", report({"plugins.*.settings"}, {untold})).drift,
            Drift::kLocal);
  const Json deeper = value("/plugins/apt/settings/map/inner", "yaml", 1);
  EXPECT_EQ(judged("/plugins/apt/settings/map", 1, report({"plugins.*.settings"}, {deeper})).drift,
            Drift::kLocal);
}

TEST(Drift, is_refused_where_the_owner_does_not_open_it_and_says_so) {
  const auto one =
      judged("/schedule/every", "2h", report({"log"}, {value("/schedule/every", "default", "6h")}));
  EXPECT_EQ(one.drift, Drift::kRefused);
  EXPECT_EQ(one.text, "policy.server_may_set of the machine does not include schedule.every");
  store::SettingsWork work;
  work.given_up = true;
  work.note = "apt: refresh: expected one of private, never";
  const auto other = judged("/plugins/apt/settings/refresh", "x", report({"plugins.apt.settings"}, {}), work);
  EXPECT_EQ(other.drift, Drift::kRefused);
  EXPECT_EQ(other.text, work.note);
}

TEST(Drift, is_pending_while_it_can_still_become_so) {
  const std::string told = report({"schedule"}, {value("/schedule/every", "default", "6h")});
  EXPECT_EQ(judged("/schedule/every", "2h", told).drift, Drift::kPending);
  EXPECT_EQ(judged("/schedule/every", "2h", told, {}, false).text, "the machine is not in contact");
  store::SettingsWork work;
  work.command_id = "command";
  EXPECT_EQ(judged("/schedule/every", "2h", told, work).text, "is ordered");
}

TEST(Drift, does_not_apply_to_a_plugin_that_is_not_enabled) {
  const auto one = judged("/plugins/dnf/every", "2h", report({"plugins.*.every"}, {}));
  EXPECT_EQ(one.drift, Drift::kNotApplicable);
  EXPECT_EQ(one.text, "dnf is not enabled on this machine");
}

TEST(Drift, of_a_plugin_compares_with_what_it_inherits) {
  const std::vector<Json> values = {value("/schedule/every", "default", "6h"),
                                    value("/limits/time", "default", "2m"),
                                    value("/breaker/failures", "default", 3)};
  EXPECT_EQ(judged("/plugins/apt/every", "6h", report({}, values)).drift, Drift::kAsDesired);
  EXPECT_EQ(judged("/plugins/apt/limits/time", "2m", report({}, values)).drift, Drift::kAsDesired);
  EXPECT_EQ(judged("/plugins/apt/breaker/failures", 3, report({}, values)).drift, Drift::kAsDesired);
  EXPECT_EQ(judged("/plugins/apt/every", "1h", report({"plugins.*.every"}, values)).drift, Drift::kPending);
  // What the agent as a whole has from its file keeps no plugin from having its own.
  EXPECT_EQ(judged("/plugins/apt/every", "1h",
                   report({"plugins.*.every"}, {value("/schedule/every", "yaml", "6h")}))
                .drift,
            Drift::kPending);
}

TEST(Drift, of_several_values_the_worst_counts) {
  EXPECT_EQ(services::worst({}), Drift::kAsDesired);
  EXPECT_EQ(services::worst({Drift::kNotApplicable, Drift::kAsDesired}), Drift::kAsDesired);
  EXPECT_EQ(services::worst({Drift::kLocal, Drift::kPending, Drift::kAsDesired}), Drift::kPending);
  EXPECT_EQ(services::worst({Drift::kPending, Drift::kRefused, Drift::kUnknown}), Drift::kRefused);
}

std::string patchText(const services::SettingsPatch& patch) {
  std::string out;
  for (const auto& one : patch.settings)
    out += one.key.to_string() + " " + dumpJson(one.value) + "; ";
  return out + services::writePointers(patch.managed);
}

std::string patch(const char* wished, const std::string& told, const std::set<std::string>& managed = {}) {
  return patchText(services::patchFor(services::wishedAt({profile({}, wished)}, {"c", "s", "a"}),
                                      ToldSettings(told), managed));
}

TEST(SettingsPatch, holds_what_differs_and_may_be_set) {
  const std::string told = report(
      {"schedule"}, {value("/schedule/every", "default", "6h"), value("/schedule/jitter", "yaml", "9m"),
                     value("/schedule/max_parallel", "default", 3), value("/log/level", "default", "info")});
  EXPECT_EQ(
      patch(R"({"schedule":{"every":"2h","jitter":"1m","max_parallel":3},"log":{"level":"debug"}})", told),
      R"(/schedule/every "2h"; ["/schedule/every"])");
  EXPECT_EQ(patch(R"({"schedule":{"every":"2h"}})", ""), "[]") << "of an agent that does not tell";
}

TEST(SettingsPatch, takes_back_what_profiles_set_and_nothing_else) {
  const std::string told = report({"schedule", "log"}, {value("/schedule/every", "server", "2h"),
                                                        value("/log/level", "server", "debug")});
  EXPECT_EQ(patch("{}", told, {"/schedule/every"}), R"(/schedule/every null; ["/schedule/every"])");
  EXPECT_EQ(patch("{}", told), "[]") << "a person's own order stays";
  EXPECT_EQ(patch(R"({"log":{"level":"debug"}})", told), R"(["/log/level"])") << "wished by now";
}

TEST(SettingsPatch, forgets_a_value_once_it_is_seen_to_be_taken_back) {
  const std::vector<Json> fallen = {value("/schedule/every", "default", "6h")};
  EXPECT_EQ(patch("{}", report({"schedule"}, fallen), {"/schedule/every"}), "[]");
  EXPECT_EQ(patch("{}", report({}, fallen), {"/schedule/every"}), R"(["/schedule/every"])")
      << "the agent may have kept it for when its owner opens it again";
}

TEST(SettingsPatch, is_the_nearest_authors) {
  const auto wished = services::wishedAt(kLevels, {"c", "s", "a"});
  const auto all = services::patchFor(wished, ToldSettings(report({"schedule", "log"}, {})), {});
  EXPECT_EQ(all.settings.size(), 3U);
  EXPECT_EQ(all.author_id, "author of c//a");
  EXPECT_EQ(all.profile, "c//a");
}

}  // namespace
}  // namespace redflag::testing
