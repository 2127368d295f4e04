#pragma once
// A server without HTTP: a real store with a database of its own, the real command types in real hosts, a
// clock turned by hand, and agents that are told what to say.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "commands/loaded_types.h"
#include "http/streams.h"
#include "services/services.h"
#include "store/agents.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/people.h"
#include "store/scans.h"
#include "store/updates.h"
#include "support/database.h"
#include "support/folder.h"

namespace redflag::testing {

constexpr std::int64_t kHour = 3'600;  // in seconds, as advance_s() takes them
constexpr std::int64_t kDay = 24 * kHour;

class ManualClock : public Clock {
 public:
  std::int64_t epochNs() const override { return now; }
  std::int64_t monotonicNs() const override { return now - turned; }
  void advance_s(std::int64_t seconds) { now += seconds * kSecondNs; }
  // As a person or a time service sets it: no time goes by.
  void turn_s(std::int64_t seconds) {
    now += seconds * kSecondNs;
    turned += seconds * kSecondNs;
  }
  std::int64_t now = 1'700'000'000 * kSecondNs;
  std::int64_t turned = 0;
};

class RecordedStreams : public http::Streams {
 public:
  void ring(const std::string& agent_id) override { rung.push_back(agent_id); }
  void outboxGrew() override { ++grown; }
  bool connected(const std::string& agent_id) const override {
    return std::find(listening.begin(), listening.end(), agent_id) != listening.end();
  }
  std::vector<std::string> connectedAgents() const override { return listening; }
  std::vector<std::string> listening;
  std::vector<std::string> rung;
  std::atomic<int> grown = 0;
};

// The command types of this build, asked once per process.
commands::LoadedCommandTypes& builtInTypes();

// Rows and items as agents write them.
struct Row {
  std::string name;
  std::string candidate;
  std::string installed = "1.0";
  std::string scope = "main";
  std::string category = "bugfix";
  std::string severity = "unknown";
  std::string blocked_by = "";
  Json more = Json::object();
};
Json updateRow(const Row& row);

struct ScanSpec {
  std::string purpose = "updates";
  std::vector<std::pair<std::string, std::string>> scopes = {{"main", "ok"}};
  std::vector<Json> records = {};
  std::string command_id = "";
  std::string boot_id = "boot-1";
  std::string plugin = "apt";
  std::int64_t started_at = 0;  // 0: now
  std::string id = "";          // "": a new one
};

class World {
 public:
  explicit World(commands::CommandTypes* types = nullptr);

  store::AgentKey enrol(const std::string& hostname = "alpha", const std::string& mode = "act");
  services::UploadAnswer upload(const store::AgentKey& agent, const std::vector<Json>& items);
  // The same for items that must be taken; fails the test otherwise.
  void mustTake(const store::AgentKey& agent, const std::vector<Json>& items);
  void scan(const store::AgentKey& agent, const ScanSpec& spec);
  Json scanItem(const ScanSpec& spec) const;
  Json statusItem(const std::string& hostname, const std::string& mode,
                  const std::string& boot_id = "boot-1") const;
  Json stateItem(const std::string& command_id, const std::string& state, const Json& results = Json(),
                 const std::string& code = "", const std::string& text = "") const;

  // Rows of the agent by name, whatever their state.
  store::Update update(const store::AgentKey& agent, const std::string& name, const std::string& version);
  std::string stateOf(const store::AgentKey& agent, const std::string& name, const std::string& version);
  std::vector<store::Update> updates(const store::UpdateFilter& filter);
  store::Command command(const std::string& id) {
    return services.orders.find(id, http::Visible::everything());
  }
  store::Command newest(const std::string& type);
  std::vector<store::HistoryEntry> history(const store::AgentKey& agent);
  services::ApprovalOutcome approve(const std::vector<std::string>& update_ids);

  // Plans and installs as an agent would report them.
  static Json plan(const std::vector<std::vector<std::string>>& steps);  // {operation, name, from, to}
  static std::string hashOf(const Json& plan);
  // Fetches, accepts, runs and reports one command; settles.
  void carryOut(const store::AgentKey& agent, const std::string& command_id, const std::string& state,
                const Json& results, const std::string& code = "", const std::string& text = "");

  TestDatabase database;
  ManualClock clock;
  RecordedStreams streams;
  services::Bell bell;
  Result<std::int64_t> epoch = 0;             // under which orders are signed, or why not
  std::function<void()> before_signing = {};  // between what was read and what is handed out
  commands::CommandSigner signer;
  auth::AccessTokens tokens;
  std::unique_ptr<store::Store> opened;
  store::Store& store;
  Folder folder;
  services::AuditKeeper audit;
  services::Services services;

  const services::Actor approver{"erin", http::Grants::everywhere("approver")};
  const services::Actor technician{"tom", http::Grants::everywhere("technician")};
  const services::Actor admin{"ada", http::Grants::everywhere("admin")};
  std::string token;  // of a bundle with many seats
};

}  // namespace redflag::testing
