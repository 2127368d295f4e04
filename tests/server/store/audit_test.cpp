// The audit log on both engines: one chain, and whatever is done to it is named at the record.
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "base/encoding.h"
#include "http/origin.h"
#include "store/audit_export.h"
#include "store/events.h"
#include "store/sql/scope.h"
#include "store/store.h"
#include "support/database.h"

namespace redflag::testing {
namespace {

constexpr std::int64_t kStart = 1'700'000'000 * kSecondNs;

store::HistoryEntry entry(const std::string& actor, const std::string& kind, std::int64_t at = kStart) {
  store::HistoryEntry out;
  out.at = at;
  out.subsystem = kind.substr(0, kind.find('.'));
  out.actor = actor;
  out.kind = kind;
  out.text = kind + " by " + actor;
  return out;
}

class AuditLog : public ::testing::Test {
 protected:
  AuditLog() : store_(database_.open()) {
    if (!initCrypto()) throw std::runtime_error("no crypto");
  }

  void record(const std::string& client, const std::string& actor, const std::string& kind,
              std::int64_t at = kStart) {
    store_->write(
        [&](store::WriteTransaction& tx) { tx.events().record(client, "", entry(actor, kind, at)); });
  }
  void recordMany(int count) {
    for (int i = 0; i < count; ++i)
      record(i % 2 == 0 ? "north" : "south", "ada", "people.invited", kStart + i * kSecondNs);
  }
  store::AuditVerdict verify(const std::optional<store::SignedHead>& head = std::nullopt) {
    return store_->read([&](const store::ReadTransaction& tx) { return store::verifyAudit(tx, head); });
  }
  store::AuditHead head() {
    return store_->read([](const store::ReadTransaction& tx) { return tx.audit().head(); });
  }
  std::vector<store::AuditRecord> all() {
    return store_->read([](const store::ReadTransaction& tx) { return tx.audit().after(0, 1'000); });
  }
  std::string exported(const store::AuditExport& what) {
    return store_->read([&](const store::ReadTransaction& tx) {
      std::string out;
      store::exportAudit(tx, what, store::signHead(tx.audit().head(), kStart, key_),
                         [&](const std::string& line) { out += line + "\n"; });
      return out;
    });
  }
  // Past the server, as whoever has the database can.
  void tamper(const char* sql) {
    const auto connection = database_.connect();
    store::sql::Scope scope(*connection, store::sql::Access::kWrite);
    connection->execute(sql);
    scope.commit();
  }

  TestDatabase database_;
  std::unique_ptr<store::Store> store_;
  const protocol::SigningKey key_ = protocol::SigningKey::generate();
};

TEST_F(AuditLog, holds_what_people_do_and_not_what_machines_do_all_day) {
  record("north", "ada", "command.ordered");
  record("north", "agent", "scan.merged");
  record("north", "agent", "enrolment.refused");
  record("north", "server", "update.verified");
  const auto records = all();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].kind, "command.ordered");
  EXPECT_EQ(records[0].previous, store::emptyLogHash());
  EXPECT_EQ(records[1].kind, "enrolment.refused");
  EXPECT_EQ(records[1].previous, records[0].hash);
  EXPECT_TRUE(verify().ok);
}

TEST_F(AuditLog, knows_where_a_change_was_asked_for) {
  http::Origin origin{"192.0.2.7", "request-1", "", {}};
  const http::OriginScope scope(&origin);
  record("north", "ada", "people.invited");
  EXPECT_EQ(all().front().peer, "192.0.2.7");
  EXPECT_EQ(all().front().request_id, "request-1");
}

TEST_F(AuditLog, has_no_record_of_a_change_that_was_undone) {
  EXPECT_THROW(store_->write([&](store::WriteTransaction& tx) {
    tx.events().record("north", "", entry("ada", "people.invited"));
    throw std::runtime_error("undone");
  }),
               std::runtime_error);
  store_->write([&](store::WriteTransaction& tx) {
    EXPECT_THROW(tx.attempt([&] {
      tx.events().record("north", "", entry("ada", "people.invited"));
      throw std::runtime_error("part of it undone");
    }),
                 std::runtime_error);
    tx.events().record("north", "", entry("ada", "people.removed"));
  });
  ASSERT_EQ(all().size(), 1U);
  EXPECT_EQ(all().front().kind, "people.removed");
  EXPECT_TRUE(verify().ok);
}

TEST_F(AuditLog, is_one_chain_however_many_servers_write_at_once) {
  const auto other = database_.open();
  const auto write = [](store::Store& store, int count) {
    for (int i = 0; i < count; ++i)
      store.write([&](store::WriteTransaction& tx) {
        tx.events().record("north", "", entry("ada", "people.invited"));
      });
  };
  std::thread one([&] { write(*store_, 15); });
  std::thread two([&] { write(*other, 15); });
  one.join();
  two.join();
  EXPECT_EQ(head().seq, 30);
  const auto verdict = verify();
  EXPECT_TRUE(verdict.ok) << verdict.text;
  EXPECT_EQ(verdict.checked, 30);
}

TEST_F(AuditLog, takes_texts_that_are_no_text) {
  auto strange = entry("ada", "people.invited");
  strange.text = std::string("zero \0 and ", 11);
  if (database_.url().empty()) strange.text += "\xff";  // PostgreSQL takes no such history
  store_->write([&](store::WriteTransaction& tx) { tx.events().record("north", "", strange); });
  EXPECT_TRUE(verify().ok);
  std::istringstream file(exported({}));
  EXPECT_TRUE(store::verifyExport(file, std::nullopt).ok);
}

TEST_F(AuditLog, E9_is_ordered_by_sequence_when_the_clock_jumps) {
  record("north", "ada", "people.first", kStart);
  record("north", "ada", "people.second", kStart - 86'400 * 365 * kSecondNs);
  record("north", "ada", "people.third", kStart + 5);
  const auto page = store_->read([](const store::ReadTransaction& tx) {
    return tx.audit().list({}, http::Visible::everything(), store::PageRequest{2, ""});
  });
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0].kind, "people.third");
  EXPECT_EQ(page.items[1].kind, "people.second");
  EXPECT_EQ(page.total, 3);
  EXPECT_TRUE(verify().ok);
}

TEST_F(AuditLog, is_found_by_who_what_where_and_when) {
  record("north", "ada", "people.invited", kStart);
  record("south", "bob", "people.invited", kStart + kSecondNs);
  record("north", "bob", "command.ordered", kStart + 2 * kSecondNs);
  auto visible = http::Visible::everything();
  const auto count = [&](auto choose) {
    store::AuditFilter filter;
    choose(filter);
    return store_->read(
        [&](const store::ReadTransaction& tx) { return tx.audit().list(filter, visible, {}).total; });
  };
  EXPECT_EQ(count([](auto&) {}), 3);
  EXPECT_EQ(count([](auto& filter) { filter.client_id = "north"; }), 2);
  EXPECT_EQ(count([](auto& filter) { filter.actor = "bob"; }), 2);
  EXPECT_EQ(count([](auto& filter) { filter.kind = "people"; }), 2);
  EXPECT_EQ(count([](auto& filter) { filter.kind = "people.invited"; }), 2);
  EXPECT_EQ(count([](auto& filter) { filter.kind = "peo"; }), 0);
  EXPECT_EQ(count([](auto& filter) { filter.severity = "error"; }), 0);
  EXPECT_EQ(count([](auto& filter) {
              filter.from = kStart + kSecondNs;
              filter.to = kStart + 2 * kSecondNs;
            }),
            1);
  visible = http::Visible::of({{"admin", "south", ""}});
  EXPECT_EQ(count([](auto&) {}), 1) << "of one client";
  visible = http::Visible::of({});
  EXPECT_EQ(count([](auto&) {}), 0) << "of nobody";
}

// G10: each way to tamper with it, and the record at which it is named.
struct Tampering {
  const char* how;
  const char* sql;
  std::int64_t record;
  const char* text;
};

TEST_F(AuditLog, G10_names_the_record_that_was_tampered_with) {
  const Tampering cases[] = {
      {"edit", "UPDATE audit SET text = 'nothing happened' WHERE seq = 4", 4, "record 4 was changed"},
      {"edit the actor", "UPDATE audit SET actor = 'bob' WHERE seq = 1", 1, "record 1 was changed"},
      {"edit how often", "UPDATE audit SET times = 7 WHERE seq = 10", 10, "record 10 was changed"},
      {"delete", "DELETE FROM audit WHERE seq = 5", 5, "record 5 is missing"},
      {"delete some", "DELETE FROM audit WHERE seq IN (5, 6)", 5, "record 5 to 6 are missing"},
      {"delete the first", "DELETE FROM audit WHERE seq = 1", 1, "record 1 is missing"},
      {"cut the tail", "DELETE FROM audit WHERE seq > 7", 8, "its end was cut off"},
      {"insert",
       "INSERT INTO audit SELECT 11, at, client_id, agent_id, subsystem, actor, peer, request_id, kind, "
       "text, "
       "code, severity, times, command_id, salt, previous, hash FROM audit WHERE seq = 3",
       11, "record 11 does not follow record 10"},
      {"swap",
       "UPDATE audit SET text = (SELECT b.text FROM audit b WHERE b.seq = 9 - audit.seq), salt = (SELECT "
       "b.salt "
       "FROM audit b WHERE b.seq = 9 - audit.seq), at = (SELECT b.at FROM audit b WHERE b.seq = 9 - "
       "audit.seq), "
       "client_id = (SELECT b.client_id FROM audit b WHERE b.seq = 9 - audit.seq) WHERE seq IN (4, 5)",
       4, "record 4 was changed"},
      {"begin later", "UPDATE audit_chain SET kept_after = 3", 4, "record 4 does not follow record 3"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.how);
    tamper("DELETE FROM audit");
    tamper("UPDATE audit_chain SET seq = 0, kept_after = 0, hash = kept_hash");
    recordMany(10);
    ASSERT_TRUE(verify().ok) << verify().text;
    tamper(one.sql);
    const auto verdict = verify();
    EXPECT_FALSE(verdict.ok);
    EXPECT_EQ(verdict.record, one.record) << verdict.text;
    EXPECT_NE(verdict.text.find(one.text), std::string::npos) << verdict.text;
  }
}

// Whoever owns the server can compute a chain anew; what it signed before is not theirs.
TEST_F(AuditLog, G10_a_signed_head_shows_a_tail_that_was_cut_and_a_chain_made_anew) {
  recordMany(10);
  const auto signed_head = store::signHead(head(), kStart, key_);
  EXPECT_TRUE(verify(signed_head).ok);
  tamper("DELETE FROM audit WHERE seq > 8");
  tamper("UPDATE audit_chain SET seq = 8, hash = (SELECT hash FROM audit WHERE seq = 8)");
  EXPECT_TRUE(verify().ok);
  auto verdict = verify(signed_head);
  EXPECT_FALSE(verdict.ok);
  EXPECT_EQ(verdict.record, 9);
  EXPECT_NE(verdict.text.find("record 10 was signed"), std::string::npos) << verdict.text;
  record("north", "mallory", "people.invited");
  record("north", "mallory", "people.invited");
  verdict = verify(signed_head);
  EXPECT_FALSE(verdict.ok);
  EXPECT_EQ(verdict.record, 10);
  EXPECT_NE(verdict.text.find("not the one whose hash was signed"), std::string::npos) << verdict.text;
}

TEST_F(AuditLog, a_head_is_believed_for_its_signature_alone) {
  recordMany(2);
  const auto json = store::toJson(store::signHead(head(), kStart, key_));
  EXPECT_TRUE(store::readHead(json));
  for (const char* member : {"seq", "at_ms"}) {
    auto other = json;
    other[member] = other[member].get<std::int64_t>() + 1;
    EXPECT_FALSE(store::readHead(other)) << member;
  }
  auto other = json;
  other["hash"] = toHex(sha256("another"));
  EXPECT_FALSE(store::readHead(other));
}

TEST_F(AuditLog, forgets_old_records_and_stays_verifiable) {
  constexpr std::int64_t day = 86'400 * kSecondNs;
  for (int i = 0; i < 6; ++i)
    record("north", "ada", "people.invited", kStart + i * 10 * day);
  const auto first_head = store::signHead(head(), kStart, key_);
  const auto prune = [&](std::int64_t before) {
    return store_->write(
        [&](store::WriteTransaction& tx) { return tx.audit().prune(before, kStart + 60 * day, 100); });
  };
  EXPECT_FALSE(prune(kStart + 25 * day));
  auto records = all();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records.front().seq, 4);
  EXPECT_EQ(records.back().kind, "audit.pruned");
  EXPECT_EQ(records.back().code, toHex(records.front().previous));
  EXPECT_EQ(head().kept_after, 3);
  EXPECT_TRUE(verify().ok) << verify().text;
  EXPECT_TRUE(verify(first_head).ok);
  std::istringstream file(exported({}));
  EXPECT_TRUE(store::verifyExport(file, first_head).ok);
  prune(kStart + 25 * day);  // nothing more, and no record of nothing
  EXPECT_EQ(all().size(), 4U);

  // The same by hand leaves no record of it.
  tamper("DELETE FROM audit WHERE seq = 4");
  tamper("UPDATE audit_chain SET kept_after = 4, kept_hash = (SELECT previous FROM audit WHERE seq = 5)");
  const auto verdict = verify();
  EXPECT_FALSE(verdict.ok);
  EXPECT_NE(verdict.text.find("no record tells"), std::string::npos) << verdict.text;
}

TEST_F(AuditLog, tells_one_client_its_records_and_of_others_only_hashes) {
  recordMany(7);
  const std::string file = exported({.client_id = "south"});
  EXPECT_EQ(file.find("north"), std::string::npos);
  EXPECT_NE(file.find("south"), std::string::npos);
  std::istringstream in(file);
  const auto verdict = store::verifyExport(in, store::signHead(head(), kStart, key_));
  EXPECT_TRUE(verdict.ok) << verdict.text;
  EXPECT_EQ(verdict.checked, 7);
}

TEST_F(AuditLog, G10_an_exported_file_that_was_tampered_with_is_named_at_the_record) {
  recordMany(7);
  const std::string file = exported({.client_id = "south"});  // records 2, 4 and 6
  const auto signed_head = store::signHead(head(), kStart, key_);
  std::vector<std::string> lines;
  std::istringstream in(file);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  const auto verdictOf = [&](const std::vector<std::string>& some) {
    std::string text;
    for (const auto& line : some)
      text += line + "\n";
    std::istringstream again(text);
    return store::verifyExport(again, signed_head);
  };
  ASSERT_TRUE(verdictOf(lines).ok);
  auto edited = lines;
  edited[4].replace(edited[4].find("by ada"), 6, "by bob");
  EXPECT_EQ(verdictOf(edited).record, 4);
  EXPECT_FALSE(verdictOf(edited).ok);
  auto without = lines;
  without.erase(without.begin() + 3);
  EXPECT_EQ(verdictOf(without).record, 3);
  auto swapped = lines;
  std::swap(swapped[2], swapped[4]);
  EXPECT_FALSE(verdictOf(swapped).ok);
  auto sealed = lines;  // a record hidden behind another's hash
  sealed[4] = R"({"seq":4,"content":")" + toHex(sha256("x")) + "\"}";
  EXPECT_FALSE(verdictOf(sealed).ok);
  auto cut = lines;
  cut.resize(6);
  EXPECT_FALSE(verdictOf(cut).ok);
  cut.push_back(
      dumpJson({{"head", store::toJson(store::signHead({5, all()[4].hash, 0, ""}, kStart, key_))}}));
  const auto verdict = verdictOf(cut);
  EXPECT_FALSE(verdict.ok);
  EXPECT_NE(verdict.text.find("record 7 was signed"), std::string::npos) << verdict.text;
  cut.back() = dumpJson({{"head", store::toJson(store::signHead({5, all()[4].hash, 0, ""}, kStart,
                                                                protocol::SigningKey::generate()))}});
  EXPECT_NE(verdictOf(cut).text.find("another key"), std::string::npos) << verdictOf(cut).text;
}

}  // namespace
}  // namespace redflag::testing
