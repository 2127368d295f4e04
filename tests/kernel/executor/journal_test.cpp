#include "executor/journal.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "executor/journal_keeper.h"
#include "sqlite/database.h"
#include "support.h"

namespace redflag::kernel::test {
namespace {

Order orderNamed(const std::string& command_id) {
  return {command_id,
          std::string(32, '\x01'),
          "apt",
          "install",
          R"({"updates":[]})",
          std::string(32, '\x02'),
          3,
          10,
          20};
}

class JournalTest : public testing::Test {
 protected:
  JournalTest() { EXPECT_TRUE(initCrypto().has_value()); }
  std::unique_ptr<Journal> open(bool create = true) const { return Journal::open(file, create).value(); }
  JournalEntry begun(Journal& journal, const std::string& id) const {
    JournalEntry entry = journal.accept(orderNamed(id), 1, 2, "boot").value();
    EXPECT_TRUE(journal.begin(entry, 3).value());
    return entry;
  }

  TestFolder folder;
  std::filesystem::path file = folder.path() / "journal.sqlite";
};

TEST_F(JournalTest, keeps_everything_of_an_order_over_a_restart) {
  const std::string id = open()->id();
  {
    const auto journal = open();
    JournalEntry entry = begun(*journal, "c1");
    entry.phase = Phase::kInstalling;
    entry.host = {42, "boot:77"};
    entry.begun_monotonic = 5;
    entry.needs_reboot = true;
    entry.outcome = {"failed", "install.crashed", "text", Json::array({1})};
    ASSERT_TRUE(journal->update(entry).has_value());
  }
  const auto journal = open(false);
  EXPECT_EQ(journal->id(), id);
  EXPECT_EQ(journal->epochFloor().value(), 3);
  const JournalEntry entry = journal->find("c1").value().value();
  EXPECT_EQ(entry.order.identity, std::string(32, '\x01'));
  EXPECT_EQ(entry.order.plan_hash, std::string(32, '\x02'));
  EXPECT_EQ(entry.order.parameters, R"({"updates":[]})");
  EXPECT_EQ(entry.order.not_before, 10);
  EXPECT_EQ(entry.order.expires_at, 20);
  EXPECT_EQ(entry.phase, Phase::kInstalling);
  EXPECT_EQ(entry.accepted_at, 1);
  EXPECT_EQ(entry.accepted_monotonic, 2);
  EXPECT_EQ(entry.accepted_boot, "boot");
  EXPECT_EQ(entry.entered_at, 3);
  EXPECT_EQ(entry.host, (ProcessMark{42, "boot:77"}));
  EXPECT_EQ(entry.begun_monotonic, 5);
  EXPECT_TRUE(entry.needs_reboot);
  EXPECT_EQ(entry.outcome.code, "install.crashed");
  EXPECT_EQ(entry.outcome.results, Json::array({1}));
}

TEST_F(JournalTest, accepts_an_id_once) {
  const auto journal = open();
  EXPECT_TRUE(journal->accept(orderNamed("c1"), 1, 1, "boot").has_value());
  EXPECT_FALSE(journal->accept(orderNamed("c1"), 1, 1, "boot").has_value());
  EXPECT_EQ(journal->waiting().value(), 1);
}

TEST_F(JournalTest, begins_or_cancels_an_order_but_not_both) {
  const auto journal = open();
  JournalEntry cancelled = journal->accept(orderNamed("c1"), 1, 1, "boot").value();
  EXPECT_TRUE(journal->cancel("c1", 2).value().has_value());
  EXPECT_FALSE(journal->begin(cancelled, 3).value());
  begun(*journal, "c2");
  EXPECT_FALSE(journal->cancel("c2", 4).value().has_value());
  EXPECT_FALSE(journal->cancel("nobody", 4).value().has_value());
}

TEST_F(JournalTest, never_changes_what_is_done) {
  const auto journal = open();
  JournalEntry entry = begun(*journal, "c1");
  JournalEntry stale = entry;
  ASSERT_TRUE(journal->finish(entry, {"succeeded", "", "", Json::array()}, 4).has_value());
  EXPECT_FALSE(journal->update(stale).has_value());
  EXPECT_FALSE(journal->finish(stale, {"failed", "", "", Json::array()}, 5).has_value());
  EXPECT_EQ(journal->find("c1").value()->outcome.state, "succeeded");
}

TEST_F(JournalTest, hands_out_what_is_begun_before_what_waits) {
  const auto journal = open();
  journal->accept(orderNamed("c1"), 1, 1, "boot").value();
  begun(*journal, "c2");
  EXPECT_EQ(journal->next().value()->order.command_id, "c2");
  JournalEntry entry = journal->next().value().value();
  ASSERT_TRUE(journal->finish(entry, {"succeeded", "", "", Json::array()}, 4).has_value());
  EXPECT_EQ(journal->next().value()->order.command_id, "c1");
}

TEST_F(JournalTest, names_a_state_by_the_same_id_until_the_next_one) {
  const auto journal = open();
  JournalEntry entry = journal->accept(orderNamed("c1"), 1, 1, "boot").value();
  EXPECT_EQ(journal->find("c1").value()->event_id, entry.event_id);
  const std::string accepted = entry.event_id;
  ASSERT_TRUE(journal->begin(entry, 2).value());
  EXPECT_NE(entry.event_id, accepted);
  const std::string running = entry.event_id;
  entry.phase = Phase::kInstalling;
  ASSERT_TRUE(journal->update(entry).has_value());
  EXPECT_EQ(journal->find("c1").value()->event_id, running);
}

TEST_F(JournalTest, forgets_only_acknowledged_orders_behind_many_others) {
  {
    const auto journal = open();
    for (const char* id : {"acknowledged", "open"}) {
      JournalEntry entry = begun(*journal, id);
      ASSERT_TRUE(journal->finish(entry, {"succeeded", "", "", Json::array()}, 4).has_value());
    }
    EXPECT_TRUE(journal->acknowledge("acknowledged").value());
    EXPECT_FALSE(journal->acknowledge("acknowledged").value());
    journal->accept(orderNamed("near"), 1, 1, "boot").value();
    EXPECT_TRUE(journal->find("acknowledged").value().has_value());
  }
  {
    auto database = sqlite::Database::open(file).value();
    ASSERT_TRUE(database.execute("UPDATE orders SET number = 30000 WHERE command_id = 'near'").has_value());
  }
  const auto journal = open();
  journal->accept(orderNamed("far"), 1, 1, "boot").value();
  EXPECT_FALSE(journal->find("acknowledged").value().has_value());
  EXPECT_TRUE(journal->find("open").value().has_value());
}

TEST_F(JournalTest, is_not_made_where_one_should_be) {
  EXPECT_EQ(Journal::open(file, false).error().code, Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(JournalTest, that_is_damaged_stops_orders_until_the_machine_is_enrolled_again) {
  const std::string id = open()->id();
  std::filesystem::remove(folder.path() / "journal.sqlite-wal");
  std::filesystem::resize_file(file, 1000);
  JournalKeeper keeper(folder.path());
  EXPECT_TRUE(keeper.openExisting().has_value());
  EXPECT_EQ(keeper.current(), nullptr);
  EXPECT_EQ(keeper.forOrders({"a", "c", id}).error().code, Code::kConflict);
  const auto renewed = keeper.forOrders({"a", "c", ""});
  ASSERT_TRUE(renewed.has_value()) << renewed.error().text;
  EXPECT_NE((*renewed)->id(), id);
  EXPECT_EQ(loadExecutorTrust(folder.path())->journal_id, (*renewed)->id());
}

}  // namespace
}  // namespace redflag::kernel::test
