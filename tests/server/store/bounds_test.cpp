// How much of one agent is kept, and how much of it one answer holds.
#include <gtest/gtest.h>

#include <algorithm>

#include "store/agents.h"
#include "store/scans.h"
#include "support/database.h"

namespace redflag::store {
namespace {

class Bounds : public ::testing::Test {
 protected:
  Bounds() {
    store_.write([&](WriteTransaction& tx) {
      tx.agents().addClient({"client", "Client", {{"site", "Site"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, 1, "ada", 1000, false}, "hash");
      for (AgentKey* agent : {&agent_, &other_}) {
        const std::string key(32, agent == &agent_ ? 'a' : 'b');
        *agent =
            tx.agents().enrol({key, "host", "act", "1", "linux-x86_64", "Debian", "12"}, "hash", 10).agent;
      }
    });
  }

  static Scan scanOf(const std::string& plugin, std::int64_t at, std::size_t report_bytes = 0) {
    Scan scan;
    scan.id = plugin + std::to_string(at);
    scan.plugin = plugin;
    scan.purpose = "updates";
    scan.status = "ok";
    scan.received_at = at;
    scan.scopes = {{"main", "ok"}};
    scan.reports =
        Json::array({{{"status", "ok"}, {"code", "some.code"}, {"text", std::string(report_bytes, 'x')}}});
    return scan;
  }
  std::int64_t count(const std::string& table) {
    const std::string sql = "SELECT COUNT(*) FROM " + table;
    auto connection = database_.connect();
    auto rows = connection->queryValues(sql, {});
    rows.next();
    return rows.integer();
  }
  // The sizes of the pages that a list comes in.
  template <class List>
  std::vector<std::size_t> pages(const List& list) {
    return store_.read([&](const ReadTransaction& tx) {
      std::vector<std::size_t> sizes;
      PageRequest page{500, ""};
      do {
        const auto part = list(tx, page);
        sizes.push_back(part.items.size());
        page.cursor = part.next_cursor;
      } while (!page.cursor.empty());
      return sizes;
    });
  }

  testing::TestDatabase database_;
  const std::unique_ptr<Store> opened_ = database_.open();
  Store& store_ = *opened_;
  AgentKey agent_;
  AgentKey other_;
};

TEST_F(Bounds, of_an_agents_plugins_those_that_scanned_last_are_kept_and_nothing_of_the_others) {
  store_.write([&](WriteTransaction& tx) {
    std::int64_t at = 0;
    for (const char* plugin : {"apt", "docker", "system", "apt"}) {
      const Scan scan = scanOf(plugin, ++at);
      tx.scans().add(agent_, scan);
      tx.scans().setPicture(agent_, plugin, "updates", {"main", "digest", "ok", at, "boot"});
      tx.scans().setTextDigest(agent_, plugin, "updates", "digest");
      tx.scans().setRecords(agent_, plugin, "updates", "main", true, {{"main", "package/1", "a", "{}"}}, at);
    }
    tx.scans().add(other_, scanOf("docker", 1));
    EXPECT_TRUE(tx.scans().trimPlugins(agent_, 3).empty());
    EXPECT_EQ(tx.scans().trimPlugins(agent_, 2), std::vector<std::string>{"docker"});
  });
  EXPECT_EQ(count("scans"), 3 + 1) << "and another agent's";
  for (const char* table : {"scan_scopes", "scan_texts", "records"})
    EXPECT_EQ(count(table), 2) << table;
}

TEST_F(Bounds, of_a_plugins_scopes_one_can_be_forgotten) {
  store_.write([&](WriteTransaction& tx) {
    for (const char* scope : {"main", "extra"})
      tx.scans().setPicture(agent_, "apt", "updates", {scope, "digest", "ok", 1, "boot"});
    tx.scans().dropPicture(agent_, "apt", "inventory", "main");
    tx.scans().dropPicture(agent_, "apt", "updates", "main");
    const auto left = tx.scans().pictures(agent_, "apt", "updates");
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].scope, "extra");
  });
}

TEST_F(Bounds, of_an_agents_records_the_newest_are_kept) {
  const auto left = [&](std::int64_t keep) {
    store_.write([&](WriteTransaction& tx) { tx.scans().trimRecords(agent_, keep); });
    return count("records");
  };
  store_.write([&](WriteTransaction& tx) {
    for (const std::int64_t at : {1, 2}) {
      const std::string scope = "scope" + std::to_string(at);
      tx.scans().setRecords(agent_, "apt", "updates", scope, true,
                            {{scope, "package/1", "a", "{}"}, {scope, "package/1", "b", "{}"}}, at);
    }
    tx.scans().setRecords(other_, "apt", "updates", "", true, {{"", "package/1", "a", "{}"}}, 1);
  });
  EXPECT_EQ(left(4), 5);
  EXPECT_EQ(left(3), 4);
  EXPECT_EQ(left(2), 3);
  EXPECT_EQ(count("records WHERE scope = 'scope1'"), 0);
}

TEST_F(Bounds, of_an_agents_breakers_those_that_are_open_are_kept_before_the_newest) {
  store_.write([&](WriteTransaction& tx) {
    for (const std::int64_t since : {1, 2, 3, 4}) {
      Breaker breaker;
      breaker.plugin = "plugin" + std::to_string(since);
      breaker.interface_id = "rf.scanner/1";
      breaker.state = since <= 2 ? "open" : "closed";
      breaker.since = since;
      tx.agents().setBreaker(agent_, breaker);
      tx.agents().setBreaker(other_, breaker);
    }
    tx.agents().trimBreakers(agent_, 3);
    const auto kept = tx.agents().breakers(agent_);
    ASSERT_EQ(kept.size(), 3U);
    EXPECT_EQ(kept[0].plugin, "plugin1");
    EXPECT_EQ(kept[2].plugin, "plugin4");
    tx.agents().trimBreakers(agent_, 1);
    EXPECT_EQ(tx.agents().breakers(agent_).at(0).plugin, "plugin2");
    EXPECT_EQ(tx.agents().breakers(other_).size(), 4U);
  });
}

TEST_F(Bounds, a_page_of_long_scans_ends_early_and_goes_on_behind_it) {
  store_.write([&](WriteTransaction& tx) {
    for (int at = 1; at <= 40; ++at)
      tx.scans().add(agent_, scanOf("apt", at, 200'000));
  });
  const auto sizes = pages(
      [&](const ReadTransaction& tx, const PageRequest& page) { return tx.scans().list(agent_, page); });
  EXPECT_EQ(sizes, (std::vector<std::size_t>{21, 19}));
}

TEST_F(Bounds, what_a_scan_says_at_great_length_is_in_no_list_but_whole_by_itself) {
  const Scan scan = scanOf("apt", 1, 300'000);
  store_.write([&](WriteTransaction& tx) { tx.scans().add(agent_, scan); });
  store_.read([&](const ReadTransaction& tx) {
    for (const Scan& shown :
         {tx.scans().list(agent_, {10, ""}).items.at(0), tx.scans().newest(agent_).at(0)}) {
      EXPECT_TRUE(shown.cut);
      EXPECT_TRUE(shown.scopes.empty());
      EXPECT_TRUE(shown.reports.empty());
      EXPECT_EQ(shown.id, scan.id);
    }
    const auto whole = tx.scans().find(agent_, scan.id);
    ASSERT_TRUE(whole);
    EXPECT_FALSE(whole->cut);
    EXPECT_EQ(whole->reports, scan.reports);
  });
}

TEST_F(Bounds, the_newest_scans_of_many_plugins_together_are_no_longer_than_a_page) {
  store_.write([&](WriteTransaction& tx) {
    for (int i = 100; i < 130; ++i)
      tx.scans().add(agent_, scanOf("plugin" + std::to_string(i), 1, 200'000));
  });
  const auto newest = store_.read([&](const ReadTransaction& tx) { return tx.scans().newest(agent_); });
  ASSERT_EQ(newest.size(), 30U) << "each is there";
  EXPECT_EQ(std::count_if(newest.begin(), newest.end(), [](const Scan& scan) { return !scan.cut; }), 20);
}

TEST_F(Bounds, a_page_of_long_records_ends_early_and_goes_on_behind_it) {
  store_.write([&](WriteTransaction& tx) {
    std::vector<StoredRecord> records;
    for (int i = 10; i < 30; ++i)
      records.push_back({"", "thing/1", std::to_string(i), std::string(500'000, 'x'), std::to_string(i)});
    tx.scans().setRecords(agent_, "apt", "updates", "", true, records, 1);
  });
  const auto sizes = pages([&](const ReadTransaction& tx, const PageRequest& page) {
    return tx.scans().records(agent_, {"thing/1", ""}, page);
  });
  EXPECT_EQ(sizes, (std::vector<std::size_t>{9, 9, 2}));
}

TEST_F(Bounds, of_an_agents_facts_long_values_are_left_out_and_so_is_what_would_be_too_much_together) {
  store_.write([&](WriteTransaction& tx) {
    tx.scans().setFact(agent_, {"system", "updates", "main"}, {"a.long", std::string(8'193, '1')}, 1);
    for (int i = 1'000; i < 1'300; ++i)
      tx.scans().setFact(agent_, {"system", "updates", "main"},
                         {"fact." + std::to_string(i), std::string(8'000, '1')}, 1);
  });
  const auto facts = store_.read([&](const ReadTransaction& tx) { return tx.scans().facts(agent_); });
  ASSERT_EQ(facts.size(), 301U);
  EXPECT_EQ(facts[0].value, "");
  EXPECT_EQ(facts[1].value.size(), 8'000U);
  EXPECT_EQ(std::count_if(facts.begin(), facts.end(), [](const Fact& fact) { return !fact.value.empty(); }),
            (2 << 20) / 8'000);
}

}  // namespace
}  // namespace redflag::store
