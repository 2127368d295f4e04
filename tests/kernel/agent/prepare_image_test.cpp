#include "agent/prepare_image.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>

#include "base/encoding.h"
#include "platform/files.h"
#include "protocol/bundle.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;

class PrepareImage : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    platform::keepStateIn(request_.paths, folder_.path() / "state");
    request_.executor_state = folder_.path() / "executor";
    request_.bundle_place = folder_.path() / "etc/enrolment";
    fs::create_directories(request_.bundle_place.parent_path());
    for (const char* file : {"identity/key.json", "identity/identity.json", "orders.db", "spool.db",
                             "spool.db-wal", "breakers.db.damaged-1", "trust/metadata/root.json",
                             "plugins/apt.state", "scratch/x", "schedule.json", "run/leftover"})
      put(request_.paths.state / file);
    for (const char* file : {"trust.json", "journal.sqlite", "trust/metadata/root.json", "runs/1/state"})
      put(request_.executor_state / file);
  }
  static void put(const fs::path& file, const std::string& content = "x") {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  static std::set<std::string> namesIn(const fs::path& folder) {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder))
      out.insert(entry.path().filename().string());
    return out;
  }
  fs::path bundle(const std::string& rebinds = "") const {
    protocol::Bundle bundle;
    bundle.urls = {"https://h:1"};
    bundle.token = "token";
    bundle.authorities = {"one", "two"};
    bundle.root = {1, std::string(32, 'h')};
    bundle.rebinds = rebinds;
    const auto file = folder_.path() / "bundle";
    std::ofstream(file) << protocol::encodeBundle(bundle).value();
    return file;
  }

  test::TemporaryFolder folder_;
  ImageRequest request_;
};

TEST_F(PrepareImage, leaves_nothing_of_the_agent_and_says_what_it_removed) {
  const auto report = prepareImage(request_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_TRUE(fs::is_empty(request_.paths.state));
  EXPECT_TRUE(fs::is_empty(request_.executor_state));
  ASSERT_FALSE(report->removed.empty());
  EXPECT_EQ(report->removed.front().path, request_.paths.state / "identity") << "the key goes first";
  EXPECT_TRUE(report->left.empty());
  EXPECT_FALSE(report->bundle_waits);
  EXPECT_TRUE(prepareImage(request_)->removed.empty()) << "the second time";
}

TEST_F(PrepareImage, B11_forgetting_the_server_alone_is_said_before_it_is_done_and_keeps_the_rest) {
  const auto look = lookAtWhatToForget(Forget::kServer, request_.paths, request_.executor_state);
  ASSERT_TRUE(look) << look.error().text;
  EXPECT_TRUE(fs::exists(request_.paths.state / "trust/metadata/root.json"));
  const auto done = forget(Forget::kServer, request_.paths, request_.executor_state);
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->entries.size(), look->entries.size());
  for (std::size_t i = 0; i < done->entries.size(); ++i) {
    EXPECT_EQ(done->entries[i].path, look->entries[i].path);
    EXPECT_FALSE(fs::exists(done->entries[i].path));
  }
  EXPECT_EQ(namesIn(request_.paths.state),
            (std::set<std::string>{"breakers.db.damaged-1", "plugins", "run", "schedule.json", "scratch"}));
  EXPECT_TRUE(fs::is_empty(request_.executor_state));
  EXPECT_TRUE(forget(Forget::kServer, request_.paths, request_.executor_state)->entries.empty());
}

TEST_F(PrepareImage, keeps_what_it_does_not_know_and_names_it) {
  put(request_.paths.state / "notes.txt");
  put(request_.paths.state / "trustworthy");
  const auto report = prepareImage(request_);
  ASSERT_TRUE(report);
  EXPECT_EQ(namesIn(request_.paths.state), (std::set<std::string>{"notes.txt", "trustworthy"}));
  EXPECT_EQ(report->left.size(), 2U);
}

TEST_F(PrepareImage, follows_no_link) {
  put(folder_.path() / "precious/file");
  fs::remove_all(request_.paths.state / "plugins");
  fs::create_directory_symlink(folder_.path() / "precious", request_.paths.state / "plugins");
  ASSERT_TRUE(prepareImage(request_));
  EXPECT_TRUE(fs::exists(folder_.path() / "precious/file"));
  EXPECT_FALSE(fs::is_symlink(request_.paths.state / "plugins"));
}

TEST_F(PrepareImage, touches_nothing_while_the_agent_or_its_executor_runs) {
  for (const auto& lock : {request_.paths.run / "agent.lock", request_.executor_state / "lock"}) {
    const auto held = platform::LockFile::acquire(lock);
    ASSERT_TRUE(held);
    const auto report = prepareImage(request_);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Code::kConflict);
    EXPECT_NE(report.error().text.find("stop it first"), std::string::npos);
    EXPECT_TRUE(fs::exists(request_.paths.state / "identity/key.json"));
  }
}

TEST_F(PrepareImage, puts_a_bundle_in_its_place_for_the_agents_user_alone) {
  if (geteuid() == 0) {
    ASSERT_EQ(chown(request_.paths.state.c_str(), 12'345, 12'345), 0);
    for (const auto& entry : fs::recursive_directory_iterator(request_.paths.state))
      ASSERT_EQ(chown(entry.path().c_str(), 12'345, 12'345), 0);
    ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  }
  request_.bundle = bundle();
  const auto report = prepareImage(request_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_TRUE(report->bundle_waits);
  struct stat info {};
  ASSERT_EQ(stat(request_.bundle_place.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  if (geteuid() == 0) {
    EXPECT_EQ(info.st_uid, 12'345U);
  }
}

TEST_F(PrepareImage, takes_no_bundle_that_is_for_one_agent_or_none_at_all) {
  request_.bundle = bundle("agent-1");
  EXPECT_EQ(prepareImage(request_).error().code, Code::kInvalid);
  put(folder_.path() / "bundle", "rfb1.nonsense");
  EXPECT_EQ(prepareImage(request_).error().code, Code::kInvalid);
  EXPECT_TRUE(fs::exists(request_.paths.state / "identity/key.json")) << "refused before anything is removed";
}

}  // namespace
}  // namespace redflag::kernel
