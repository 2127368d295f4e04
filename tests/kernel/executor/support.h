#pragma once
// A machine to give orders to: keys, a clock that is turned by hand, rules without YAML, folders of its own.

#include <atomic>
#include <filesystem>
#include <map>
#include <string>

#include "base/time.h"
#include "executor/executor.h"
#include "listed_keys.h"
#include "protocol/keys.h"

namespace redflag::kernel::test {

class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Monotonic time is the real one: hosts are real processes.
class TestClock : public Clock {
 public:
  std::int64_t epochNs() const override { return epoch; }
  std::int64_t monotonicNs() const override { return monotonicNow() + monotonic_ahead; }

  std::atomic<std::int64_t> epoch = 1'750'000'000 * kSecondNs;
  std::atomic<std::int64_t> monotonic_ahead = 0;
};

struct RulesState {
  bool act = true;
  Policy policy;
  std::map<std::string, PluginSetup> plugins;
  std::string error;  // not empty: the file is bad
};

class TestRules : public RulesSource {
 public:
  Result<std::unique_ptr<Rules>> read() override;
  RulesState state;
};

// Believes a list as it stands, whatever is handed over.
class TestKeys : public OrderKeys {
 public:
  explicit TestKeys(const std::string& public_key) : listed(public_key) {}
  Result<protocol::CommandList> commands(const Json&) override { return listed.commands(); }
  ListedKeys listed;
};

// Everything of test.updater is allowed, at any time.
Policy allowEverything();

class Server {
 public:
  Server() : key(protocol::SigningKey::generate()) {}
  // A good order to install nginx 2, valid for an hour around `now`.
  protocol::Envelope order(std::int64_t now_ns) const;
  Json seal(const protocol::Envelope& envelope) const {
    return protocol::sealEnvelope(envelope, key).value();
  }
  ExecutorTrust trust() const;

  protocol::SigningKey key;
};

// The plan that test.updater makes for {name, version} on a machine where nothing is installed.
std::string planHashOf(const std::vector<std::pair<std::string, std::string>>& updates);
std::string parametersOf(const std::vector<std::pair<std::string, std::string>>& updates);

Json submitRequest(const Json& envelope);
std::string readAll(const std::filesystem::path& file);
// Waits at most thirty seconds.
bool eventually(const std::function<bool()>& condition);

}  // namespace redflag::kernel::test
