#include "services/orders.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/envelope.h"
#include "protocol/limits.h"
#include "support/interrupted_store.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using store::CommandState;

const Json kScanApt = {{"plugins", {"apt"}}, {"purpose", "updates"}};

std::string codeOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const http::Problem& problem) {
    return problem.code;
  }
  return "";
}

protocol::Envelope opened(const World& world, const Json& transport) {
  const auto keys = world.signer.publicKeys();
  return protocol::openEnvelope(transport,
                                [&](const std::string& id) -> std::optional<std::string> {
                                  if (id == keys[0].key_id) return keys[0].public_key;
                                  return std::nullopt;
                                })
      .value();
}

class Ordering : public ::testing::Test {
 protected:
  Ordering() : agent(world.enrol()) {}
  store::Command order(const Json& parameters = kScanApt) {
    return world.services.orders.order("scan", {agent.agent_id}, parameters, world.technician).front();
  }
  CommandState state(const store::Command& command) { return world.command(command.id).state; }
  // As many copies of it, each an order of its own and later than the one before.
  void orderAgain(const store::Command& command, std::size_t times) {
    store::Command copy = world.command(command.id);
    world.store.write([&](store::WriteTransaction& tx) {
      for (std::size_t i = 0; i < times; ++i) {
        ++copy.created_at;
        copy.id = copy.dedup_key = newId();
        tx.commands().add(copy, {});
      }
    });
  }

  World world;
  store::AgentKey agent;
};

// The same server, whose writes may be interrupted.
struct Interrupted {
  explicit Interrupted(World& world)
      : store(world.store),
        services({store, builtInTypes(), world.signer, nullptr, nullptr, world.bell, world.clock}) {}
  InterruptedStore store;
  services::Services services;
};

TEST_F(Ordering, the_same_order_twice_is_one_command_while_it_is_under_way) {
  const auto first = order();
  EXPECT_EQ(order().id, first.id);
  EXPECT_NE(order({{"plugins", {"viewonly"}}}).id, first.id);
  world.carryOut(agent, first.id, "succeeded", Json::array({{{"scans", Json::array()}}}));
  EXPECT_NE(order().id, first.id);
}

TEST_F(Ordering, is_signed_at_each_fetch_and_stays_the_same_order) {
  const auto command = order();
  const auto first = opened(world, world.services.orders.fetch(agent).at(0));
  EXPECT_EQ(state(command), CommandState::kDelivered);
  world.clock.advance_s(3600);
  const auto second = opened(world, world.services.orders.fetch(agent).at(0));
  EXPECT_EQ(first.command_id, command.id);
  EXPECT_EQ(first.agent_id, agent.agent_id);
  EXPECT_EQ(second.issued_at - first.issued_at, 3600 * kSecondNs);
  EXPECT_EQ(protocol::identityHash(first), protocol::identityHash(second));
  EXPECT_TRUE(protocol::checkTimes(second, world.clock.now));
  // A machine whose clock is behind by what it tolerates can accept it at once.
  EXPECT_TRUE(protocol::checkTimes(first, first.issued_at - 299 * kSecondNs));
}

TEST_F(Ordering, hands_an_agent_its_own_orders_only) {
  const auto other = world.enrol("beta");
  order();
  EXPECT_TRUE(world.services.orders.fetch(other).empty());
  EXPECT_EQ(world.services.orders.fetch(agent).size(), 1U);
}

TEST_F(Ordering, hands_out_nothing_that_was_accepted_or_has_expired) {
  const auto command = order();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(command.id, "accepted")});
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
  order({{"plugins", {"viewonly"}}});
  world.clock.advance_s(2 * 86'400);
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
}

TEST_F(Ordering, rings_only_after_the_order_is_stored) {
  order();
  ASSERT_EQ(world.streams.rung.size(), 1U);
  EXPECT_THROW(
      world.services.orders.order("scan", {agent.agent_id}, {{"plugins", {"viewonly"}}}, world.technician,
                                  [](auto&, const auto&) {
                                    throw http::Problem{409, "test", ""};
                                  }),
      http::Problem);
  EXPECT_EQ(world.streams.rung.size(), 1U);
  EXPECT_EQ(world.services.orders.fetch(agent).size(), 1U);
}

TEST_F(Ordering, names_what_is_wrong_with_an_order) {
  const auto wrong = [&](const std::string& type, const Json& parameters, const services::Actor& actor,
                         const std::string& agent_id) {
    return codeOf([&] { world.services.orders.order(type, {agent_id}, parameters, actor); });
  };
  EXPECT_EQ(wrong("dance", {}, world.technician, agent.agent_id), "command_type.not_found");
  EXPECT_EQ(wrong("scan", kScanApt, {"vic", http::Grants::everywhere("viewer")}, agent.agent_id),
            "command.forbidden");
  EXPECT_EQ(wrong("scan", {{"plugins", "apt"}}, world.technician, agent.agent_id), "command.bad_parameters");
  EXPECT_EQ(wrong("scan", {{"plugins", {"nosuch"}}}, world.technician, agent.agent_id),
            "scan.unknown_plugin");
  EXPECT_EQ(wrong("scan", kScanApt, world.technician, newId()), "agent.not_found");
  EXPECT_EQ(wrong("install_updates", Json::object(), world.approver, agent.agent_id),
            "command.needs_approval");
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
}

TEST_F(Ordering, says_which_parameter_is_wrong) {
  try {
    order({{"plugins", {"apt", 7}}});
    FAIL() << "was accepted";
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.status, 422);
    EXPECT_EQ(problem.field, "/parameters/plugins/1");
  }
}

TEST_F(Ordering, is_cancelled_at_once_while_the_agent_knows_nothing) {
  const auto command = order();
  EXPECT_EQ(world.services.orders.cancel(command.id, world.technician).state, CommandState::kCancelled);
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
}

TEST_F(Ordering, is_not_handed_out_when_it_is_cancelled_in_that_very_moment) {
  const auto cancelled = order();
  const auto other = order({{"plugins", {"viewonly"}}});
  world.before_signing = [&] {
    EXPECT_EQ(world.services.orders.cancel(cancelled.id, world.technician).state, CommandState::kCancelled);
  };
  const auto handed_out = world.services.orders.fetch(agent);
  ASSERT_EQ(handed_out.size(), 1U);
  EXPECT_EQ(opened(world, handed_out[0]).command_id, other.id);
  EXPECT_EQ(state(cancelled), CommandState::kCancelled);
}

TEST_F(Ordering, fill_the_answer_although_one_of_them_is_cancelled_in_that_very_moment) {
  const auto cancelled = order();
  orderAgain(cancelled, protocol::kMaxFetchedCommands);
  bool once = true;
  world.before_signing = [&] {
    if (std::exchange(once, false)) world.services.orders.cancel(cancelled.id, world.technician);
  };
  // Whoever is handed fewer does not ask again.
  EXPECT_EQ(world.services.orders.fetch(agent).size(), protocol::kMaxFetchedCommands);
  EXPECT_EQ(state(cancelled), CommandState::kCancelled);
}

TEST_F(Ordering, fill_the_answer_although_one_of_them_cannot_be_signed) {
  const auto first = order();
  orderAgain(first, protocol::kMaxFetchedCommands - 1);
  store::Command unsignable = world.command(first.id);
  unsignable.id = unsignable.dedup_key = newId();
  unsignable.plan_hash = "no hash";
  --unsignable.created_at;
  world.store.write([&](store::WriteTransaction& tx) { tx.commands().add(unsignable, {}); });
  EXPECT_EQ(world.services.orders.fetch(agent).size(), protocol::kMaxFetchedCommands);
  EXPECT_EQ(state(unsignable), CommandState::kFailed);
}

TEST_F(Ordering, what_cancels_is_not_ordered_by_itself) {
  const auto command = order();
  world.services.orders.fetch(agent);
  const Json about = {{"command_id", command.id}};
  EXPECT_EQ(codeOf([&] { world.services.orders.order("cancel", {agent.agent_id}, about, world.technician); }),
            "command.not_listed");
  EXPECT_EQ(world.services.orders.fetch(agent).size(), 1U) << "the order itself, and nothing else";
}

TEST_F(Ordering, is_cancelled_by_the_agent_once_it_has_it) {
  const auto command = order();
  world.services.orders.fetch(agent);
  EXPECT_EQ(world.services.orders.cancel(command.id, world.technician).state, CommandState::kDelivered);
  EXPECT_EQ(parseJson(world.newest("cancel").parameters).value()["command_id"], command.id);
  world.mustTake(agent, {world.stateItem(command.id, "cancelled")});
  EXPECT_EQ(state(command), CommandState::kCancelled);
  EXPECT_EQ(codeOf([&] { world.services.orders.cancel(command.id, world.technician); }), "command.finished");
}

TEST_F(Ordering, says_that_a_cancel_is_asked_until_its_machine_has_answered_that_and_tells_whoever_watches) {
  const auto command = order();
  const auto asked = [&] {
    store::CommandFilter scans;
    scans.type = "scan";
    const bool listed = world.store.read([&](const store::ReadTransaction& tx) {
      return tx.commands().list(scans, http::Visible::everything(), {10, ""}).items.at(0).cancel_asked;
    });
    EXPECT_EQ(world.command(command.id).cancel_asked, listed);
    return listed;
  };
  const auto told = [&] {
    const std::string about = "\"" + command.id + "\"";
    return world.store.read([&](const store::ReadTransaction& tx) {
      const auto events = tx.events().after(0, 1000, http::Visible::everything());
      return std::count_if(events.begin(), events.end(), [&](const http::Event& event) {
        return event.data.find(about) != std::string::npos;
      });
    });
  };
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(command.id, "running")});
  EXPECT_FALSE(asked());
  auto before = told();
  EXPECT_TRUE(world.services.orders.cancel(command.id, world.technician).cancel_asked);
  EXPECT_TRUE(asked());
  EXPECT_GT(told(), before) << "its page shows it";
  world.services.orders.fetch(agent);
  EXPECT_TRUE(asked()) << "fetching is no answer";
  before = told();
  world.mustTake(agent, {world.stateItem(world.newest("cancel").id, "succeeded",
                                         Json::parse(R"([{"cancelled":false}])"))});
  EXPECT_FALSE(asked()) << "it goes on: cancelling is offered again";
  EXPECT_GT(told(), before);
  EXPECT_EQ(state(command), CommandState::kRunning);
}

TEST_F(Ordering, expires_when_nobody_accepts_it_and_a_late_result_still_counts) {
  const auto command = order();
  world.services.orders.fetch(agent);
  world.clock.advance_s(86'400 + 1);
  world.services.orders.sweep();
  EXPECT_EQ(state(command), CommandState::kExpired);
  // It was accepted in time; only the word of it was late.
  world.mustTake(agent, {world.stateItem(command.id, "accepted"),
                         world.stateItem(command.id, "succeeded", Json::array({1}))});
  EXPECT_EQ(state(command), CommandState::kSucceeded);
}

TEST_F(Ordering, is_lost_after_silence_and_found_by_a_late_result) {
  const auto command = order();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(command.id, "running")});
  world.clock.advance_s(600);
  world.mustTake(agent, {{{"kind", "command_log"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now)},
                          {"command_id", command.id},
                          {"lines", Json::array()},
                          {"percent", 40},
                          {"progress", "half way"}}});
  world.clock.advance_s(600);
  world.services.orders.sweep();
  EXPECT_EQ(state(command), CommandState::kRunning) << "its last word was ten minutes ago";
  world.clock.advance_s(600);
  world.services.orders.sweep();
  EXPECT_EQ(state(command), CommandState::kLost);
  world.mustTake(agent,
                 {world.stateItem(command.id, "succeeded", Json::array({{{"scans", Json::array()}}}))});
  EXPECT_EQ(state(command), CommandState::kSucceeded);
}

TEST_F(Ordering, is_not_lost_when_its_word_comes_in_that_very_moment) {
  const auto command = order();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(command.id, "running")});
  world.clock.advance_s(1'200);
  Interrupted server(world);
  server.store.meanwhile = [&] {
    world.mustTake(agent, {{{"kind", "command_log"},
                            {"id", newId()},
                            {"at", toRfc3339(world.clock.now)},
                            {"command_id", command.id},
                            {"lines", Json::array()},
                            {"percent", 40}}});
  };
  server.services.orders.sweep();
  EXPECT_EQ(state(command), CommandState::kRunning);
  world.clock.advance_s(1'200);
  server.services.orders.sweep();
  EXPECT_EQ(state(command), CommandState::kLost);
}

TEST_F(Ordering, a_late_word_of_one_given_up_for_lost_is_taken_beside_its_successor) {
  const auto lost = order();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(lost.id, "accepted")});
  world.clock.advance_s(3'600);
  world.services.orders.sweep();
  ASSERT_EQ(state(lost), CommandState::kLost);
  const auto successor = order();
  ASSERT_NE(successor.id, lost.id);
  world.mustTake(agent, {world.stateItem(lost.id, "running")});
  EXPECT_EQ(state(lost), CommandState::kRunning);
  EXPECT_EQ(order().id, successor.id) << "the same order again is the one that was given last";
  world.carryOut(agent, lost.id, "succeeded", Json::array());
  world.carryOut(agent, successor.id, "succeeded", Json::array());
  EXPECT_EQ(state(successor), CommandState::kSucceeded);
}

TEST_F(Ordering, a_late_word_of_one_that_expired_is_taken_beside_its_successor) {
  const auto expired = order();
  world.services.orders.fetch(agent);
  world.clock.advance_s(2 * 86'400);
  world.services.orders.sweep();
  ASSERT_EQ(state(expired), CommandState::kExpired);
  const auto successor = order();
  world.mustTake(agent, {world.stateItem(expired.id, "accepted"), world.stateItem(expired.id, "running")});
  EXPECT_EQ(state(expired), CommandState::kRunning);
  EXPECT_EQ(state(successor), CommandState::kQueued);
}

TEST_F(Ordering, a_repeated_or_contradicting_word_changes_nothing) {
  const auto command = order();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(command.id, "succeeded", Json::array({1}))});
  world.mustTake(agent, {world.stateItem(command.id, "failed", Json::array({2}), "late", "liar"),
                         world.stateItem(command.id, "running")});
  EXPECT_EQ(state(command), CommandState::kSucceeded);
  EXPECT_EQ(world.command(command.id).results, "[1]");
}

TEST_F(Ordering, a_replay_that_was_refused_does_not_touch_the_order_that_was_accepted) {
  const auto command = order();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(command.id, "accepted")});
  world.mustTake(agent, {{{"kind", "refusal"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now)},
                          {"command_id", command.id},
                          {"code", "id_reused"},
                          {"text", "another body"},
                          {"by", "kernel"}}});
  EXPECT_EQ(state(command), CommandState::kAccepted);
  EXPECT_EQ(world.history(agent).front().kind, "command.refused");
}

TEST_F(Ordering, is_tried_again_as_a_new_command_and_not_for_ever) {
  auto command = order();
  for (int attempt = 2; attempt <= 3; ++attempt) {
    world.carryOut(agent, command.id, "failed", Json(), "scan.failed", "no");
    const auto next = world.services.orders.retry(command.id, world.technician);
    EXPECT_EQ(next.retry_of, command.id);
    EXPECT_EQ(next.attempt, attempt);
    command = next;
  }
  world.carryOut(agent, command.id, "failed", Json(), "scan.failed", "no");
  EXPECT_EQ(codeOf([&] { world.services.orders.retry(command.id, world.technician); }),
            "command.too_many_attempts");
}

TEST_F(Ordering, waits_for_its_time_when_it_is_scheduled) {
  services::Order later{"scan", kScanApt, agent.agent_id, "tom"};
  later.not_before = world.clock.now + 3600 * kSecondNs;
  const auto prepared = world.services.orders.prepare({later}, world.technician).front();
  world.store.write([&](store::WriteTransaction& tx) { world.services.orders.place(tx, prepared); });
  EXPECT_EQ(state(prepared.command), CommandState::kScheduled);
  EXPECT_TRUE(world.streams.rung.empty());
  world.services.orders.sweep();
  EXPECT_EQ(state(prepared.command), CommandState::kScheduled);
  world.clock.advance_s(3601);
  world.services.orders.sweep();
  EXPECT_EQ(state(prepared.command), CommandState::kQueued);
  EXPECT_EQ(world.streams.rung.size(), 1U);
  EXPECT_EQ(world.services.orders.fetch(agent).size(), 1U);
}

TEST_F(Ordering, records_each_transition_with_actor_and_reason) {
  const auto command = order();
  world.carryOut(agent, command.id, "failed", Json(), "scan.failed", "no lists");
  const auto transitions = world.store.read(
      [&](const store::ReadTransaction& tx) { return tx.commands().transitions(world.command(command.id)); });
  std::vector<std::string> path;
  for (const auto& transition : transitions)
    path.push_back(transition.to);
  EXPECT_EQ(path, (std::vector<std::string>{"queued", "delivered", "accepted", "running", "failed"}));
  EXPECT_EQ(transitions.front().actor, "tom");
  EXPECT_EQ(transitions.back().reason.text, "no lists");
}

}  // namespace
}  // namespace redflag::testing
