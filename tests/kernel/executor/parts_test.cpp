// The executor's small parts.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/encoding.h"
#include "executor/event_queue.h"
#include "executor/host_report.h"
#include "executor/host_run.h"
#include "executor/local_plan.h"
#include "executor/log.h"
#include "executor/process_tree.h"
#include "executor/trusted_place.h"
#include "platform/descriptor.h"
#include "support.h"

namespace redflag::kernel::test {
namespace {

using host::Frame;
using host::FrameType;
using testing::HasSubstr;
using testing::SizeIs;

TEST(LocalPlan, is_read_with_categories_and_hashed_without) {
  const std::string step = R"("operation":"upgrade","name":"nginx","arch":"amd64","from":"1","to":"2")";
  const auto plan = readPlan(R"({"needs_reboot":true,"steps":[{)" + step + R"(,"category":"security"}]})");
  ASSERT_TRUE(plan.has_value()) << plan.error().text;
  EXPECT_TRUE(plan->needs_reboot);
  ASSERT_THAT(plan->steps, SizeIs(1));
  EXPECT_EQ(plan->steps[0].category, "security");
  EXPECT_EQ(plan->hash, protocol::planHash({{"upgrade", "nginx", "amd64", "1", "2"}}));
}

TEST(LocalPlan, that_is_malformed_is_refused_by_name) {
  for (const char* text : {"", "[]", "{}", R"({"steps":{}})", R"({"steps":[{}]})",
                           R"({"steps":[{"operation":"install","name":7,"arch":"","from":"","to":""}]})",
                           R"({"steps":[],"needs_reboot":"yes"})"}) {
    const auto plan = readPlan(text);
    ASSERT_FALSE(plan.has_value()) << text;
    EXPECT_THAT(plan.error().text, HasSubstr("plan"));
  }
}

TEST(HostReport, adds_up_frames_and_believes_no_type) {
  HostReport report("c1", {});
  for (const Frame& frame :
       {Frame{FrameType::kHello, R"({"id":"x"})"}, Frame{FrameType::kReport, R"({"code":7,"text":[]})"},
        Frame{FrameType::kReport, R"({"status":"transient","code":"apt.locked","text":"held"})"},
        Frame{FrameType::kProgress, R"({"percent":"ten"})"}, Frame{FrameType::kProgress, "junk"},
        Frame{FrameType::kResult, "{}"}, Frame{FrameType::kDone, R"({"status":"transient"})"}}) {
    report.take(frame);
  }
  EXPECT_TRUE(report.loaded());
  EXPECT_TRUE(report.done());
  EXPECT_EQ(report.status(), "transient");
  EXPECT_EQ(report.code("none"), "apt.locked");
  EXPECT_EQ(report.text("none"), "held");
  EXPECT_EQ(report.result(), "{}");
}

TEST(HostReport, thins_progress_and_bounds_the_lines_of_a_flood) {
  std::vector<Json> told;
  HostReport report("c1", [&told](const Json& event) { told.push_back(event); });
  for (int i = 0; i < 20'100; ++i) {
    report.take({FrameType::kProgress, R"({"line":"x"})"});
    if (i % 100 != 0) continue;
    report.take({FrameType::kProgress, R"({"percent":5,"text":"a"})"});
    report.flush(0, i);  // nanoseconds apart
  }
  report.flush(0, 50'000);
  std::size_t lines = 0;
  std::size_t progress = 0;
  for (const Json& event : told) {
    event.at("event") == "log" ? lines += event.at("lines").size() : ++progress;
  }
  EXPECT_EQ(lines, 20'001U);  // the last one says so
  EXPECT_EQ(progress, 0U);
  report.take({FrameType::kProgress, R"({"percent":100,"text":"done"})"});
  report.flush(0, 60'000);
  EXPECT_EQ(told.back().at("percent"), 100);
}

TEST(EventQueue, drops_lines_before_states) {
  EventQueue queue(2);
  for (int i = 0; i < 5; ++i)
    queue.push({{"event", "log"}, {"n", i}});
  queue.push({{"event", "result"}});
  EXPECT_FALSE(queue.overrun());
  EXPECT_EQ(queue.pop(0)->at("n"), 0);
  EXPECT_EQ(queue.pop(0)->at("n"), 1);
  EXPECT_EQ(queue.pop(0)->at("event"), "result");
  EXPECT_FALSE(queue.pop(0).has_value());
  for (int i = 0; i < 5; ++i)
    queue.push({{"event", "result"}});
  EXPECT_TRUE(queue.overrun());
}

TEST(ExecutorLog, that_nothing_takes_stops_nothing) {
  const platform::Descriptor before(dup(STDERR_FILENO));
  const platform::Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(before.valid() && full.valid());
  ASSERT_GE(dup2(full.get(), STDERR_FILENO), 0);
  EXPECT_NO_THROW(logLine("info", "a line"));
  ASSERT_GE(dup2(before.get(), STDERR_FILENO), 0);
}

// A child whose own child is in another session, as dpkg on a terminal is.
struct Family {
  pid_t child = -1;
  pid_t grandchild = -1;
};

Family startFamily() {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  Family family;
  family.child = fork();
  if (family.child == 0) {
    const pid_t below = fork();
    if (below == 0) setsid();
    if (below != 0) static_cast<void>(!write(ends[1], &below, sizeof(below)));
    for (;;)
      pause();
  }
  EXPECT_EQ(read(ends[0], &family.grandchild, sizeof(family.grandchild)),
            static_cast<ssize_t>(sizeof(pid_t)));
  close(ends[0]);
  close(ends[1]);
  return family;
}

TEST(ProcessTree, ends_descendants_in_sessions_of_their_own) {
  const Family family = startFamily();
  const auto below = markOf(family.grandchild);
  const auto root = markOf(family.child);
  ASSERT_TRUE(root && below);
  killTree(*root);
  EXPECT_TRUE(eventually([&] { return !isAlive(*root) && !isAlive(*below); }));
  waitpid(family.child, nullptr, 0);
}

TEST(ProcessTree, does_not_touch_another_process_with_the_same_number) {
  const Family family = startFamily();
  ProcessMark other = markOf(family.child).value();
  other.start += "0";
  killTree(other);
  EXPECT_TRUE(markOf(family.child).has_value());
  killTree(markOf(family.child).value());
  waitpid(family.child, nullptr, 0);
  EXPECT_FALSE(markOf(family.child).has_value());
}

TEST(HostRun, that_was_never_told_to_begin_is_dismissed_without_its_number) {
  const TestFolder folder;
  const HostPlace place{folder.path(), "install"};
  auto run = HostRun::spawn(place, {REDFLAG_BUILD "/bin/redflag-host", true, {}});
  ASSERT_TRUE(run.has_value()) << run.error().text;
  const ProcessMark mark = run->mark();
  EXPECT_TRUE(isAlive(mark));
  HostRun::dismissWaiting(place);
  EXPECT_TRUE(eventually([&] { return !isAlive(mark); }));
}

TEST(HostRun, that_has_written_more_than_fits_into_memory_is_read_in_pieces) {
  const TestFolder folder;
  const HostPlace place{folder.path(), "install"};
  ASSERT_EQ(mkfifo((folder.path() / "install.control").c_str(), 0600), 0);
  constexpr std::size_t kFrames = 12'000;
  const std::string frame = host::encodeFrame(FrameType::kProgress, std::string(1000, 'x'));
  {
    std::ofstream frames(folder.path() / "install.frames", std::ios::binary);
    for (std::size_t i = 0; i < kFrames; ++i)
      frames << frame;
  }
  auto run = HostRun::attach(place, {4'194'304, "of another boot"});
  ASSERT_TRUE(run.has_value()) << run.error().text;
  std::size_t read = 0;
  std::size_t most = 0;
  while (!run->ended()) {
    const auto some = run->step(0);
    ASSERT_TRUE(some.has_value()) << some.error().text;
    EXPECT_EQ(run->ended(), !run->behind());
    read += some->size();
    most = std::max(most, some->size());
  }
  EXPECT_EQ(read, kFrames);
  EXPECT_LT(most, kFrames / 2);
}

TEST(TrustedPlace, looks_at_every_folder_above) {
  const TestFolder folder;
  const auto inner = folder.path() / "a" / "b";
  std::filesystem::create_directories(inner);
  EXPECT_TRUE(checkTrustedPlace(inner).has_value());
  std::filesystem::permissions(folder.path() / "a", std::filesystem::perms::group_write,
                               std::filesystem::perm_options::add);
  const auto refused = checkTrustedPlace(inner);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text, HasSubstr((folder.path() / "a").string()));
}

}  // namespace
}  // namespace redflag::kernel::test
