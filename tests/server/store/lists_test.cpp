// Pages: each row once, in order, whatever the sort and the size of a page.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/metrics.h"
#include "store/scans.h"
#include "store/updates.h"
#include "support/database.h"

namespace redflag::store {
namespace {

constexpr int kAgents = 23;

class Lists : public ::testing::Test {
 protected:
  Lists() {
    store_.write([&](WriteTransaction& tx) {
      tx.agents().addClient({"client", "Client", {{"site", "Site"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, 1, "ada", 1000, false}, "hash");
      for (int i = 0; i < kAgents; ++i) {
        const std::string hostname = (i % 2 == 0 ? "Host-" : "host-") + std::to_string(i % 7);
        const auto enrolled = tx.agents().enrol(
            {randomBytes(32), hostname, "act", "1", "linux-x86_64", "Debian", "12"}, "hash", 10 + i % 3);
        agents_.push_back(enrolled.agent);
        tx.agents().touch(enrolled.agent, 100 + i % 5);
        for (int n = 0; n < i % 4; ++n) {
          UpdateRecord record;
          record.manager = "apt";
          record.key = record.name = "package-" + std::to_string(n);
          record.candidate_version = "1";
          record.category = n == 0 ? "security" : "bugfix";
          record.severity = i % 2 == 0 ? "high" : "low";
          tx.updates().add(enrolled.agent, "apt", "main", record, "digest", 5);
        }
        tx.events().record("client", agents_.front().agent_id, {});
      }
    });
  }

  template <class T, class List>
  std::vector<T> all(std::size_t limit, const List& list) {
    return store_.read([&](const ReadTransaction& tx) {
      std::vector<T> items;
      PageRequest page{limit, ""};
      do {
        const Page<T> part = list(tx, page);
        EXPECT_LE(part.items.size(), limit);
        items.insert(items.end(), part.items.begin(), part.items.end());
        page.cursor = part.next_cursor;
        if (page.cursor.empty()) {
          EXPECT_EQ(static_cast<std::size_t>(part.total), items.size());
        }
      } while (!page.cursor.empty());
      return items;
    });
  }

  // Numbers of the agents that a filter finds.
  std::set<std::size_t> found(const AgentFilter& filter, std::int64_t now) {
    const auto everything = http::Visible::everything();
    const auto agents = all<Agent>(2, [&](const ReadTransaction& tx, const PageRequest& page) {
      return tx.agents().list(filter, everything, {now, 50}, page);
    });
    EXPECT_EQ(store_.read([&](const ReadTransaction& tx) {
      return tx.agents().count(filter, everything, {now, 50});
    }),
              static_cast<std::int64_t>(agents.size()));
    std::set<std::size_t> numbers;
    for (const auto& agent : agents)
      for (std::size_t i = 0; i < agents_.size(); ++i)
        if (agents_[i].agent_id == agent.id) numbers.insert(i);
    return numbers;
  }

  testing::TestDatabase database_;
  const std::unique_ptr<Store> opened_ = database_.open();
  Store& store_ = *opened_;
  std::vector<AgentKey> agents_;
};

TEST_F(Lists, agents_come_each_once_in_every_order) {
  for (const std::string sort :
       {"hostname", "-hostname", "last_seen", "-last_seen", "updates", "-updates", "enrolled", "-enrolled"}) {
    AgentFilter filter;
    filter.sort = sort;
    std::vector<std::string> whole;
    for (const std::size_t limit : {std::size_t{1}, std::size_t{4}, std::size_t{500}}) {
      std::vector<std::string> ids;
      for (const auto& agent : all<Agent>(limit, [&](const ReadTransaction&tx, const PageRequest&page) {
             return tx.agents().list(filter, http::Visible::everything(), {200, 50}, page);
           })) {
        ids.push_back(agent.id);
      }
      EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), static_cast<std::size_t>(kAgents))
          << sort;
      if (whole.empty()) whole = ids;
      EXPECT_EQ(ids, whole) << sort << ", pages of " << limit;
    }
  }
}

TEST_F(Lists, agents_are_sorted_by_what_was_asked_for) {
  AgentFilter filter;
  filter.sort = "-updates";
  const auto agents = all<Agent>(500, [&](const ReadTransaction& tx, const PageRequest& page) {
    return tx.agents().list(filter, http::Visible::everything(), {200, 50}, page);
  });
  EXPECT_TRUE(std::is_sorted(agents.begin(), agents.end(), [](const Agent& a, const Agent& b) {
    return a.updates.available > b.updates.available;
  }));
}

TEST_F(Lists, agents_that_wait_for_a_restart_are_those_that_said_so_last) {
  const FactSource source{"system", "updates", "main"};
  const auto say = [&](std::size_t number, const std::string& name, const std::string& value) {
    store_.write([&](WriteTransaction& tx) {
      tx.scans().setFact(agents_[number], source, {name, value}, 5);
    });
  };
  say(0, "reboot.required", "1");
  say(1, "reboot.required", "true");
  say(2, "reboot.required", "0");
  say(3, "reboot.required", "false");
  say(4, "reboot.reasons", "1");
  say(5, "reboot.required", "1");
  say(6, "reboot.required", "1");
  AgentFilter filter;
  filter.reboot_pending = true;
  EXPECT_EQ(found(filter, 200), (std::set<std::size_t>{0, 1, 5, 6}));
  say(0, "reboot.required", "0");
  store_.write([&](WriteTransaction& tx) {
    tx.scans().dropFact(agents_[1], "reboot.required");
    tx.agents().setStanding(agents_[5], {"revoked", "sold", 9, "", 0});
  });
  EXPECT_EQ(found(filter, 200), (std::set<std::size_t>{6}));
  EXPECT_EQ(store_.read([&](const ReadTransaction& tx) {
    return tx.agents().count(filter, http::Visible::of({{"viewer", "client", "elsewhere"}}), {200, 50});
  }),
            0);
}

TEST_F(Lists, agents_with_a_disk_that_fills_are_those_whose_forecast_counts) {
  constexpr std::int64_t kNow = 20'000 * kMetricDayNs;
  constexpr std::int64_t kEarlier = kNow - kMetricDayNs;
  constexpr std::int64_t kJustBehind = kNow - kForecastBehindDays * kMetricDayNs;
  constexpr std::int64_t kLongAgo = kNow - kDiskFillingDays * kMetricDayNs;
  const auto measure = [&](std::size_t number, std::int64_t at, const std::string& label, double days) {
    store_.write([&](WriteTransaction& tx) {
      tx.metrics().set(agents_[number], {"filesystem_available_bytes", label, 1e9}, at, at);
      if (days > 0) tx.metrics().set(agents_[number], {"filesystem_full_in_days", label, days}, at, at);
    });
  };
  measure(0, kNow, "mount=/", 3.5);
  measure(1, kNow, "mount=/", kDiskFillingDays);
  measure(2, kNow, "mount=/", kDiskFillingDays + 0.5);
  measure(3, kNow, "mount=/", 40);
  measure(3, kNow, "mount=/srv", 2);
  measure(3, kNow, "mount=/var", 1);
  measure(4, kEarlier, "mount=/", 3);
  measure(4, kNow, "mount=/", 0);
  measure(5, kJustBehind - 1, "mount=/", 0);
  measure(5, kJustBehind - 1, "mount=/mnt", 3);
  measure(5, kNow, "mount=/", 0);
  measure(6, kLongAgo, "mount=/", 3);
  measure(7, kLongAgo + 1, "mount=/", 3);
  measure(8, kNow, "mount=/", 3);
  measure(10, kJustBehind, "mount=/mnt", 3);
  measure(10, kNow, "mount=/", 0);
  measure(11, kEarlier, "mount=/mnt", 3);
  measure(11, kEarlier + 1, "mount=/mnt", 0);
  measure(11, kNow, "mount=/", 40);
  store_.write([&](WriteTransaction& tx) {
    tx.metrics().set(agents_[9], {"memory_available_bytes", "", 3}, kNow, kNow);
    tx.agents().setStanding(agents_[8], {"revoked", "sold", 9, "", 0});
  });
  AgentFilter filter;
  filter.disk_filling = true;
  EXPECT_EQ(found(filter, kNow), (std::set<std::size_t>{0, 1, 3, 7, 10}))
      << "4 and 11 do not grow any more, 5 lost that volume, 6 fell silent, 8 was revoked";
  filter.connection = "silent";
  filter.search = "host-0";
  EXPECT_EQ(found(filter, kNow), (std::set<std::size_t>{0, 7})) << "with other filters";
}

TEST_F(Lists, updates_come_each_once_and_the_urgent_ones_first) {
  for (const std::size_t limit : {std::size_t{1}, std::size_t{5}}) {
    const auto rows = all<Update>(limit, [&](const ReadTransaction& tx, const PageRequest& page) {
      return tx.updates().list({}, http::Visible::everything(), {200, 50}, page);
    });
    std::set<std::string> ids;
    for (const auto& row : rows)
      ids.insert(row.id);
    EXPECT_EQ(ids.size(), rows.size());
    EXPECT_EQ(rows.front().record.severity, "high");
    EXPECT_EQ(rows.front().record.category, "security");
    EXPECT_EQ(rows.back().record.category, "bugfix");
  }
}

TEST_F(Lists, updates_are_found_by_any_of_their_states) {
  const std::vector<std::pair<UpdateState, UpdateEvent>> moved = {
      {UpdateState::kApproved, UpdateEvent::kApproved},
      {UpdateState::kSuperseded, UpdateEvent::kNewerOffered},
      {UpdateState::kResolvedElsewhere, UpdateEvent::kGone},
      {UpdateState::kIgnored, UpdateEvent::kIgnored}};
  std::map<UpdateState, std::size_t> expected;
  store_.write([&](WriteTransaction& tx) {
    UpdateRowFilter available;
    available.states = {UpdateState::kAvailable};
    const auto rows = tx.updates().rows(available, http::Visible::everything());
    expected[UpdateState::kAvailable] = rows.size();
    for (std::size_t i = 0; i < 10; ++i) {
      const auto& [state, event] = moved[i % moved.size()];
      const UpdateRow& row = rows.at(i);
      ASSERT_TRUE(tx.updates().advance({row.agent_id, row.client_id, row.site_id, {}}, row.id, row.state,
                                       event, {{}, {}, {}, {}, {}, {}, "rule"}, 9));
      --expected[UpdateState::kAvailable];
      ++expected[state];
    }
  });
  for (const auto& [one, rows] : expected) {
    for (const auto& [other, more] : expected) {
      UpdateFilter filter;
      filter.states = {one, other};
      UpdateRowFilter row_filter;
      row_filter.states = filter.states;
      const std::size_t found = one == other ? rows : rows + more;
      const auto everything = http::Visible::everything();
      store_.read([&](const ReadTransaction& tx) {
        EXPECT_EQ(tx.updates().list(filter, everything, {200, 50}, {100, ""}).items.size(), found);
        EXPECT_EQ(tx.updates().rows(row_filter, everything).size(), found);
        std::size_t in_groups = 0;
        for (const auto& group : tx.updates().groups(filter, everything, {100, ""}).items)
          for (const auto& [state, count] : group.states)
            in_groups += static_cast<std::size_t>(count);
        EXPECT_EQ(in_groups, found);
      });
    }
  }
  store_.read([&](const ReadTransaction& tx) {
    const auto totals = tx.updates().totals(http::Visible::everything());
    for (const auto& [state, rows] : expected)
      EXPECT_EQ(totals.by_state.at(state), static_cast<std::int64_t>(rows)) << name(state);
  });
}

TEST_F(Lists, groups_come_each_once_and_count_their_agents) {
  const auto groups = all<UpdateGroup>(1, [&](const ReadTransaction& tx, const PageRequest& page) {
    return tx.updates().groups({}, http::Visible::everything(), page);
  });
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups.front().category, "security");
  EXPECT_EQ(groups.front().severity, "high");
  EXPECT_EQ(groups.front().agents, groups.front().states.at("available"));
  EXPECT_EQ(groups.front().clients, 1);
  EXPECT_EQ(groups.front().approvable, 0) << "no agent has an updater";
}

// Two containers of one image, of which one is older, and a third that is held back; "docker" only scans
// them, unless it `installs`.
void addContainers(WriteTransaction& tx, const AgentKey& machine, bool installs) {
  AgentStatus status;
  status.hostname = "docks";
  status.mode = "act";
  status.isolation = "weak";
  status.config_state = "ok";
  status.plugins = {{"apt", "", "1", {"rf.updater/1"}, "ok", ""},
                    {"docker", "", "1", {installs ? "rf.updater/1" : "rf.scanner/1"}, "ok", ""}};
  tx.agents().setStatus(machine, status);
  for (const char* key : {"front", "back", "held"}) {
    UpdateRecord record;
    record.manager = "docker";
    record.key = key;
    record.name = "web";
    record.candidate_version = "2";
    record.installed_version = record.key == "back" ? "0" : "1";
    record.blocked_by = record.key == "held" ? "hold" : "";
    tx.updates().add(machine, "docker", "main", record, "digest", 5);
  }
}

TEST_F(Lists, groups_count_a_machine_and_its_client_once_however_many_of_their_rows_are_in_them) {
  store_.write([&](WriteTransaction& tx) {
    tx.agents().addClient({"other", "Other", {{"elsewhere", "Elsewhere"}}}, 1);
    tx.agents().addToken({"second", "other", "elsewhere", 100, 0, 1, "ada", 1000, false}, "second hash");
    bool installs = false;
    for (const char* token : {"hash", "hash", "second hash"}) {
      const auto enrolled = tx.agents().enrol(
          {randomBytes(32), "docks", "act", "1", "linux-x86_64", "Debian", "12"}, token, 20);
      addContainers(tx, enrolled.agent, installs);
      installs = true;
    }
  });
  const auto ofImage = [&](const http::Visible& visible) {
    const auto groups = all<UpdateGroup>(2, [&](const ReadTransaction& tx, const PageRequest& page) {
      return tx.updates().groups({}, visible, page);
    });
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [](const UpdateGroup& group) { return group.key.name == "web"; });
    return found == groups.end() ? UpdateGroup{} : *found;
  };
  const UpdateGroup whole = ofImage(http::Visible::everything());
  EXPECT_EQ(whole.agents, 3);
  EXPECT_EQ(whole.clients, 2);
  EXPECT_EQ(whole.states, (std::map<std::string, std::int64_t>{{"available", 9}}));
  EXPECT_EQ(whole.installable, 6);
  EXPECT_EQ(whole.approvable, 4) << "one machine's plugin only scans";
  EXPECT_EQ(whole.installed_versions, (std::vector<std::string>{"0", "1"}));
  const UpdateGroup part = ofImage(http::Visible::of({{"viewer", "other", "elsewhere"}}));
  EXPECT_EQ(part.agents, 1);
  EXPECT_EQ(part.clients, 1);
  EXPECT_EQ(part.approvable, 2);
}

TEST_F(Lists, groups_tell_beside_what_is_open_where_it_is_ignored) {
  const auto groups = [&](const UpdateFilter& filter) {
    return all<UpdateGroup>(2, [&](const ReadTransaction& tx, const PageRequest& page) {
      return tx.updates().groups(filter, http::Visible::everything(), page);
    });
  };
  const auto ignore = [&](const std::string& key, std::size_t most) {
    store_.write([&](WriteTransaction& tx) {
      UpdateRowFilter filter;
      filter.key = key;
      filter.states = {UpdateState::kAvailable};
      auto rows = tx.updates().rows(filter, http::Visible::everything());
      if (rows.size() > most) rows.resize(most);
      for (const auto& row : rows) {
        ASSERT_TRUE(tx.updates().advance({row.agent_id, row.client_id, row.site_id, {}}, row.id, row.state,
                                         UpdateEvent::kIgnored, {{}, {}, {}, {}, "rule"}, 9));
      }
    });
  };
  const auto before = groups({});
  ignore("package-0", 1);
  ignore("package-2", 1'000);
  const auto after = groups({});
  ASSERT_EQ(after.size(), before.size() - 1) << "what is ignored everywhere is none of the open ones";
  EXPECT_EQ(after.front().key, before.front().key);
  EXPECT_EQ(after.front().agents, before.front().agents - 1);
  EXPECT_EQ(after.front().states.at("available"), before.front().agents - 1);
  EXPECT_EQ(after.front().states.at("ignored"), 1);
  UpdateFilter ignored;
  ignored.states = {UpdateState::kIgnored};
  const auto aside = groups(ignored);
  ASSERT_EQ(aside.size(), 2U);
  EXPECT_EQ(aside.front().agents, 1);
  EXPECT_EQ(aside.front().states, (std::map<std::string, std::int64_t>{{"ignored", 1}}));
}

TEST_F(Lists, history_is_newest_first) {
  const auto entries = all<HistoryEntry>(4, [&](const ReadTransaction& tx, const PageRequest& page) {
    return tx.events().history("client", agents_.front().agent_id, page);
  });
  ASSERT_EQ(entries.size(), static_cast<std::size_t>(kAgents));
  EXPECT_EQ(entries.front().seq, kAgents);
  EXPECT_EQ(entries.back().seq, 1);
}

TEST_F(Lists, scans_come_each_once_and_the_last_received_first) {
  store_.write([&](WriteTransaction& tx) {
    for (int i = 0; i < 9; ++i) {
      Scan scan;
      scan.id = "scan-" + std::to_string(i);
      scan.plugin = i % 2 == 0 ? "apt" : "system";
      scan.received_at = 10 + i / 3;  // several in one moment
      tx.scans().add(agents_.front(), scan);
    }
    Scan elsewhere;
    elsewhere.id = "elsewhere";
    tx.scans().add(agents_.back(), elsewhere);
  });
  for (const std::size_t limit : {std::size_t{1}, std::size_t{4}, std::size_t{500}}) {
    const auto scans = all<Scan>(limit, [&](const ReadTransaction& tx, const PageRequest& page) {
      return tx.scans().list(agents_.front(), page);
    });
    ASSERT_EQ(scans.size(), 9U) << limit;
    for (std::size_t i = 0; i < scans.size(); ++i)
      EXPECT_EQ(scans[i].id, "scan-" + std::to_string(8 - i));
  }
}

TEST_F(Lists, a_cursor_that_no_list_made_is_refused) {
  for (const std::string& cursor :
       {std::string("x"), std::string("e30"), toBase64Url("[1]"), toBase64Url("[1,2]"),
        toBase64Url("[\"a\",\"b\",\"c\"]"), toBase64Url("[[],[]]")}) {
    EXPECT_THROW(store_.read([&](const ReadTransaction& tx) {
      tx.agents().list({}, http::Visible::everything(), {}, {10, cursor});
    }),
                 http::Problem)
        << cursor;
  }
}

TEST_F(Lists, D6_hostile_filters_are_only_text) {
  for (const std::string text : {"' OR 1=1 --", "%", "_", "\\", "\"", "); DROP TABLE agents; --"}) {
    AgentFilter filter;
    filter.search = text;
    EXPECT_EQ(all<Agent>(10,
                         [&](const ReadTransaction& tx, const PageRequest& page) {
                           return tx.agents().list(filter, http::Visible::everything(), {}, page);
                         })
                  .size(),
              0U)
        << text;
    UpdateFilter updates;
    updates.agent_id = updates.category = updates.name = text;
    EXPECT_TRUE(all<Update>(10, [&](const ReadTransaction& tx, const PageRequest& page) {
                  return tx.updates().list(updates, http::Visible::everything(), {}, page);
                }).empty());
  }
  EXPECT_EQ(store_.read([](const ReadTransaction& tx) {
    return tx.agents().totals(http::Visible::everything(), {}).total;
  }),
            kAgents);
}

}  // namespace
}  // namespace redflag::store
