// How many commands came to which state, for whoever watches a server: each once, ended and lost ones too.
#include <gtest/gtest.h>

#include "http/message.h"
#include "metrics/registry.h"
#include "store/metered.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

const Json kAptScan = {{"plugins", {"apt"}}};

class CommandsCounted : public ::testing::Test {
 protected:
  CommandsCounted()
      : store_(world_.database.open(world_.clock), registry_),
        services_({store_, world_.services.context().types, world_.signer, world_.services.context().bundle,
                   world_.services.context().epoch, world_.bell, world_.clock}) {}

  std::string order() {
    return services_.orders.order("scan", {agent_.agent_id}, kAptScan, world_.technician).front().id;
  }
  void tell(const std::string& command_id, const std::string& state) {
    const bool done = state == "succeeded";
    const Json results = done ? Json::array({{{"scans", Json::array()}}}) : Json();
    const Json item = world_.stateItem(command_id, state, results);
    EXPECT_TRUE(services_.uploads.take(agent_, dumpJson({{"items", {item}}})).rejected.empty());
  }
  void expect(const std::string& state, int times) const {
    const std::string line =
        "redflag_commands_reached_total{state=\"" + state + "\"} " + std::to_string(times) + "\n";
    EXPECT_NE(registry_.text().find(line), std::string::npos) << line << registry_.text();
  }

  World world_;
  metrics::Registry registry_;
  store::MeteredStore store_;
  services::Services services_;
  const store::AgentKey agent_ = world_.enrol();
};

TEST_F(CommandsCounted, name_each_state_before_any_came_to_it) {
  for (int i = 0; i < store::kCommandStates; ++i)
    expect(store::name(static_cast<store::CommandState>(i)), 0);
}

TEST_F(CommandsCounted, are_counted_once_in_each_state_also_when_the_agent_says_it_twice) {
  const std::string done = order();
  EXPECT_EQ(services_.orders.fetch(agent_).size(), 1U);
  for (const char* state : {"accepted", "running", "succeeded", "succeeded"})
    tell(done, state);
  services_.orders.cancel(order(), world_.technician);
  for (const char* state : {"delivered", "accepted", "running", "succeeded", "cancelled"})
    expect(state, 1);
  expect("queued", 2);
  expect("failed", 0);
}

TEST_F(CommandsCounted, are_counted_when_they_are_lost_and_when_their_late_result_comes) {
  const std::string late = order();
  tell(late, "accepted");
  world_.clock.advance_s(86'400);
  services_.orders.sweep();
  expect("lost", 1);
  tell(late, "failed");
  expect("failed", 1);
}

TEST_F(CommandsCounted, do_not_count_what_was_undone) {
  const store::WriteTransaction* seen = nullptr;
  const auto place = [&] {
    services_.orders.order("scan", {agent_.agent_id}, kAptScan, world_.technician,
                           [&](store::WriteTransaction& tx, const std::vector<store::Command>&) {
                             seen = &tx;
                             throw http::Problem{409, "test", "not now"};
                           });
  };
  EXPECT_THROW(place(), http::Problem);
  EXPECT_NE(seen, nullptr);
  expect("queued", 0);
}

}  // namespace
}  // namespace redflag::testing
