#include "schedule/run_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace redflag::kernel {
namespace {

TEST(RunGate, lets_no_more_in_than_it_should_and_each_plugin_once) {
  RunGate gate;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> same = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 24; ++i) {
    threads.emplace_back([&, i] {
      const std::string plugin = i % 2 == 0 ? "same" : "p" + std::to_string(i);
      const RunPass pass(gate, plugin, 3);
      ASSERT_TRUE(pass.inside());
      const int now = ++inside;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      const bool alone = plugin != "same" || ++same == 1;
      EXPECT_TRUE(alone);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (plugin == "same") --same;
      --inside;
    });
  }
  threads.clear();
  EXPECT_EQ(most, 3);
}

TEST(RunGate, sends_everybody_home_when_it_closes) {
  RunGate gate;
  ASSERT_TRUE(gate.enter("apt", 1));
  std::jthread waiting([&] { EXPECT_FALSE(gate.enter("apt", 1)); });
  gate.close();
  EXPECT_FALSE(gate.enter("system", 1));
}

}  // namespace
}  // namespace redflag::kernel
