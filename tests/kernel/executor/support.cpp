#include "support.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/encoding.h"
#include "protocol/plan_hash.h"

namespace redflag::kernel::test {
namespace {

class FixedRules : public Rules {
 public:
  explicit FixedRules(RulesState state) : state_(std::move(state)) {}
  bool act() const override { return state_.act; }
  const Policy& policy() const override { return state_.policy; }
  Result<PluginSetup> plugin(const std::string& plugin, const char*) const override {
    const auto it = state_.plugins.find(plugin);
    if (it == state_.plugins.end()) return fail(Code::kNotFound, plugin + " is not enabled");
    return it->second;
  }

 private:
  RulesState state_;
};

}  // namespace

TestFolder::TestFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "redflag-executor-XXXXXX").string();
  path_ = mkdtemp(name.data());
  chmod(path_.c_str(), 0755);  // planning is done by a user without rights
}

TestFolder::~TestFolder() {
  std::filesystem::remove_all(path_);
}

Result<std::unique_ptr<Rules>> TestRules::read() {
  if (!state.error.empty()) return fail(Code::kInvalid, state.error);
  return std::make_unique<FixedRules>(state);
}

Policy allowEverything() {
  PolicyRule rule;
  rule.line = 1;
  rule.action = "test.updater/install";
  rule.always = true;
  return {{rule}, {}};
}

protocol::Envelope Server::order(std::int64_t now_ns) const {
  protocol::Envelope envelope;
  envelope.command_id = newId();
  envelope.client_id = "client-1";
  envelope.agent_id = "agent-1";
  envelope.command_type = "install_updates";
  envelope.actions = {{"test.updater", "install", parametersOf({{"nginx", "2"}})}};
  envelope.plan_hash = planHashOf({{"nginx", "2"}});
  envelope.issued_at = now_ns;
  envelope.not_before = now_ns - kSecondNs;
  envelope.expires_at = now_ns + 3600 * kSecondNs;
  return envelope;
}

ExecutorTrust Server::trust() const {
  return {"agent-1", "client-1", ""};
}

std::string planHashOf(const std::vector<std::pair<std::string, std::string>>& updates) {
  std::vector<protocol::PlanStep> steps;
  for (const auto& [name, version] : updates)
    steps.push_back({"install", name, "all", "", version});
  return protocol::planHash(steps);
}

std::string parametersOf(const std::vector<std::pair<std::string, std::string>>& updates) {
  Json list = Json::array();
  for (const auto& [name, version] : updates) {
    list.push_back({{"key", name}, {"name", name}, {"arch", "all"}, {"version", version}});
  }
  return dumpJson({{"updates", list}});
}

Json submitRequest(const Json& envelope) {
  return {{"op", "submit"}, {"envelope", envelope}};
}

std::string readAll(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool eventually(const std::function<bool()>& condition) {
  const std::int64_t until = monotonicNow() + 30 * kSecondNs;
  while (!condition()) {
    if (monotonicNow() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace redflag::kernel::test
