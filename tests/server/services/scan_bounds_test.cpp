// What an agent that names ever new things makes the server keep.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "protocol/limits.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

constexpr int kManyScopes = 1'900;

class ScanBounds : public ::testing::Test {
 protected:
  // A minute later, as many scopes of that name; the first has an update.
  void scanScopes(const std::string& name, const std::string& status) {
    world_.clock.advance_s(60);
    ScanSpec spec;
    spec.scopes.clear();
    for (int i = 0; i < kManyScopes; ++i)
      spec.scopes.emplace_back(name + std::to_string(i), i == 0 ? "ok" : status);
    spec.records = {updateRow({.name = name, .candidate = "2", .scope = name + "0"})};
    world_.scan(agent_, spec);
  }
  std::size_t scopesKept() {
    return world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.scans().pictures(agent_, "apt", "updates").size();
    });
  }
  static std::vector<Json> updatesOf(const std::string& name, int count) {
    std::vector<Json> rows;
    for (int i = 0; i < count; ++i)
      rows.push_back(updateRow({name + std::to_string(i), "2"}));
    return rows;
  }

  World world_;
  const store::AgentKey agent_ = world_.enrol();
};

TEST_F(ScanBounds, of_plugins_without_end_the_newest_are_kept_and_the_others_updates_are_closed) {
  world_.scan(agent_, {.records = {updateRow({"nginx", "1.1"})}});
  for (int i = 0; i < 200; ++i) {
    world_.clock.advance_s(1);
    if (i == 199) {
      EXPECT_EQ(world_.stateOf(agent_, "nginx", "1.1"), "available");
    }
    world_.scan(agent_, {.plugin = "org.example.p" + std::to_string(i)});
  }
  const auto newest =
      world_.store.read([&](const store::ReadTransaction& tx) { return tx.scans().newest(agent_); });
  EXPECT_EQ(newest.size(), 200U);
  EXPECT_EQ(world_.stateOf(agent_, "nginx", "1.1"), "resolved_elsewhere");
  EXPECT_EQ(world_.update(agent_, "nginx", "1.1").reason.code, "scan.plugin_forgotten");
  world_.scan(agent_, {.records = {updateRow({"nginx", "1.1"})}});
  EXPECT_EQ(world_.stateOf(agent_, "nginx", "1.1"), "available") << "and it may come back";
}

TEST_F(ScanBounds, of_scopes_that_vanish_without_end_the_newest_are_kept) {
  for (const char* name : {"a", "b", "c", "d"})
    scanScopes(name, "ok");
  EXPECT_EQ(scopesKept(), 2'000U + kManyScopes);
}

TEST_F(ScanBounds, of_scopes_that_no_complete_scan_takes_away_the_newest_are_kept) {
  for (const char* name : {"a", "b", "c", "d"})
    scanScopes(name, "transient");
  EXPECT_EQ(scopesKept(), 2'000U + kManyScopes);
  EXPECT_EQ(world_.stateOf(agent_, "a", "2"), "resolved_elsewhere") << "its scope is forgotten";
  EXPECT_EQ(world_.stateOf(agent_, "c", "2"), "available");
}

TEST_F(ScanBounds, a_plugin_that_only_adds_updates_is_refused_when_there_are_too_many) {
  const auto scan = [&](const std::string& name, const std::string& status) {
    world_.clock.advance_s(60);
    return world_.upload(
        agent_, {world_.scanItem({.scopes = {{"main", status}}, .records = updatesOf(name, 10'500)})});
  };
  EXPECT_TRUE(scan("a", "ok").rejected.empty());
  const auto refused = scan("b", "transient").rejected;
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_NE(refused[0].text.find("too many updates"), std::string::npos) << refused[0].text;
  EXPECT_TRUE(scan("b", "ok").rejected.empty()) << "these are instead of the others";
}

TEST_F(ScanBounds, a_scan_that_says_as_much_as_an_agent_lets_it_is_taken) {
  ScanSpec spec;
  for (std::size_t i = 0; i + 1 < protocol::kMaxScanScopes; ++i)
    spec.scopes.emplace_back("part" + std::to_string(i), "ok");
  spec.scopes.emplace_back("", "ok");
  auto item = world_.scanItem(spec);
  for (std::size_t i = 0; i < protocol::kMaxScanReports + 1; ++i)
    item["reports"].push_back({{"status", "ok"}, {"code", "a.b"}, {"text", ""}});
  world_.mustTake(agent_, {item});
  item["id"] = newId();
  item["scopes"].push_back({{"key", "one more"}, {"status", "ok"}});
  EXPECT_EQ(world_.upload(agent_, {item}).rejected.size(), 1U);
}

TEST_F(ScanBounds, of_breakers_without_end_no_more_are_kept_than_an_agent_can_have) {
  std::vector<Json> items;
  for (int i = 0; i < 410; ++i) {
    items.push_back({{"kind", "breaker"},
                     {"id", newId()},
                     {"at", toRfc3339(world_.clock.now + i * kSecondNs)},
                     {"plugin", "org.example.p" + std::to_string(i)},
                     {"plugin_version", "1"},
                     {"interface", "rf.scanner/1"},
                     {"from", "closed"},
                     {"to", "open"}});
    if (items.size() < 60 && i != 409) continue;
    world_.mustTake(agent_, items);
    items.clear();
  }
  const auto kept =
      world_.store.read([&](const store::ReadTransaction& tx) { return tx.agents().breakers(agent_); });
  EXPECT_EQ(kept.size(), 400U);
}

}  // namespace
}  // namespace redflag::testing
