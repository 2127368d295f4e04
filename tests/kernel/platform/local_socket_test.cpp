#include "platform/local_socket.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/time.h"

namespace redflag::platform {
namespace {

class LocalSocket : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-socket-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path path() const { return folder_ / "s.sock"; }
  std::filesystem::path folder_;
};

TEST_F(LocalSocket, carries_messages_both_ways_and_knows_the_peer) {
  auto listener = LocalListener::listen(path(), 0660, "");
  ASSERT_TRUE(listener) << listener.error().text;
  auto client = LocalStream::connect(path());
  ASSERT_TRUE(client);
  auto server = listener->accept(kSecondNs);
  ASSERT_TRUE(server && *server);
  const auto peer = (*server)->peer();
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->pid, ::getpid());
  ASSERT_TRUE(client->send("question", kSecondNs));
  EXPECT_EQ(**(*server)->receive(100, kSecondNs), "question");
  const std::string large(300'000, 'x');  // more than a socket's buffer
  std::thread sender([&] { EXPECT_TRUE((*server)->send(large, 5 * kSecondNs)); });
  EXPECT_EQ(**client->receive(1U << 20U, 5 * kSecondNs), large);
  sender.join();
}

TEST_F(LocalSocket, cuts_off_who_announces_too_much_or_says_nothing) {
  auto listener = LocalListener::listen(path(), 0600, "");
  ASSERT_TRUE(listener);
  auto client = LocalStream::connect(path());
  auto server = listener->accept(kSecondNs);
  ASSERT_TRUE(client && server && *server);
  EXPECT_EQ((*server)->receive(10, 20'000'000).error().code, Code::kUnavailable);
  ASSERT_TRUE(client->send("more than ten bytes", kSecondNs));
  EXPECT_EQ((*server)->receive(10, kSecondNs).error().code, Code::kLimit);
}

TEST_F(LocalSocket, tells_a_closed_end_from_a_message_that_was_cut) {
  auto listener = LocalListener::listen(path(), 0600, "");
  ASSERT_TRUE(listener);
  {
    auto client = LocalStream::connect(path());
    ASSERT_TRUE(client);
  }
  auto first = listener->accept(kSecondNs);
  ASSERT_TRUE(first && *first);
  EXPECT_FALSE((*first)->receive(10, kSecondNs)->has_value());
  {
    auto client = LocalStream::connect(path());
    ASSERT_TRUE(client);
    ASSERT_EQ(::send(client->descriptor(), "\x05\0\0\0ab", 6, 0), 6);
  }
  auto second = listener->accept(kSecondNs);
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->receive(10, kSecondNs).error().code, Code::kInvalid);
}

TEST_F(LocalSocket, sets_the_permissions_before_anybody_can_connect) {
  auto listener = LocalListener::listen(path(), 0660, "");
  ASSERT_TRUE(listener);
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0660U);
}

TEST_F(LocalSocket, lets_only_the_owner_in_when_the_group_does_not_exist) {
  auto listener = LocalListener::listen(path(), 0660, "no-such-group-here");
  ASSERT_TRUE(listener);
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(LocalSocket, replaces_what_a_dead_process_left_but_nobody_living_and_no_file) {
  {
    auto dead = LocalListener::listen(path(), 0600, "");
    ASSERT_TRUE(dead);
    std::filesystem::create_hard_link(path(), folder_ / "kept");
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
  std::filesystem::rename(folder_ / "kept", path());
  auto listener = LocalListener::listen(path(), 0600, "");
  ASSERT_TRUE(listener) << listener.error().text;
  EXPECT_EQ(LocalListener::listen(path(), 0600, "").error().code, Code::kConflict);
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(LocalListener::listen(folder_ / "file", 0600, "").error().code, Code::kConflict);
}

TEST_F(LocalSocket, says_that_nobody_listens) {
  EXPECT_EQ(LocalStream::connect(path()).error().code, Code::kUnavailable);
}

TEST_F(LocalSocket, wakes_a_waiting_accept) {
  auto listener = LocalListener::listen(path(), 0600, "");
  ASSERT_TRUE(listener);
  std::thread waker([&] { listener->wake(); });
  const auto before = monotonicNow();
  auto nobody = listener->accept(30 * kSecondNs);
  waker.join();
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(nobody->has_value());
  EXPECT_LT(monotonicNow() - before, 10 * kSecondNs);
}

}  // namespace
}  // namespace redflag::platform
