// Days of a fleet in the server's store, by a clock that is turned by hand: redflag-bench-growth
// FILE|postgresql://… AGENTS DAYS
//   Each agent scans three plugins every six hours; 60 updates wait for it; on one day in thirty they are
//   planned and installed, with a log of 200 lines, and others wait next. The server forgets meanwhile as it
//   always does.
#include <cstdlib>
#include <iostream>
#include <vector>

#include "base/encoding.h"
#include "fleet/backend.h"
#include "store/commands.h"
#include "store/updates.h"

namespace redflag::bench {
namespace {

constexpr int kUpdates = 60;
constexpr int kLogLines = 200;
constexpr int kPatchEvery = 30;
constexpr int kScansADay = 4;
constexpr std::int64_t kQuarterNs = 86'400 / kScansADay * kSecondNs;

class TurnedClock : public Clock {
 public:
  std::int64_t epochNs() const override { return now; }
  std::int64_t monotonicNs() const override { return now; }
  std::int64_t now = 1'700'000'000 * kSecondNs;
};

Json updatesOf(int month) {
  Json records = Json::array();
  for (int i = 0; i < kUpdates; ++i)
    records.push_back(updateRow(i, std::to_string(4 + month)));
  return records;
}

void scan(Backend& backend, const store::AgentKey& agent, int month, std::int64_t now) {
  backend.upload(agent, uploadOf({scanItem("apt", "updates", "deb.example.org/debian bookworm-security/main",
                                           updatesOf(month), now),
                                  scanItem("system", "inventory", "", Json::array(), now),
                                  scanItem("docker", "updates", "", Json::array(), now)}));
}

// A command from its order to its end, as its transitions and its log stay behind.
void carryOut(Backend& backend, const store::AgentKey& agent, const std::string& type, std::int64_t now) {
  using store::CommandEvent;
  backend.services().context().store.write([&](store::WriteTransaction& tx) {
    store::Command command;
    command.id = newId();
    command.client_id = agent.client_id;
    command.agent_id = agent.agent_id;
    command.type = type;
    command.title = "Install 60 updates";
    command.created_at = command.state_since = now;
    command.expires_at = now + 86'400 * kSecondNs;
    command.actor = "bench";
    command.results = updatesOf(0).dump();
    tx.commands().add(command, {});
    for (const auto event :
         {CommandEvent::kFetched, CommandEvent::kAccepted, CommandEvent::kRunning, CommandEvent::kSucceeded})
      tx.commands().advance(command, event, "agent", {}, now);
    std::vector<store::LogLine> lines;
    for (int i = 0; i < kLogLines; ++i)
      lines.push_back({i, now,
                       "Unpacking libsomething-" + std::to_string(i) +
                           "-perl:amd64 (1:2.36.1-9+deb12u4) over (1:2.36.1-9+deb12u3) ..."});
    tx.commands().addLog(command, lines, 10'000);
    tx.commands().setResults(command, command.results);
    tx.commands().settle(command);
  });
}

int run(const store::Database& database, int agents, int days) {
  TurnedClock clock;
  Backend backend(database, clock);
  std::vector<store::AgentKey> fleet;
  for (int i = 0; i < agents; ++i)
    fleet.push_back(backend.enrol("host-" + std::to_string(i)));
  for (int day = 0; day < days; ++day) {
    for (int quarter = 0; quarter < kScansADay; ++quarter, clock.now += kQuarterNs) {
      for (const auto& agent : fleet)
        scan(backend, agent, day / kPatchEvery, clock.now);
    }
    if (day % kPatchEvery == kPatchEvery - 1) {
      for (const auto& agent : fleet) {
        carryOut(backend, agent, "plan_updates", clock.now);
        carryOut(backend, agent, "install_updates", clock.now);
      }
    }
    backend.services().upkeep.round();
  }
  return 0;
}

}  // namespace
}  // namespace redflag::bench

int main(int argc, char** argv) {
  using namespace redflag;
  if (argc != 4 || !initCrypto()) return 2;
  const std::string where = argv[1];
  const bool url = where.starts_with("postgresql://");
  return bench::run({url ? "" : where, url ? where : ""}, std::atoi(argv[2]), std::atoi(argv[3]));
}
