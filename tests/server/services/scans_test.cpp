#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/time.h"
#include "store/metrics.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

std::int64_t open(World& world) {
  return world.store.read([](const store::ReadTransaction& tx) {
    return tx.updates().totals(http::Visible::everything()).available;
  });
}

TEST(Scans, the_same_scan_again_changes_nothing) {
  World world;
  const auto agent = world.enrol();
  const Json item = world.scanItem({.records = {updateRow({"nginx", "1.1"})}});
  world.mustTake(agent, {item});
  const auto before = world.history(agent).size();
  world.mustTake(agent, {item});
  EXPECT_EQ(open(world), 1);
  EXPECT_EQ(world.history(agent).size(), before);
}

TEST(Scans, a_complete_scope_replaces_its_picture_and_a_failed_one_only_adds) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.scopes = {{"main", "ok"}, {"security", "ok"}},
                     .records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"}),
                                 updateRow({.name = "openssl", .candidate = "3.1", .scope = "security"})}});
  world.scan(agent, {.scopes = {{"main", "ok"}, {"security", "transient"}},
                     .records = {updateRow({"nginx", "1.1"}), updateRow({"vim", "9.1"}),
                                 updateRow({.name = "sudo", .candidate = "2", .scope = "security"})}});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
  EXPECT_EQ(world.stateOf(agent, "curl", "8.1"), "resolved_elsewhere");
  EXPECT_EQ(world.stateOf(agent, "vim", "9.1"), "available");
  EXPECT_EQ(world.stateOf(agent, "openssl", "3.1"), "available");
  EXPECT_EQ(world.stateOf(agent, "sudo", "2"), "available");
  // After the incomplete one, the old picture is not believed to be the newest.
  world.scan(agent, {.scopes = {{"main", "ok"}, {"security", "ok"}},
                     .records = {updateRow({"nginx", "1.1"}), updateRow({"vim", "9.1"}),
                                 updateRow({.name = "openssl", .candidate = "3.1", .scope = "security"})}});
  EXPECT_EQ(world.stateOf(agent, "sudo", "2"), "resolved_elsewhere");
}

TEST(Scans, a_part_of_a_source_that_failed_closes_nothing_of_its_own_and_holds_nothing_else_back) {
  World world;
  const auto agent = world.enrol();
  // Stored under the source's own name while every part of it answered.
  const Json web = updateRow({.name = "hub/web", .candidate = "2", .scope = "hub"});
  const Json app = updateRow({.name = "hub/app", .candidate = "2", .scope = "hub"});
  world.scan(agent, {.scopes = {{"hub", "ok"}}, .records = {web, app}});
  world.scan(agent, {.scopes = {{"hub/app", "denied"}, {"hub", "ok"}}});
  EXPECT_EQ(world.stateOf(agent, "hub/web", "2"), "resolved_elsewhere");
  EXPECT_EQ(world.stateOf(agent, "hub/app", "2"), "available");
  world.scan(agent, {.scopes = {{"hub/app", "denied"}, {"hub", "ok"}}});
  EXPECT_EQ(world.stateOf(agent, "hub/app", "2"), "available") << "nor the next time, with the same rows";
  world.scan(agent, {.scopes = {{"other", "transient"}, {"hub", "ok"}}});
  EXPECT_EQ(world.stateOf(agent, "hub/app", "2"), "resolved_elsewhere")
      << "the same rows, and nothing is hidden any more";
}

TEST(Scans, a_part_of_a_source_is_what_its_key_names_and_nothing_that_only_begins_so) {
  World world;
  const auto agent = world.enrol();
  const std::vector<std::string> parts_own{"hub:5/app:1", "hub:5/app:1 newer", "hub:5/lib", "hub:5/lib@x"};
  const std::vector<std::string> others{"hub:5/app:2", "hub:5/app:10", "hub:5/library", "hub:5/lib/x:1"};
  std::vector<Json> rows;
  for (const auto* keys : {&parts_own, &others})
    for (const auto& key : *keys)
      rows.push_back(updateRow({.name = key, .candidate = "2", .scope = "hub:5"}));
  world.scan(agent, {.scopes = {{"hub:5", "ok"}}, .records = rows});
  world.scan(agent, {.scopes = {{"hub:5/app:1", "permanent"}, {"hub:5/lib", "denied"}, {"hub:5", "ok"}}});
  for (const auto& key : parts_own)
    EXPECT_EQ(world.stateOf(agent, key, "2"), "available") << key;
  for (const auto& key : others)
    EXPECT_EQ(world.stateOf(agent, key, "2"), "resolved_elsewhere") << key;
}

// What an order was for is shown as soon as the scan that proves it says so.
TEST(Scans, a_scan_that_proves_an_order_replaces_records_of_all_kinds_but_the_inventory) {
  World world;
  const auto agent = world.enrol();
  const auto shown = [&](const std::string& kind) {
    return world.store.read([&](const store::ReadTransaction& tx) {
      return tx.scans().records(agent, {kind, ""}, {10, ""}).total;
    });
  };
  const Json service = {
      {"record", "service/1"}, {"name", "web.service"}, {"needs_restart", true}, {"scope", "main"}};
  const Json package = {
      {"record", "package/1"}, {"manager", "apt"}, {"key", "curl"}, {"name", "curl"}, {"scope", "main"}};
  world.scan(agent, {.records = {service, package}});
  EXPECT_EQ(shown("service/1"), 1);
  world.scan(agent, {.purpose = "verify"});
  EXPECT_EQ(shown("service/1"), 0);
  EXPECT_EQ(shown("package/1"), 1);
  // The same once more, for which nothing is written.
  world.scan(agent, {.purpose = "verify", .records = {service}});
  world.scan(agent, {.records = {service}});
  EXPECT_EQ(shown("service/1"), 1);
}

TEST(Scans, a_source_that_was_removed_lists_nothing_any_more) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.scopes = {{"main", "ok"}, {"extra", "ok"}},
                     .records = {updateRow({.name = "nginx", .candidate = "1.1", .scope = "extra"})}});
  world.scan(agent, {.scopes = {{"main", "transient"}}});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
  world.scan(agent, {.scopes = {{"main", "ok"}}});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "resolved_elsewhere");
  world.scan(agent, {.scopes = {{"main", "ok"}, {"extra", "ok"}},
                     .records = {updateRow({.name = "nginx", .candidate = "1.1", .scope = "extra"})}});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
}

TEST(Scans, an_empty_complete_scan_is_not_taken_for_an_unchanged_one) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  world.scan(agent, {});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "resolved_elsewhere");
}

TEST(Scans, a_scan_that_did_not_run_closes_nothing) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  Json item = world.scanItem({.scopes = {}});
  item["status"] = "breaker_open";
  item["complete"] = false;
  world.mustTake(agent, {item});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
}

TEST(Scans, another_plugins_scan_closes_nothing) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  world.scan(agent, {.plugin = "system"});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
}

TEST(Scans, an_inventory_closes_no_update_and_may_not_hold_one) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  world.scan(agent, {.purpose = "inventory",
                     .records = {{{"record", "package/1"},
                                  {"scope", "main"},
                                  {"manager", "apt"},
                                  {"key", "nginx:amd64"},
                                  {"name", "nginx"},
                                  {"version", "1.0"}}}});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
  const auto answer =
      world.upload(agent, {world.scanItem({.purpose = "inventory", .records = {updateRow({"x", "1"})}})});
  ASSERT_EQ(answer.rejected.size(), 1U);
  EXPECT_EQ(answer.rejected[0].code, "item.invalid");
}

TEST(Scans, a_scan_that_was_overtaken_is_kept_but_not_believed) {
  World world;
  const auto agent = world.enrol();
  const std::int64_t earlier = world.clock.now;
  world.clock.advance_s(60);
  world.scan(agent, {.records = {}});
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}, .started_at = earlier});
  EXPECT_EQ(open(world), 0);
  // A clock that was set back by a day is no late scan.
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}, .started_at = earlier - 86'400 * kSecondNs});
  EXPECT_EQ(open(world), 1);
}

TEST(Scans, a_clock_of_another_century_neither_makes_a_scan_late_nor_measures_in_the_past) {
  World world;
  const auto agent = world.enrol();
  const std::int64_t long_ago = fromRfc3339("1678-01-01T00:00:00Z").value();
  world.scan(agent, {.records = {}});
  world.scan(agent,
             {.records = {updateRow({"nginx", "1.1"}),
                          {{"record", "metric/1"}, {"scope", "main"}, {"name", "load_ratio"}, {"value", 1}}},
              .started_at = long_ago});
  EXPECT_EQ(open(world), 1);
  const auto series = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.metrics().series(agent, {world.clock.now - 86'400 * kSecondNs, store::kMetricPointNs}, 10);
  });
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].points.size(), 1U);
}

TEST(Scans, a_row_that_is_listed_twice_is_one_row) {
  World world;
  const auto agent = world.enrol();
  const Json nginx = updateRow({"nginx", "1.1"});
  for (int i = 0; i < 2; ++i)
    world.scan(agent, {.records = {nginx, nginx}});
  EXPECT_EQ(open(world), 1);
}

TEST(Scans, a_bad_row_leaves_no_trace_of_its_scan) {
  World world;
  const auto agent = world.enrol();
  Json bad = updateRow({"nginx", "1.1"});
  bad["surprise"] = 1;
  const auto answer = world.upload(agent, {world.scanItem({.records = {updateRow({"curl", "8.1"}), bad}})});
  ASSERT_EQ(answer.rejected.size(), 1U);
  EXPECT_NE(answer.rejected[0].text.find("surprise"), std::string::npos);
  EXPECT_EQ(open(world), 0);
  const auto scans =
      world.store.read([&](const store::ReadTransaction& tx) { return tx.scans().newest(agent); });
  EXPECT_TRUE(scans.empty());
}

TEST(Scans, a_row_of_a_scope_that_was_not_scanned_is_refused) {
  World world;
  const auto agent = world.enrol();
  const auto answer = world.upload(
      agent,
      {world.scanItem({.records = {updateRow({.name = "x", .candidate = "1", .scope = "elsewhere"})}})});
  EXPECT_EQ(answer.rejected.size(), 1U);
}

// An index of PostgreSQL holds rows of 2,704 bytes, and what cannot be compressed needs all of them.
TEST(Scans, rows_as_long_as_the_contract_lets_them_be_are_kept) {
  World world;
  const auto agent = world.enrol();
  const auto text = [](std::size_t bytes) { return toHex(randomBytes(bytes / 2)); };
  const std::string scope = text(1024);
  Json row = updateRow({.name = text(512), .candidate = text(256), .scope = scope});
  row.update(
      {{"manager", text(128)}, {"key", text(512)}, {"arch", text(64)}, {"installed_version", text(256)}});
  world.scan(
      agent,
      {.scopes = {{scope, "ok"}},
       .records = {row,
                   {{"record", "fact/1"}, {"scope", scope}, {"name", text(256)}, {"value", text(60'000)}},
                   {{"record", "metric/1"},
                    {"scope", scope},
                    {"name", text(256)},
                    {"label", {"a=" + text(510), "b=" + text(510)}},
                    {"value", 0.5}},
                   {{"record", "org.example.thing/1"}, {"scope", scope}, {"title", text(60'000)}}}});
  EXPECT_EQ(open(world), 1);
  row["name"] = text(514);
  const auto answer = world.upload(agent, {world.scanItem({.scopes = {{scope, "ok"}}, .records = {row}})});
  ASSERT_EQ(answer.rejected.size(), 1U);
  EXPECT_NE(answer.rejected[0].text.find("name: expected at most 512 bytes"), std::string::npos)
      << answer.rejected[0].text;
}

TEST(Scans, of_what_describes_an_update_no_more_is_kept_than_a_list_can_show) {
  World world;
  const auto agent = world.enrol();
  Json row = updateRow({"nginx", "1.1"});
  row["origin"] = std::string(1'023, 'x') + "\xC3\xA4" + std::string(60'000, 'x');
  row["cves"] = std::vector<std::string>(4'000, "CVE-2024-12345");
  world.scan(agent, {.records = {row}});
  const auto kept = world.update(agent, "nginx", "1.1").record;
  EXPECT_EQ(kept.origin, std::string(1'023, 'x')) << "and no half of a character";
  EXPECT_EQ(kept.cves.size(), (32U << 10) / 14);
}

TEST(Scans, a_row_that_is_longer_than_the_contract_lets_it_be_is_refused) {
  World world;
  const auto agent = world.enrol();
  Json row = {{"record", "org.example.thing/1"}, {"scope", "main"}};
  for (int i = 0; i < 9; ++i)
    row[std::string("part_") + static_cast<char>('a' + i)] = std::string(60'000, 'x');
  const auto answer = world.upload(agent, {world.scanItem({.records = {row}})});
  ASSERT_EQ(answer.rejected.size(), 1U);
  EXPECT_NE(answer.rejected[0].text.find("longer than a row may be"), std::string::npos)
      << answer.rejected[0].text;
}

TEST(Scans, facts_are_the_newest_and_metrics_the_last_values) {
  World world;
  const auto agent = world.enrol();
  for (const char* version : {"12", "13"}) {
    world.scan(
        agent,
        {.records = {{{"record", "fact/1"}, {"scope", "main"}, {"name", "os.version"}, {"value", version}},
                     {{"record", "metric/1"}, {"scope", "main"}, {"name", "load_ratio"}, {"value", 0.5}}},
         .plugin = "system"});
  }
  const auto facts =
      world.store.read([&](const store::ReadTransaction& tx) { return tx.scans().facts(agent); });
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].value, "\"13\"");
}

Json factRow(const std::string& scope, const std::string& name, const Json& value) {
  return {{"record", "fact/1"}, {"scope", scope}, {"name", name}, {"value", value}};
}

TEST(Scans, facts_that_their_source_does_not_say_any_more_are_forgotten) {
  World world;
  const auto agent = world.enrol();
  const auto names = [&] {
    std::vector<std::string> out;
    const auto facts =
        world.store.read([&](const store::ReadTransaction& tx) { return tx.scans().facts(agent); });
    for (const auto& fact : facts)
      out.push_back(fact.name);
    return out;
  };
  using Names = std::vector<std::string>;
  const Json needs = factRow("main", "reboot.required", 1);
  const Json needs_none = factRow("main", "reboot.required", 0);
  const Json reasons = factRow("main", "reboot.reasons", "kernel 6.1.0-38-amd64");
  const Json first = factRow("disks", "disk.sda.health", "passed");
  const Json second = factRow("disks", "disk.sdb.health", "failing");
  world.scan(agent,
             {.scopes = {{"main", "ok"}, {"disks", "ok"}}, .records = {needs, reasons, first, second}});
  EXPECT_EQ(names(), (Names{"disk.sda.health", "disk.sdb.health", "reboot.reasons", "reboot.required"}));

  world.scan(agent, {.scopes = {{"main", "ok"}, {"disks", "transient"}}, .records = {needs_none}});
  EXPECT_EQ(names(), (Names{"disk.sda.health", "disk.sdb.health", "reboot.required"}))
      << "of disks nothing is known";
  world.scan(agent, {.scopes = {{"main", "ok"}, {"disks", "ok"}}, .records = {needs_none, first}});
  EXPECT_EQ(names(), (Names{"disk.sda.health", "reboot.required"})) << "main is as it was";

  world.scan(agent, {.purpose = "inventory", .records = {factRow("main", "packages.count", 7)}});
  world.scan(agent, {.records = {factRow("main", "other", 1)}, .plugin = "other"});
  EXPECT_EQ(names(), (Names{"disk.sda.health", "other", "packages.count", "reboot.required"}));
  world.scan(agent, {.purpose = "verify", .scopes = {{"main", "ok"}, {"disks", "ok"}}, .records = {first}});
  EXPECT_EQ(names(), (Names{"disk.sda.health", "other", "packages.count", "reboot.required"}));
  world.scan(agent, {.records = {needs}});
  EXPECT_EQ(names(), (Names{"other", "packages.count", "reboot.required"})) << "disks are gone";
}

TEST(Scans, what_is_measured_as_before_is_measured_all_the_same) {
  World world;
  const auto agent = world.enrol();
  const auto scan = [&] {
    world.scan(agent,
               {.scopes = {{"/", "ok"}, {"/srv", "ok"}},
                .records = {{{"record", "metric/1"}, {"scope", "/"}, {"name", "free_bytes"}, {"value", 5}}}});
    world.clock.advance_s(3'600);
  };
  for (int i = 0; i < 3; ++i)
    scan();
  const auto series = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.metrics().series(agent, {world.clock.now - 86'400 * kSecondNs, store::kMetricPointNs}, 10);
  });
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].points.size(), 3U);
  EXPECT_GT(series[0].at, world.clock.now - 7'200 * kSecondNs);
}

TEST(Scans, F3_what_was_measured_while_no_server_was_there_has_its_place_in_the_series) {
  World world;
  const auto agent = world.enrol();
  const std::int64_t morning = world.clock.now;
  std::vector<Json> items;
  for (int i = 0; i < 30; ++i) {
    items.push_back({{"kind", "metrics"},
                     {"id", newId()},
                     {"at", toRfc3339(morning + i * store::kMetricPointNs)},
                     {"plugin", "system"},
                     {"rows", {{{"record", "metric/1"}, {"name", "free_bytes"}, {"value", i}}}}});
  }
  world.clock.advance_s(86'400);
  items.push_back(world.scanItem(
      {.records = {{{"record", "metric/1"}, {"scope", "main"}, {"name", "free_bytes"}, {"value", 77}}}}));
  world.mustTake(agent, items);
  world.mustTake(agent, items);
  const auto series = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.metrics().series(agent, {morning - 3'600 * kSecondNs, store::kMetricPointNs}, 10);
  });
  ASSERT_EQ(series.size(), 1U);
  ASSERT_EQ(series[0].points.size(), 31U);
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(series[0].points[static_cast<std::size_t>(i)].high, i);
  EXPECT_EQ(series[0].newest.value, 77);

  items[0]["id"] = newId();
  items[0]["rows"][0]["record"] = "fact/1";
  EXPECT_EQ(world.upload(agent, {items[0]}).rejected.at(0).code, "item.invalid");
}

TEST(Scans, that_measure_more_than_a_machine_has_are_refused) {
  World world;
  const auto agent = world.enrol();
  for (const std::string kind : {"metric/1", "fact/1"}) {
    std::vector<Json> rows;
    for (int i = 0; i <= 2'000; ++i)
      rows.push_back({{"record", kind}, {"scope", "main"}, {"name", "x_" + std::to_string(i)}, {"value", 1}});
    const auto answer = world.upload(agent, {world.scanItem({.records = rows})});
    ASSERT_EQ(answer.rejected.size(), 1U) << kind;
    EXPECT_EQ(answer.rejected[0].code, "item.invalid");
  }
  const auto series = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.metrics().series(agent, {0, store::kMetricPointNs}, 10);
  });
  EXPECT_TRUE(series.empty());
}

TEST(Scans, a_newer_version_supersedes_what_nobody_works_on) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}});
  world.approve({world.update(agent, "curl", "8.1").id});
  world.scan(agent, {.records = {updateRow({"nginx", "1.2"}), updateRow({"curl", "8.2"})}});
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "superseded");
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.2"), "available");
  EXPECT_EQ(world.stateOf(agent, "curl", "8.1"), "approved");
  EXPECT_EQ(world.stateOf(agent, "curl", "8.2"), "available");
}

}  // namespace
}  // namespace redflag::testing
