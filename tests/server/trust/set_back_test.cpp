#include "trust/set_back.h"

#include <fstream>

#include "ceremony.h"
#include "trust/files.h"
#include "trust/keeper.h"

namespace redflag::trust {
namespace {

class SetBackServer : public Ceremony {
 protected:
  void SetUp() override {
    signAndPublish(keys_);
    ASSERT_TRUE(repository_.refresh(kNow));
  }
  // As the agents of this server keep them.
  Json files() const {
    Json metadata = Json::object();
    std::int64_t newest = 0;
    for (const auto& entry : std::filesystem::directory_iterator(trust() / "metadata")) {
      const std::string name = entry.path().filename();
      const std::string text = readIfThere(entry.path()).value();
      if (name == "timestamp.json" || name.ends_with(".root.json")) metadata[name] = text;
      if (name.ends_with(".targets.json") && std::stoll(name) > newest) {
        newest = std::stoll(name);
        metadata["targets.json"] = text;
      }
      if (name == std::to_string(versionsIn(trust()).snapshot) + ".snapshot.json")
        metadata["snapshot.json"] = text;
    }
    return {{"metadata", metadata},
            {"content", protocol::encodeCommandList(publishedList(trust()).value()).value()}};
  }
  void keepBackup() { copy(trust(), folder_ / "backup"); }
  void setBack() {
    std::filesystem::remove_all(trust());
    copy(folder_ / "backup", trust());
  }
  void nextList(std::int64_t epoch) {
    ListChange change;
    change.restore_epoch = epoch;
    keys_.changeList(change, kNow);
    signAndPublish(keys_);
  }
  static void copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }
  std::filesystem::path trust() const { return folder_ / "trust"; }
  Result<std::int64_t> mayOrder(std::int64_t now = kNow) {
    keeper_.tend(now);
    return keeper_.epochFor(server_.command.key_id, now);
  }

  Heard hear(const Json& files, const char* agent_id = "agent-1") const {
    return hearOfTrust(folder_ / "", files, agent_id, kNow);
  }

  KeyFolder keys_ = made();
  Repository repository_ = repository();
  Keeper keeper_{repository_, folder_ / "restored"};
};

TEST_F(SetBackServer,
       E6_orders_nothing_once_an_agent_hands_back_newer_documents_until_a_higher_epoch_is_signed) {
  keepBackup();
  nextList(0);
  ASSERT_TRUE(repository_.refresh(kNow + kSecondNs));
  const Json newer = files();
  setBack();
  ASSERT_TRUE(mayOrder()) << "nobody told it";
  const auto heard = hear(newer);
  EXPECT_TRUE(heard.newer);
  expectSays(heard.news, "targets 2 (here 1)");
  EXPECT_TRUE(hear(newer, "agent-2").news.empty()) << "once is enough for the log";
  ASSERT_FALSE(mayOrder());
  expectSays(mayOrder().error().text, "agent agent-1");
  Keeper restarted(repository_, folder_ / "restored");
  restarted.tend(kNow);
  EXPECT_FALSE(restarted.epochFor(server_.command.key_id, kNow)) << "a restart is no person who has looked";
  keys_.publish(trust());
  EXPECT_FALSE(mayOrder(kNow + 20 * kSecondNs)) << "it has caught up, and nobody has looked";
  nextList(1);
  EXPECT_EQ(mayOrder(kNow + 40 * kSecondNs).value(), 1);
}

TEST_F(SetBackServer, E6_what_one_server_heard_holds_every_server_on_the_database) {
  keepBackup();
  nextList(0);
  const Json newer = files();
  setBack();
  ASSERT_TRUE(hear(newer).newer);
  const testing::Folder other;
  const std::string told = shareSetBack(folder_ / "", "");
  EXPECT_EQ(shareSetBack(other / "", told), "") << "there is nothing more to tell";
  const auto mark = readSetBack(marksIn(other / "").behind);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->seen.targets, 2);
  EXPECT_EQ(mark->agent_id, "agent-1");
  expectSays(whyHeldBack(marksIn(other / ""), versionsIn(trust())), "agent agent-1");
  EXPECT_EQ(whyHeldBack(marksIn(other / ""), {1, 2, 0, 0, 1}), "") << "caught up, and a higher epoch";
  EXPECT_EQ(shareSetBack(folder_ / "", told), "") << "known";
  const testing::Folder third;
  EXPECT_EQ(shareSetBack(third / "", ""), "") << "nobody knows anything";
  EXPECT_THROW(shareSetBack(third / "", "{}"), std::runtime_error);
}

TEST_F(SetBackServer, E6_servers_that_heard_different_things_know_the_newest_of_both) {
  const testing::Folder one;
  const testing::Folder other;
  writeSetBack(marksIn(one / "").behind, {{2, 5, 0, 0, 1}, {1, 1, 0, 0, 0}, "agent-1", kNow});
  writeSetBack(marksIn(other / "").behind, {{1, 7, 0, 0, 0}, {1, 1, 0, 0, 0}, "agent-2", kNow});
  const std::string both = shareSetBack(other / "", shareSetBack(one / "", ""));
  EXPECT_EQ(shareSetBack(one / "", both), "");
  const TrustVersions newest{2, 7, 0, 0, 1};
  EXPECT_EQ(readSetBack(marksIn(one / "").behind)->seen, newest);
  EXPECT_EQ(readSetBack(marksIn(other / "").behind)->seen, newest);
}

TEST_F(SetBackServer, E6_an_epoch_that_agents_know_already_is_not_a_higher_one) {
  keepBackup();
  nextList(3);
  const Json newer = files();
  setBack();
  hear(newer);
  expectSays(mayOrder().error().text, "restore epoch 3 (here 0)");
  expectSays(mayOrder().error().text, "above 3");
}

TEST_F(SetBackServer, E6_tells_a_newer_root_by_its_chain) {
  keepBackup();
  keys_.addKey("root", asking(), kNow);
  signAndPublish(keys_);
  ASSERT_TRUE(repository_.refresh(kNow + 30 * 3600 * kSecondNs));
  const Json newer = files();
  setBack();
  expectSays(hear(newer).news, "root 2 (here 1)");
}

TEST_F(SetBackServer, E6_believes_nothing_that_its_root_did_not_have_signed) {
  keepBackup();
  nextList(5);
  ASSERT_TRUE(repository_.refresh(kNow + 30 * 3600 * kSecondNs));
  const Json newer = files();
  setBack();
  for (const char* name : {"timestamp.json", "snapshot.json", "targets.json"}) {
    Json only = {{"metadata", {{name, newer["metadata"][name]}}}, {"content", newer["content"]}};
    auto& text = only["metadata"][name].get_ref<std::string&>();
    const auto at = text.find("\"version\":") + 10;
    text.insert(at, "9");
    EXPECT_FALSE(hear(only).newer) << name;
  }
  Json list = newer;
  list["metadata"] = {{"targets.json", files()["metadata"]["targets.json"]}};
  EXPECT_FALSE(hear(list).newer) << "a list that the targets do not name";
  for (const Json& nonsense :
       {Json::object(), Json{{"metadata", 1}}, Json{{"metadata", {{"targets.json", 1}}}},
        Json{{"metadata", {{"2.root.json", "{}"}}}, {"content", "x"}}})
    EXPECT_FALSE(hear(nonsense).newer) << nonsense;
  EXPECT_FALSE(hear(files()).newer) << "as old as its own";
  EXPECT_TRUE(mayOrder());
  EXPECT_TRUE(hear(newer).newer) << "the true ones";
  std::ofstream(folder_ / "behind") << "damaged";
  EXPECT_FALSE(keeper_.epochFor(server_.command.key_id, kNow));
}

}  // namespace
}  // namespace redflag::trust
