// Streams of modules that are not enabled, or disabled, are not what this machine would get.
#include <gtest/gtest.h>

#include "scan_of.h"

namespace redflag::test {
namespace {

std::string stream(const std::string& name, const std::string& artifact) {
  return "---\ndocument: modulemd\nversion: 2\ndata:\n  name: node\n  stream: \"" + name +
         "\"\n  version: 1\n  context: aaaaaaaa\n  arch: x86_64\n  summary: test\n  description: test\n"
         "  license:\n    module:\n    - MIT\n  dependencies:\n  - requires:\n      platform: [el9]\n"
         "  artifacts:\n    rpms:\n    - " +
         artifact + "\n...\n";
}

class DnfModules : public testing::Test {
 protected:
  DnfModules() : scan_(root_) {
    root_.install({{"node", "1.0-1.module"}, {"plain", "1.0-1"}});
    root_.addRepository(
        {.id = "base",
         .modules = stream("18", "node-0:1.8-1.module.x86_64") + stream("20", "node-0:2.0-1.module.x86_64")},
        {{"node", "1.8-1.module"}, {"node", "2.0-1.module"}, {"plain", "1.1-1"}});
  }
  void enable(const std::string& state, const std::string& name) {
    root_.write("etc/dnf/modules.d/node.module",
                "[node]\nname=node\nprofiles=\nstate=" + state + "\nstream=" + name + "\n");
  }
  void compare(const std::set<std::string>& expected) {
    root_.refresh();
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), expected);
    EXPECT_EQ(root_.upgradable(), expected);
  }

  DnfRoot root_;
  ScanOf scan_;
};

TEST_F(DnfModules, an_enabled_stream_is_the_only_one_and_is_named) {
  enable("enabled", "18");
  compare({"node x86_64 1.8-1.module base", "plain x86_64 1.1-1 base"});
  EXPECT_EQ(scan_.update("node").at("channel"), "node:18");
  EXPECT_FALSE(scan_.update("plain").contains("channel"));
}

TEST_F(DnfModules, another_stream_after_a_switch) {
  enable("enabled", "20");
  compare({"node x86_64 2.0-1.module base", "plain x86_64 1.1-1 base"});
  EXPECT_EQ(scan_.update("node").at("channel"), "node:20");
}

TEST_F(DnfModules, a_disabled_module_offers_nothing) {
  enable("disabled", "");
  compare({"plain x86_64 1.1-1 base"});
}

TEST_F(DnfModules, a_repository_with_hotfixes_is_not_filtered) {
  enable("enabled", "18");
  root_.addRepository({.id = "fixes", .lines = "module_hotfixes=1\n"}, {{"node", "3.0-1"}});
  compare({"node x86_64 3.0-1 fixes", "plain x86_64 1.1-1 base"});
}

}  // namespace
}  // namespace redflag::test
