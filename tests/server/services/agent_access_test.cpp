// Who is let in again, and who is a copy: against the real service and store, with agents that keep on "disk"
// exactly what real ones keep.
#include "services/agent_access.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/state_document.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using protocol::SigningKey;

// The agent's side of kernel/link/access.cpp: the document is kept before it is sent, and sent again until
// its answer is.
struct Disk {
  std::int64_t number = 0;
  std::string refresh_token;
  Json pending;
};

class AccessTest : public ::testing::Test {
 protected:
  store::AgentKey enrol(const std::string& accept = "auto", std::int64_t seats = 1) {
    const auto made = world_.services.enrolment.makeToken(seats, 3600, "", world_.admin, accept);
    bundle_token_ = protocol::decodeBundle(made.bundle).value().token;
    agent_ = world_.services.enrolment.enrol(request(), bundle_token_, "192.0.2.1").first;
    const auto first = world_.services.access.first(agent_);
    EXPECT_TRUE(first);
    disk_.refresh_token = first->refresh_token;
    access_ = first->access_token;
    return agent_;
  }
  store::NewAgent request() const {
    return {key_.publicKey(), "alpha", "act", "0.1.0", "linux-x86_64", "Debian GNU/Linux", "12"};
  }
  void prepare(Disk& disk) const {
    if (!disk.pending.is_null()) return;
    const protocol::StateDocument document{agent_.agent_id,
                                           disk.number + 1,
                                           "boot",
                                           protocol::machineHash(agent_.agent_id, "machine"),
                                           protocol::tokenHash(disk.refresh_token),
                                           randomBytes(16)};
    disk.pending = protocol::sealStateDocument(document, key_);
  }
  services::Credentials send(const Disk& disk) {
    return world_.services.access.renew(*key(), {disk.refresh_token, disk.pending}, "192.0.2.1");
  }
  void renew(Disk& disk) {
    prepare(disk);
    const auto answer = send(disk);
    disk = {disk.number + 1, answer.refresh_token, Json()};
    access_ = answer.access_token;
  }
  std::string refusal(const std::function<void()>& ask) {
    try {
      ask();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + ' ' + problem.code;
    }
    return "";
  }
  std::optional<store::AgentKey> key() {
    return world_.store.read(
        [&](const store::ReadTransaction& tx) { return tx.agents().key(agent_.agent_id); });
  }
  std::string state() { return key()->standing.state; }
  // As people see it.
  std::string hostname() {
    return world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents()
          .find(agent_.agent_id, http::Visible::everything(), world_.services.context().contact())
          ->hostname;
    });
  }
  std::vector<store::Line> lines() {
    return world_.store.read([&](const store::ReadTransaction& tx) { return tx.agents().lines(agent_); });
  }
  // What the agent's requests do to whoever else holds its state.
  bool seenOn(const std::string& line) {
    return world_.services.access.lineSeen(*world_.services.access.findAgent(agent_.agent_id), line);
  }
  std::vector<std::string> alarms() {
    std::vector<std::string> out;
    for (const auto& entry : world_.history(agent_))
      if (entry.subsystem == "security" && entry.severity == "error") out.push_back(entry.code);
    return out;
  }
  std::size_t orders() { return world_.services.orders.fetch(*key()).size(); }

  World world_;
  const SigningKey key_ = SigningKey::generate();
  std::string bundle_token_;
  store::AgentKey agent_;
  Disk disk_;
  std::string access_;
};

using Access = AccessTest;
const services::Decision kLooked{"looked at it", {"erin", http::Grants::everywhere("admin")}};

TEST_F(Access, tokens_name_the_agent_its_key_and_its_newest_document) {
  enrol();
  renew(disk_);
  renew(disk_);
  const auto claims = world_.tokens.verify(access_);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->agent_id, agent_.agent_id);
  EXPECT_EQ(claims->client_id, agent_.client_id);
  EXPECT_EQ(claims->thumbprint, auth::keyThumbprint(key_.publicKey()));
  EXPECT_EQ(claims->number, 2);
  EXPECT_EQ(key()->standing.number, 2);
  EXPECT_EQ(claims->expires_at_s - claims->issued_at_s, 86'400);
}

TEST_F(Access, the_store_holds_no_refresh_token) {
  enrol();
  renew(disk_);
  const std::string everything = world_.database.contents();
  EXPECT_EQ(everything.find(disk_.refresh_token), std::string::npos);
  EXPECT_EQ(everything.find(toHex(disk_.refresh_token)), std::string::npos);
}

// A7: a thousand times whatever ordinary life does: restarts at any point, answers that are lost, a server
// that is restored from a backup. None of it raises an alarm.
TEST_F(Access, A7_a_thousand_restarts_and_lost_answers_raise_no_alarm) {
  const char* given = std::getenv("REDFLAG_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20'260;
  std::cout << "REDFLAG_SEED=" << seed << '\n';
  std::mt19937 random(seed);
  const auto chance = [&](unsigned of_ten) { return random() % 10 < of_ten; };
  enrol();
  for (int i = 0; i < 1000; ++i) {
    world_.clock.advance_s(chance(1) ? 20 * 86'400 : 60);
    prepare(disk_);
    if (chance(2)) continue;  // ended before it asked; the document is on disk
    if (chance(3)) {
      send(disk_);  // asked, and ended before the answer was kept
      continue;
    }
    renew(disk_);
  }
  EXPECT_EQ(state(), "active");
  EXPECT_TRUE(alarms().empty());
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(Access, a_lost_enrolment_answer_is_given_again_until_it_was_used) {
  enrol();
  const auto again = world_.services.enrolment.enrol(request(), bundle_token_, "192.0.2.1").first;
  EXPECT_EQ(world_.services.access.first(again)->refresh_token, disk_.refresh_token);
  renew(disk_);
  EXPECT_FALSE(world_.services.access.first(agent_));
}

TEST_F(Access, A7_a_state_that_went_back_is_restored_until_a_person_accepts_it) {
  enrol();
  renew(disk_);
  const Disk snapshot = disk_;
  renew(disk_);
  renew(disk_);
  Disk rolled_back = snapshot;
  renew(rolled_back);
  EXPECT_EQ(state(), "restored");
  EXPECT_EQ(alarms(), std::vector<std::string>{"agent.state_behind"});
  EXPECT_EQ(world_.streams.rung.back(), agent_.agent_id) << "whoever else is there is to show itself";
  renew(rolled_back);
  EXPECT_EQ(state(), "restored") << "it alone is there";
  EXPECT_EQ(lines().size(), 2U);

  EXPECT_TRUE(world_.services.decisions.acceptRestored({agent_.agent_id}, kLooked).empty());
  EXPECT_EQ(state(), "active");
  renew(rolled_back);
  EXPECT_EQ(state(), "active");
  EXPECT_EQ(lines().size(), 1U);
  EXPECT_EQ(world_.history(agent_).front().kind, "agent.accepted");
  EXPECT_EQ(world_.history(agent_).front().actor, "erin");
}

TEST_F(Access, A6_a_copy_that_runs_beside_its_original_leaves_both_without_orders) {
  enrol();
  renew(disk_);
  world_.services.orders.order("scan", {agent_.agent_id}, Json::object(), world_.technician);
  ASSERT_EQ(orders(), 1U);
  Disk copy = disk_;
  renew(copy);
  EXPECT_EQ(state(), "active") << "nobody can tell yet";
  renew(disk_);  // the original's next request
  EXPECT_EQ(state(), "restored");
  EXPECT_EQ(orders(), 0U);
  renew(copy);
  EXPECT_EQ(state(), "cloned");
  EXPECT_EQ(alarms(), (std::vector<std::string>{"agent.cloned", "agent.state_behind"}));
  renew(disk_);
  renew(copy);
  EXPECT_EQ(state(), "cloned");
  EXPECT_EQ(orders(), 0U);
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_EQ(refusal([&] { world_.services.decisions.accept(agent_.agent_id, "", kLooked); }),
            "400 agent.document_required");
  EXPECT_EQ(refusal([&] { world_.services.decisions.accept(agent_.agent_id, newId(), kLooked); }),
            "400 agent.no_such_document");

  const auto original = world_.tokens.verify((renew(disk_), access_))->line;
  world_.services.decisions.accept(agent_.agent_id, original, kLooked);
  EXPECT_EQ(state(), "active");
  EXPECT_EQ(orders(), 1U);
  renew(disk_);
  EXPECT_EQ(state(), "active");
}

TEST_F(Access, A6_a_holder_that_was_not_accepted_and_comes_back_is_found_again) {
  enrol();
  renew(disk_);
  Disk copy = disk_;
  renew(copy);
  renew(disk_);
  renew(copy);
  ASSERT_EQ(state(), "cloned");
  const auto original = world_.tokens.verify((renew(disk_), access_))->line;
  world_.services.decisions.accept(agent_.agent_id, original, kLooked);
  world_.services.orders.order("scan", {agent_.agent_id}, Json::object(), world_.technician);
  ASSERT_EQ(orders(), 1U);
  const std::size_t before = alarms().size();
  world_.streams.rung.clear();

  renew(copy);
  EXPECT_EQ(state(), "restored") << "somebody holds the key besides the one that was accepted";
  EXPECT_EQ(orders(), 0U);
  EXPECT_EQ(alarms().size(), before + 1);
  EXPECT_EQ(alarms().front(), "agent.copy_returned");
  EXPECT_EQ(world_.streams.rung, std::vector<std::string>{agent_.agent_id})
      << "the accepted one is to show itself";
  EXPECT_TRUE(seenOn(original));
  EXPECT_EQ(state(), "cloned");
  ASSERT_EQ(lines().size(), 2U) << "a person can choose again";
  renew(copy);
  EXPECT_EQ(lines().size(), 2U);

  const auto key = SigningKey::generate();
  const auto rebind =
      protocol::decodeBundle(
          world_.services.enrolment.rebind(agent_.agent_id, "copied", 600, world_.admin).bundle)
          .value();
  auto again = request();
  again.public_key = key.publicKey();
  world_.services.enrolment.enrol(again, rebind.token, "192.0.2.1");
  EXPECT_EQ(state(), "active") << "a new key ends it";
  EXPECT_EQ(refusal([&] { renew(copy); }), "400 request.invalid") << "signed with the old key";
}

TEST_F(Access, A6_an_answer_that_was_lost_on_the_way_back_is_given_again) {
  enrol();
  renew(disk_);
  const Disk snapshot = disk_;
  renew(disk_);
  Disk rolled_back = snapshot;
  renew(rolled_back);
  world_.services.decisions.accept(agent_.agent_id, "", kLooked);
  prepare(disk_);
  const auto first = send(disk_);
  const auto second = send(disk_);
  EXPECT_EQ(first.refresh_token, second.refresh_token);
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_EQ(state(), "restored");
}

TEST_F(Access, A6_what_a_copied_agent_sends_waits_until_a_person_has_looked) {
  enrol();
  world_.mustTake(agent_, {world_.statusItem("alpha", "act")});
  renew(disk_);
  Disk copy = disk_;
  renew(disk_);
  renew(copy);
  const auto sends = [&](const std::string& hostname) {
    return refusal([&] { world_.upload(*key(), {world_.statusItem(hostname, "act")}); });
  };
  ASSERT_EQ(state(), "restored");
  EXPECT_EQ(sends("poisoned"), "503 agent.held") << "another machine may hold the key";
  renew(disk_);
  ASSERT_EQ(state(), "cloned");
  EXPECT_EQ(sends("poisoned"), "503 agent.held");
  EXPECT_EQ(hostname(), "alpha");
  const auto line = world_.tokens.verify((renew(disk_), access_))->line;
  world_.services.decisions.accept(agent_.agent_id, line, kLooked);
  EXPECT_EQ(sends("beta"), "");
  EXPECT_EQ(hostname(), "beta");
}

TEST_F(Access, A6_the_other_holder_shows_itself_by_any_request) {
  enrol();
  renew(disk_);
  Disk copy = disk_;
  renew(disk_);
  renew(copy);
  ASSERT_EQ(state(), "restored");
  const auto all = lines();
  EXPECT_FALSE(seenOn("none")) << "of a line that was ended";
  EXPECT_EQ(state(), "restored");
  EXPECT_TRUE(seenOn(all.front().id));
  EXPECT_EQ(state(), "cloned");
}

TEST_F(Access, of_too_many_copies_are_refused) {
  enrol();
  renew(disk_);
  const Disk image = disk_;
  for (int i = 0; i < 7; ++i) {
    Disk copy = image;
    if (i == 0) renew(disk_);
    renew(copy);
  }
  Disk one_more = image;
  EXPECT_EQ(refusal([&] { renew(one_more); }), "401 refresh.too_many_copies");
  EXPECT_EQ(lines().size(), 8U);
}

TEST_F(Access, a_server_restored_from_a_backup_knows_what_it_handed_out_since) {
  enrol();
  renew(disk_);
  const auto backup = lines().front();
  const auto standing = key()->standing;
  for (int i = 0; i < 3; ++i)
    renew(disk_);
  const auto setBack = [&](bool told) {
    world_.store.write([&](store::WriteTransaction& tx) {
      tx.agents().putLine(agent_, backup);
      tx.agents().setStanding(agent_, standing);
      if (told) tx.agents().expectAhead();
    });
  };
  setBack(true);
  renew(disk_);
  EXPECT_EQ(state(), "active") << "`restore` has looked what ended since";
  EXPECT_TRUE(alarms().empty());
  EXPECT_EQ(key()->standing.number, 5);
  setBack(false);
  renew(disk_);
  EXPECT_EQ(state(), "restored") << "nobody has: the agent may have been revoked since";
  EXPECT_EQ(alarms(), std::vector<std::string>{"agent.state_ahead"});
  EXPECT_EQ(world_.services.decisions.acceptRestored({agent_.agent_id, agent_.agent_id}, kLooked),
            std::vector<std::string>{agent_.agent_id})
      << "the second time that it is named it waits no more";
  renew(disk_);
  EXPECT_EQ(state(), "active");
}

TEST_F(Access, what_does_not_fit_together_is_refused_and_changes_nothing) {
  enrol();
  renew(disk_);
  const auto before = lines();
  Disk forged = disk_;
  prepare(forged);
  forged.refresh_token = randomBytes(32);
  EXPECT_EQ(refusal([&] { send(forged); }), "400 request.invalid") << "a document for another token";
  forged = {disk_.number, randomBytes(32), Json()};
  EXPECT_EQ(refusal([&] { renew(forged); }), "401 refresh.unknown");
  forged = {disk_.number + 7, disk_.refresh_token, Json()};
  EXPECT_EQ(refusal([&] { renew(forged); }), "401 refresh.unknown") << "a number of its own choice";
  const auto stranger = SigningKey::generate();
  forged = disk_;
  forged.pending =
      protocol::sealStateDocument({agent_.agent_id, 2, "boot", std::string(32, 'm'),
                                   protocol::tokenHash(disk_.refresh_token), std::string(16, 'n')},
                                  stranger);
  EXPECT_EQ(refusal([&] { send(forged); }), "400 request.invalid") << "another key's signature";
  forged.pending =
      protocol::sealStateDocument({"another-agent", 2, "boot", std::string(32, 'm'),
                                   protocol::tokenHash(disk_.refresh_token), std::string(16, 'n')},
                                  key_);
  EXPECT_EQ(refusal([&] { send(forged); }), "403 token.wrong_agent") << "A8";
  EXPECT_EQ(alarms(), std::vector<std::string>{"token.wrong_agent"});
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_EQ(lines()[0].token_hash, before[0].token_hash);
  EXPECT_EQ(state(), "active");
}

TEST_F(Access, ends_ninety_days_after_the_last_renewal) {
  enrol();
  renew(disk_);
  world_.clock.advance_s(89 * 86'400);
  renew(disk_);
  world_.clock.advance_s(90 * 86'400);
  EXPECT_EQ(refusal([&] { renew(disk_); }), "401 refresh.expired");
}

TEST_F(Access, A12_whoever_enrols_by_manual_token_gets_no_orders_until_it_is_accepted) {
  enrol("", 2);
  EXPECT_EQ(state(), "pending") << "the default for more than one seat";
  world_.services.orders.order("scan", {agent_.agent_id}, Json::object(), world_.technician);
  EXPECT_EQ(refusal([&] { world_.upload(agent_, {world_.statusItem("poisoned", "report")}); }),
            "503 agent.held");
  EXPECT_EQ(hostname(), "alpha");
  renew(disk_);
  EXPECT_EQ(orders(), 0U);
  EXPECT_EQ(state(), "pending");
  world_.services.decisions.accept(agent_.agent_id, "", kLooked);
  EXPECT_EQ(orders(), 1U);
  world_.mustTake(*key(), {world_.statusItem("beta", "act")});
  EXPECT_EQ(hostname(), "beta");
  EXPECT_EQ(refusal([&] { world_.services.decisions.accept(agent_.agent_id, "", kLooked); }),
            "409 agent.not_waiting");
  EXPECT_FALSE(world_.services.decisions.acceptRestored({agent_.agent_id, newId()}, kLooked).empty());
}

TEST_F(Access, A11_a_revoked_agent_is_out_at_once_and_stays_out) {
  enrol();
  renew(disk_);
  world_.streams.rung.clear();
  world_.services.decisions.revoke(agent_.agent_id, {"sold", world_.admin});
  EXPECT_EQ(world_.services.access.findAgent(agent_.agent_id)->state, "revoked");
  EXPECT_EQ(world_.streams.rung, std::vector<std::string>{agent_.agent_id}) << "its doorbell closes";
  EXPECT_EQ(refusal([&] { renew(disk_); }), "401 refresh.unknown");
  EXPECT_EQ(orders(), 0U);
  const auto more =
      protocol::decodeBundle(world_.services.enrolment.makeToken(1, 600, "", world_.admin).bundle).value();
  EXPECT_EQ(refusal([&] { world_.services.enrolment.enrol(request(), more.token, "192.0.2.1"); }),
            "401 enrolment.agent_revoked");
  EXPECT_EQ(refusal([&] { world_.services.decisions.revoke(agent_.agent_id, kLooked); }),
            "409 agent.revoked");
  EXPECT_EQ(refusal([&] { world_.services.decisions.accept(agent_.agent_id, "", kLooked); }),
            "409 agent.not_waiting");
  store::AgentFilter filter;
  const auto listed = [&] {
    return world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents()
          .list(filter, http::Visible::everything(), world_.services.context().contact(), {10, ""})
          .total;
    });
  };
  EXPECT_EQ(listed(), 0);
  filter.identity = "revoked";
  EXPECT_EQ(listed(), 1) << "what is known of it stays";
}

TEST_F(Access, a_new_token_of_a_person_lets_the_same_key_begin_again) {
  enrol();
  renew(disk_);
  const auto more =
      protocol::decodeBundle(world_.services.enrolment.makeToken(1, 600, "", world_.admin).bundle).value();
  const auto [agent, fresh] = world_.services.enrolment.enrol(request(), more.token, "192.0.2.1");
  EXPECT_FALSE(fresh);
  EXPECT_EQ(agent.agent_id, agent_.agent_id);
  const auto first = world_.services.access.first(agent);
  ASSERT_TRUE(first);
  Disk anew{0, first->refresh_token, Json()};
  renew(anew);
  EXPECT_EQ(state(), "active");
  EXPECT_EQ(refusal([&] { renew(disk_); }), "401 refresh.unknown");
  EXPECT_EQ(refusal([&] {
              world_.services.enrolment.enrol({randomBytes(32), "b", "act", "", "", "", ""}, more.token, "");
            }),
            "401 enrolment.seats_exhausted");
}

TEST_F(Access, A6_enrolling_again_does_not_answer_for_the_person_who_is_asked) {
  enrol();
  renew(disk_);
  Disk copy = disk_;
  renew(disk_);
  renew(disk_);
  renew(copy);
  ASSERT_EQ(state(), "restored");
  const auto more =
      protocol::decodeBundle(world_.services.enrolment.makeToken(1, 600, "", world_.admin).bundle).value();
  world_.services.enrolment.enrol(request(), more.token, "192.0.2.1");
  EXPECT_EQ(state(), "pending");
}

TEST_F(Access, refusals_in_an_agents_name_are_recorded_once_in_ten_minutes) {
  enrol();
  const auto agent = *world_.services.access.findAgent(agent_.agent_id);
  for (int i = 0; i < 50; ++i)
    world_.services.access.refused(agent, "signature.invalid", "198.51.100.7");
  EXPECT_EQ(alarms(), std::vector<std::string>{"signature.invalid"});
  EXPECT_NE(world_.history(agent_).front().text.find("198.51.100.7"), std::string::npos);
  world_.clock.turn_s(-kDay);
  world_.clock.advance_s(601);
  world_.services.access.refused(agent, "signature.invalid", "198.51.100.7");
  EXPECT_EQ(alarms().size(), 2U) << "whatever the clock says";
}

}  // namespace
}  // namespace redflag::testing
