#include "swarm/server_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace redflag::swarm {
namespace {

// A program that says that it serves, and ends by itself once there is a file called "end".
class MortalServer : public ::testing::Test {
 protected:
  MortalServer() : folder_(testing::TempDir() + "/redflag-mortal-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder_);
    const auto program = folder_ / "program";
    std::ofstream(program) << "#!/bin/sh\n"
                              "echo https://127.0.0.1:9 > \"$3/server.url\"\n"
                              "until [ -e \"$3/end\" ]; do sleep 0.02; done\n"
                              "exit 3\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }
  ~MortalServer() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(MortalServer, is_missed_when_it_ends_by_itself) {
  ServerProcess server({folder_ / "program", folder_, ""});
  const auto started = server.start();
  ASSERT_TRUE(started) << started.error().text;
  EXPECT_TRUE(server.check());
  std::ofstream(folder_ / "end") << "now";
  Result<> checked;
  for (int looks = 0; checked && looks < 3'000; ++looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    checked = server.check();
  }
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().text.find("ended by itself with exit code 3"), std::string::npos)
      << checked.error().text;
  EXPECT_TRUE(server.check()) << "that is told once";
}

TEST_F(MortalServer, that_was_killed_is_not_missed) {
  ServerProcess server({folder_ / "program", folder_, ""});
  ASSERT_TRUE(server.start());
  server.kill();
  EXPECT_TRUE(server.check());
}

}  // namespace
}  // namespace redflag::swarm
