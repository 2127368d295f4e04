#include "agent/enroll_command.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "../../support/cannot_run.h"
#include "base/encoding.h"
#include "executor/order_keys.h"
#include "executor/trust_file.h"
#include "fake_server.h"
#include "identity/identity.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

constexpr unsigned kSomebody = 12'345;

class EnrollCommand : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    config_.proxy = "none";
    request_.state = folder_.path() / "state";
    request_.bundle_stdin = true;
  }
  int enroll(const std::string& bundle) {
    std::istringstream in(bundle + "\n");
    out_.str("");
    err_.str("");
    return runEnroll(config_, request_, in, out_, err_);
  }
  int enroll() { return enroll(protocol::encodeBundle(server_.bundle()).value()); }
  std::string key() const {
    const auto key = IdentityStore(request_.state, ownMarks()).loadKey();
    return key ? key->publicKey() : "";
  }
  static struct stat factsOf(const std::filesystem::path& path) {
    struct stat info {};
    stat(path.c_str(), &info);
    return info;
  }

  test::TemporaryFolder folder_;
  test::FakeServer server_;
  Config config_;
  EnrollRequest request_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(EnrollCommand, takes_the_bundle_from_stdin) {
  EXPECT_EQ(enroll(), 0) << err_.str();
  EXPECT_NE(out_.str().find("agent-1"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(request_.state / "executor")) << "report mode has no executor";
}

TEST_F(EnrollCommand, takes_the_bundle_from_a_file_and_prints_json) {
  request_.bundle_stdin = false;
  request_.bundle_file = folder_.path() / "bundle";
  request_.json = true;
  std::ofstream(request_.bundle_file) << protocol::encodeBundle(server_.bundle()).value();
  ASSERT_EQ(enroll(""), 0) << err_.str();
  const Json printed = parseJson(out_.str()).value();
  EXPECT_EQ(printed.at("agent_id"), "agent-1");
  EXPECT_EQ(printed.at("urls").at(0), server_.url());
}

TEST_F(EnrollCommand, answers_by_exit_code_what_went_wrong) {
  EXPECT_EQ(enroll("rfb1.nonsense"), 2);
  EXPECT_EQ(enroll(std::string(100'000, 'x')), 2);
  request_.bundle_file = "both";
  EXPECT_EQ(enroll(), 2);
  request_.bundle_file.clear();
  EXPECT_EQ(enroll(protocol::encodeBundle(server_.bundle("wrong")).value()), 3);
  EXPECT_NE(err_.str().find("token.unknown"), std::string::npos) << err_.str();
  auto nowhere = server_.bundle();
  nowhere.urls = {"https://127.0.0.1:1"};
  EXPECT_EQ(enroll(protocol::encodeBundle(nowhere).value()), 4);
  EXPECT_FALSE(IdentityStore(request_.state, ownMarks()).enrolled());
}

TEST_F(EnrollCommand, refuses_a_server_whose_trust_root_is_not_the_pinned_one_before_a_seat_is_used) {
  auto bundle = server_.bundle();
  bundle.root.sha256 = sha256("another");
  EXPECT_EQ(enroll(protocol::encodeBundle(bundle).value()), 3);
  EXPECT_NE(err_.str().find("trust root"), std::string::npos) << err_.str();
  EXPECT_TRUE(server_.requests("/agent/v1/enroll").empty());
  bundle.root.version = 9;
  EXPECT_EQ(enroll(protocol::encodeBundle(bundle).value()), 3);
  EXPECT_FALSE(IdentityStore(request_.state, ownMarks()).enrolled());
}

TEST_F(EnrollCommand, asks_again_with_the_same_key_and_replaces_it_only_when_told) {
  ASSERT_EQ(enroll(), 0);
  const std::string first = key();
  ASSERT_EQ(enroll(), 0);
  EXPECT_EQ(key(), first);
  request_.replace = true;
  ASSERT_EQ(enroll(), 0);
  EXPECT_NE(key(), first);
}

TEST_F(EnrollCommand, does_not_become_another_agent_by_accident) {
  ASSERT_EQ(enroll(), 0);
  server_.answerWith([](test::FakeServer&, const test::FakeRequest&) {
    return test::FakeReply{
        201, "application/json", R"({"agent_id":"agent-2","client_id":"c","site_id":"s"})", {}, false};
  });
  EXPECT_EQ(enroll(), 3);
  EXPECT_NE(err_.str().find("--replace"), std::string::npos);
  EXPECT_EQ(IdentityStore(request_.state, ownMarks()).load()->agent_id, "agent-1");
}

// What whoever owns a server could ask people to run.
TEST_F(EnrollCommand, B11_a_bundle_with_another_trust_root_changes_nothing_however_it_is_offered) {
  ASSERT_EQ(enroll(), 0);
  const std::string before = key();
  test::FakeServer stranger;
  for (const bool replace : {false, true}) {
    for (const char* rebinds : {"", "agent-1"}) {
      request_.replace = replace;
      auto bundle = stranger.bundle();
      bundle.rebinds = rebinds;
      EXPECT_EQ(enroll(protocol::encodeBundle(bundle).value()), 3);
      EXPECT_NE(err_.str().find("forget-server"), std::string::npos) << err_.str();
      EXPECT_EQ(key(), before);
    }
  }
  EXPECT_TRUE(stranger.requests("/agent/v1/enroll").empty()) << "no token is given away";
  EXPECT_EQ(IdentityStore(request_.state, ownMarks()).load()->urls.at(0), server_.url());
  request_.replace = false;
  EXPECT_EQ(enroll(), 0) << "its own server's bundle is as good as before";
}

TEST_F(EnrollCommand, B11_the_executors_root_alone_is_enough_to_refuse_another) {
  if (geteuid() != 0) REDFLAG_CANNOT_RUN << "only root may";
  config_.mode = Mode::kAct;
  ASSERT_EQ(enroll(), 0) << err_.str();
  std::filesystem::remove_all(request_.state / "trust");
  std::filesystem::remove_all(request_.state / "identity");
  test::FakeServer stranger;
  EXPECT_EQ(enroll(protocol::encodeBundle(stranger.bundle()).value()), 3);
  EXPECT_NE(err_.str().find("the executor"), std::string::npos) << err_.str();
  EXPECT_TRUE(stranger.requests("/agent/v1/enroll").empty());
  ListedOrderKeys keys(request_.state / "executor", systemClock());
  EXPECT_TRUE(keys.commands(server_.trust().files()));
  EXPECT_EQ(enroll(), 0) << "what the refused one left is in nobody's way: " << err_.str();
}

TEST_F(EnrollCommand, tells_the_executor_whom_to_believe) {
  if (geteuid() != 0) REDFLAG_CANNOT_RUN << "only root may";
  config_.mode = Mode::kAct;
  ASSERT_EQ(enroll(), 0) << err_.str();
  const auto folder = request_.state / "executor";
  const auto trust = loadExecutorTrust(folder);
  ASSERT_TRUE(trust) << trust.error().text;
  EXPECT_EQ(trust->agent_id, "agent-1");
  EXPECT_EQ(trust->client_id, "client-1");
  ListedOrderKeys keys(folder, systemClock());
  EXPECT_FALSE(keys.commands(Json())) << "it believes no list that it was not handed";
  const auto list = keys.commands(server_.trust().files());
  ASSERT_TRUE(list) << list.error().text;
  EXPECT_TRUE(list->publicKey(protocol::keyId(server_.commandKey().publicKey()), epochNow()));
  EXPECT_EQ(factsOf(folder / "trust.json").st_mode & 0777U, 0600U);

  ExecutorTrust bound = *trust;
  bound.journal_id = "journal";
  ASSERT_TRUE(saveExecutorTrust(folder, bound));
  ASSERT_EQ(enroll(), 0);
  EXPECT_EQ(loadExecutorTrust(folder)->journal_id, "journal")
      << "asking again must not forget what was carried out";
}

TEST_F(EnrollCommand, as_root_it_works_in_the_agents_folder_as_its_owner) {
  if (geteuid() != 0) REDFLAG_CANNOT_RUN << "only root can";
  config_.mode = Mode::kAct;
  request_.executor_state = folder_.path() / "executor";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  std::filesystem::create_directory(request_.state);
  ASSERT_EQ(chown(request_.state.c_str(), kSomebody, kSomebody), 0);
  ASSERT_EQ(enroll(), 0) << err_.str();
  EXPECT_EQ(geteuid(), 0U);
  for (const char* name : {"identity", "identity/key.json", "identity/identity.json", "orders.db"}) {
    EXPECT_EQ(factsOf(request_.state / name).st_uid, kSomebody) << name;
  }
  EXPECT_EQ(factsOf(request_.executor_state / "trust.json").st_uid, 0U);
}

// The agent's user could plant links in its own folder; root's writes must not follow them out of it.
TEST_F(EnrollCommand, as_root_it_is_not_led_astray_by_the_agents_folder) {
  if (geteuid() != 0) REDFLAG_CANNOT_RUN << "only root can";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  const auto target = folder_.path() / "roots";
  std::filesystem::create_directory(target);
  std::filesystem::permissions(target, std::filesystem::perms(0755));
  std::filesystem::create_directory(request_.state);
  std::filesystem::create_directory_symlink(target, request_.state / "identity");
  ASSERT_EQ(chown(request_.state.c_str(), kSomebody, kSomebody), 0);
  EXPECT_NE(enroll(), 0);
  EXPECT_TRUE(std::filesystem::is_empty(target));
}

}  // namespace
}  // namespace redflag::kernel
