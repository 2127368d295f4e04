// A11: an agent's key that is handed over to a new one, and what the old one still opens.
#include "services/key_rotation.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/key_handover.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using protocol::SigningKey;

class KeyRotation : public ::testing::Test {
 protected:
  KeyRotation() {
    const auto made = world_.services.enrolment.makeToken(1, 3600, "", world_.admin);
    const std::string token = protocol::decodeBundle(made.bundle).value().token;
    agent_ = world_.services.enrolment
                 .enrol({old_key_.publicKey(), "alpha", "act", "0.1.0", "linux-x86_64", "Debian", "12"},
                        token, "192.0.2.1")
                 .first;
  }
  std::string order() {
    return world_.services.orders.order("rotate_keys", {agent_.agent_id}, Json::object(), world_.admin)
        .front()
        .id;
  }
  // As the agent asks that holds `with`.
  std::string handOver(const std::string& command_id, const SigningKey& from, const SigningKey& to,
                       const SigningKey& with) {
    return take(protocol::sealKeyHandover(agent_.agent_id, command_id, from, to), with);
  }
  std::string take(const Json& handover, const SigningKey& with) {
    store::AgentKey asking = agent_;
    asking.public_key = with.publicKey();
    try {
      services::takeKeyHandover(world_.services.context(), world_.services.access, asking, handover,
                                "192.0.2.9");
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + ' ' + problem.code;
    }
    return "taken";
  }
  store::AgentKey now() {
    return world_.store
        .read([&](const store::ReadTransaction& tx) { return tx.agents().key(agent_.agent_id); })
        .value();
  }
  std::vector<std::string> kinds() {
    std::vector<std::string> out;
    for (const auto& entry : world_.history(agent_))
      if (entry.subsystem == "security") out.push_back(entry.kind);
    return out;
  }

  World world_;
  const SigningKey old_key_ = SigningKey::generate();
  const SigningKey new_key_ = SigningKey::generate();
  store::AgentKey agent_;
};

TEST_F(KeyRotation, A11_gives_the_agent_its_new_key_and_the_old_one_ten_minutes) {
  const std::string id = order();
  EXPECT_EQ(handOver(id, old_key_, new_key_, old_key_), "taken");
  EXPECT_EQ(now().public_key, new_key_.publicKey());
  EXPECT_EQ(now().old_key, old_key_.publicKey());
  EXPECT_EQ(now().old_key_until, world_.clock.now + 600 * kSecondNs);
  const auto entry = world_.history(agent_).front();
  EXPECT_EQ(entry.kind, "agent.key_rotated");
  EXPECT_EQ(entry.command_id, id);
  EXPECT_NE(entry.text.find(protocol::keyId(new_key_.publicKey())), std::string::npos) << entry.text;
}

TEST_F(KeyRotation, answers_the_same_hand_over_as_the_first_time_whoever_of_the_two_keys_asks) {
  const std::string id = order();
  ASSERT_EQ(handOver(id, old_key_, new_key_, old_key_), "taken");
  world_.clock.advance_s(60);
  const std::int64_t until = now().old_key_until;
  EXPECT_EQ(handOver(id, old_key_, new_key_, old_key_), "taken");
  EXPECT_EQ(handOver(id, old_key_, new_key_, new_key_), "taken");
  world_.carryOut(agent_, id, "succeeded", Json::array({Json{{"key_id", "0123456789abcdef"}}}));
  EXPECT_EQ(handOver(id, old_key_, new_key_, new_key_), "taken") << "also when its order is over";
  EXPECT_EQ(now().old_key_until, until) << "the old key does not live longer by it";
  EXPECT_EQ(kinds(), (std::vector<std::string>{"agent.key_rotated"}));
}

TEST_F(KeyRotation, A11_ends_the_old_key_when_the_new_one_was_used_for_an_access_token) {
  ASSERT_EQ(handOver(order(), old_key_, new_key_, old_key_), "taken");
  const auto first = world_.services.access.first(agent_).value();
  const auto renewWith = [&](const SigningKey& key, const services::Credentials& last, std::int64_t number) {
    store::AgentKey asking = agent_;
    asking.public_key = key.publicKey();
    const protocol::StateDocument document{agent_.agent_id,
                                           number,
                                           "boot",
                                           protocol::machineHash(agent_.agent_id, "machine"),
                                           protocol::tokenHash(last.refresh_token),
                                           randomBytes(16)};
    return world_.services.access.renew(
        asking, {last.refresh_token, protocol::sealStateDocument(document, key)}, "192.0.2.1");
  };
  const auto second = renewWith(old_key_, first, 1);
  EXPECT_GT(now().old_key_until, 0) << "its own use does not end it";
  renewWith(new_key_, second, 2);
  EXPECT_EQ(now().old_key_until, 0);
  EXPECT_EQ(now().old_key, old_key_.publicKey()) << "it is still known for what it is";
  EXPECT_EQ(now().standing.state, "active") << "the line goes on";
}

TEST_F(KeyRotation, is_not_taken_without_an_order_that_is_under_way) {
  EXPECT_EQ(handOver("01JM8ZC9T0QK5V3N7RWX2YBD4E", old_key_, new_key_, old_key_), "404 key.not_ordered");
  const std::string scan =
      world_.services.orders.order("scan", {agent_.agent_id}, Json::object(), world_.admin).front().id;
  EXPECT_EQ(handOver(scan, old_key_, new_key_, old_key_), "404 key.not_ordered");
  const std::string ended = order();
  world_.services.orders.cancel(ended, world_.admin);
  EXPECT_EQ(handOver(ended, old_key_, new_key_, old_key_), "404 key.not_ordered");
  const auto other = world_.enrol("beta");
  const std::string others =
      world_.services.orders.order("rotate_keys", {other.agent_id}, Json::object(), world_.admin).front().id;
  EXPECT_EQ(handOver(others, old_key_, new_key_, old_key_), "404 key.not_ordered");
  EXPECT_EQ(now().public_key, old_key_.publicKey());
}

TEST_F(KeyRotation, by_somebody_else_who_holds_the_old_key_is_an_alarm) {
  const std::string id = order();
  ASSERT_EQ(handOver(id, old_key_, new_key_, old_key_), "taken");
  const auto thiefs = SigningKey::generate();
  EXPECT_EQ(handOver(id, old_key_, thiefs, old_key_), "409 key.conflict");
  EXPECT_EQ(now().public_key, new_key_.publicKey());
  EXPECT_EQ(kinds().front(), "key.conflict");
}

TEST_F(KeyRotation, in_another_agents_name_is_refused_and_recorded) {
  const auto other = world_.enrol("beta");
  EXPECT_EQ(take(protocol::sealKeyHandover(other.agent_id, order(), old_key_, new_key_), old_key_),
            "403 key.wrong_agent");
  EXPECT_EQ(kinds().front(), "key.wrong_agent");
  EXPECT_EQ(take(Json::object(), old_key_), "400 request.invalid");
}

TEST_F(KeyRotation, waits_while_a_person_has_to_look_at_the_agent) {
  const std::string id = order();
  world_.store.write([&](store::WriteTransaction& tx) {
    tx.agents().setStanding(agent_, {"restored", "", world_.clock.now, "line", 1});
  });
  EXPECT_EQ(handOver(id, old_key_, new_key_, old_key_), "403 agent.held");
}

TEST_F(KeyRotation, of_an_agent_that_is_bound_anew_ends_the_old_key_too) {
  ASSERT_EQ(handOver(order(), old_key_, new_key_, old_key_), "taken");
  const auto made = world_.services.enrolment.rebind(agent_.agent_id, "lost", 600, world_.admin);
  world_.services.enrolment.enrol({SigningKey::generate().publicKey(), "alpha", "act", "", "", "", ""},
                                  protocol::decodeBundle(made.bundle).value().token, "192.0.2.1");
  EXPECT_EQ(now().old_key_until, 0);
}

TEST_F(KeyRotation, ordered_twice_is_one_command_and_another_one_when_that_is_over) {
  const std::string id = order();
  EXPECT_EQ(order(), id);
  world_.carryOut(agent_, id, "succeeded", Json::array({Json{{"key_id", "0123456789abcdef"}}}));
  EXPECT_NE(order(), id);
}

TEST_F(KeyRotation, is_for_admins_of_the_agents_site) {
  try {
    world_.services.orders.order("rotate_keys", {agent_.agent_id}, Json::object(), world_.technician);
    ADD_FAILURE() << "a technician may not";
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.status, 403);
  }
}

}  // namespace
}  // namespace redflag::testing
