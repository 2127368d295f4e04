#pragma once
// An executor whose installs are carried out by real hosts, with test.updater.

#include <gtest/gtest.h>

#include <fstream>
#include <mutex>

#include "base/encoding.h"
#include "host/manifest.h"
#include "support.h"

namespace redflag::kernel::test {

class Install : public testing::Test {
 protected:
  Install() {
    EXPECT_TRUE(initCrypto().has_value());
    std::filesystem::create_directory(machine.path() / "packages");
    rules.state.policy = allowEverything();
    auto manifest = host::loadManifest(REDFLAG_BUILD "/test_plugins", "test.updater");
    EXPECT_TRUE(manifest.has_value()) << manifest.error().text;
    rules.state.plugins["test.updater"] = {*manifest,     {{"folder", machine.path().string()}}, {}, {}, {},
                                           10 * kSecondNs};
    EXPECT_TRUE(saveExecutorTrust(folder.path(), server.trust()).has_value());
    clock.epoch = epochNow();
  }

  void begin(const std::string& boot_id = "boot-1") {
    executor = std::make_unique<Executor>(
        ExecutorOptions{folder.path(), REDFLAG_BUILD "/bin/redflag-host", {}, limits, boot_id}, rules, keys,
        clock);
    executor->attach([this](const Json& event) {
      const std::lock_guard lock(mutex);
      events.push_back(event);
    });
    ASSERT_TRUE(executor->start().has_value());
  }
  Json submit(const protocol::Envelope& envelope) {
    return executor->handle(submitRequest(server.seal(envelope)));
  }
  // The order's result; null when there is none in time.
  Json resultOf(const protocol::Envelope& envelope) {
    Json result;
    eventually([&] {
      const std::lock_guard lock(mutex);
      for (const Json& event : events) {
        if (event.at("event") == "result" && event.at("command_id") == envelope.command_id) result = event;
      }
      return !result.is_null();
    });
    return result;
  }
  Json carryOut(const protocol::Envelope& envelope) {
    EXPECT_EQ(submit(envelope).at("event"), "accepted");
    return resultOf(envelope);
  }
  protocol::Envelope order() const { return server.order(clock.epoch); }
  std::filesystem::path mark(const char* name) const {
    std::ofstream(machine.path() / name) << "";
    return machine.path() / name;
  }
  std::string log() const { return readAll(machine.path() / "log"); }
  std::vector<std::string> eventNames() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> out;
    for (const Json& event : events)
      out.push_back(event.at("event"));
    return out;
  }

  TestFolder machine;
  TestFolder folder;
  TestClock clock;
  TestRules rules;
  Server server;
  TestKeys keys{server.key.publicKey()};
  InstallLimits limits;
  std::mutex mutex;
  std::vector<Json> events;
  std::unique_ptr<Executor> executor;
};

}  // namespace redflag::kernel::test
