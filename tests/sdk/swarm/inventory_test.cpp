#include "swarm/inventory.h"

#include <gtest/gtest.h>

#include <set>

#include "protocol/record_check.h"
#include "swarm/spool.h"

namespace redflag::swarm {
namespace {

std::set<std::string> keysOf(const Json& rows) {
  std::set<std::string> keys;
  for (const Json& row : rows)
    keys.insert(row["key"]);
  return keys;
}

TEST(Inventory, is_within_its_sizes_and_of_every_size) {
  std::int64_t least = 1'000'000;
  std::int64_t most = 0;
  std::size_t updates = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Machine machine(seed, {});
    least = std::min(least, machine.packages());
    most = std::max(most, machine.packages());
    updates = std::max(updates, machine.updates(0).size());
  }
  EXPECT_GE(least, 350);
  EXPECT_LT(least, 500);
  EXPECT_LE(most, 3'500);
  EXPECT_GT(most, 3'350);
  EXPECT_LE(updates, 120U);
  EXPECT_GT(updates, 90U);
}

TEST(Inventory, is_the_same_for_the_same_seed_and_another_for_another) {
  EXPECT_EQ(Machine(1, {}).updates(3), Machine(1, {}).updates(3));
  EXPECT_EQ(Machine(1, {}).installed(3), Machine(1, {}).installed(3));
  EXPECT_NE(Machine(1, {}).installed(3), Machine(2, {}).installed(3));
  EXPECT_NE(Machine(1, {}).hostname(), Machine(2, {}).hostname());
}

TEST(Inventory, has_no_package_twice_and_only_rows_that_a_server_takes) {
  for (const std::int64_t packages : {1, 10, 349, 3'500, 20'000}) {
    const Machine machine(5, {packages, packages, 120});
    const Json installed = machine.installed(0);
    EXPECT_EQ(installed.size(), static_cast<std::size_t>(packages));
    EXPECT_EQ(keysOf(installed).size(), installed.size());
    const Json updates = machine.updates(0);
    EXPECT_EQ(keysOf(updates).size(), updates.size());
    for (const Json& rows : {installed, updates, machine.facts()}) {
      for (const Json& row : rows) {
        const auto checked = protocol::checkRecord(row, "row");
        ASSERT_TRUE(checked) << checked.error().text;
      }
    }
  }
}

TEST(Inventory, changes_a_little_with_each_revision) {
  const Machine machine(3, {1'000, 1'000, 120});
  std::size_t changed = 0;
  std::size_t rows = 0;
  for (std::uint64_t revision = 0; revision < 40; ++revision) {
    std::set<std::string> before;
    for (const Json& row : machine.updates(revision))
      before.insert(row.dump());
    for (const Json& row : machine.updates(revision + 1)) {
      if (!before.contains(row.dump())) ++changed;
      ++rows;
    }
  }
  EXPECT_GT(changed, rows / 50);
  EXPECT_LT(changed, rows / 5);
}

TEST(Inventory, an_installed_update_is_listed_no_more_and_proven_by_a_verify_scan) {
  const Machine machine(3, {1'000, 1'000, 120});
  const Json row = machine.updates(0).at(0);
  const std::map<std::string, std::string> installed = {{row["key"], row["candidate_version"]}};
  const std::string boot = "boot";
  SpoolItem item;
  item.id = "id";
  item.kind = SpoolItem::Kind::kUpdates;
  item.purpose = "verify";
  const Json scan = Json::parse(itemText(item, {machine, boot, installed}));
  int packages = 0;
  for (const Json& record : scan["records"]) {
    EXPECT_FALSE(record["record"] == "update/1" && record["key"] == row["key"]);
    packages += record["record"] == "package/1" && record["version"] == row["candidate_version"] ? 1 : 0;
  }
  EXPECT_EQ(packages, 1);
}

}  // namespace
}  // namespace redflag::swarm
