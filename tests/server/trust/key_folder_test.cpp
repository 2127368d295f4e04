#include <fstream>

#include "ceremony.h"
#include "trust/files.h"

namespace redflag::trust {
namespace {

using Keys = Ceremony;

std::vector<std::string> idsIn(const KeyFolder& keys, const std::string& role) {
  std::vector<std::string> ids;
  const Json state = keys.describe();
  for (const Json& key : state["roles"][role]["keys"])
    ids.push_back(key["key_id"]);
  return ids;
}

TEST_F(Keys, are_made_signed_and_published) {
  KeyFolder keys = made();
  EXPECT_EQ(keys.sign(asking()), 2U);
  keys.publish(folder_ / "trust");
  const auto published = repository().refresh(kNow);
  ASSERT_TRUE(published);
  EXPECT_EQ(published->root_version, 1);
  EXPECT_EQ(published->commands.publicKey(server_.command.key_id, kNow), server_.command.public_key);
  EXPECT_EQ(published->commands.urls, server_.urls);
}

TEST_F(Keys, ask_once_for_each_new_key_and_once_to_sign_with_it) {
  KeyFolder keys = made();
  keys.sign(asking());
  ASSERT_EQ(asked_.size(), 4U);
  expectSays(asked_[0], "new key of the role root");
  expectSays(asked_[2], "Passphrase for the key");
  EXPECT_EQ(keys.sign(asking()), 0U) << "nothing is left to sign";
}

TEST_F(Keys, leave_no_plain_key_on_the_disk) {
  made();
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "keys/offline")) {
    const auto text = readIfThere(entry.path()).value();
    EXPECT_NE(text.find("argon2id13"), std::string::npos);
    EXPECT_EQ(entry.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
}

TEST_F(Keys, do_not_publish_what_too_few_have_signed) {
  KeyFolder keys = made();
  expectSays(complaint([&] { keys.publish(folder_ / "trust"); }), "not signed by enough keys");
  keys.sign(asking());
  keys.addKey("targets", asking(), kNow);
  keys.setThreshold("targets", 2, kNow);
  keys.sign([](const std::string& prompt, bool) {
    return prompt.ends_with("of root") ? "correct horse battery" : std::string();
  });
  expectSays(complaint([&] { keys.publish(folder_ / "trust"); }),
             "targets: signed by 0 of its keys, expected 2");
  signAndPublish(keys);
  EXPECT_EQ(repository().refresh(kNow)->root_version, 1);
}

// Whoever carries the folder from one signer to the next could write to it.
TEST_F(Keys, sign_nothing_but_what_is_shown) {
  KeyFolder keys = made();
  const auto staged = folder_ / "keys/staged/targets.json";
  const auto good = readIfThere(staged).value();
  const auto refusalOf = [&](const std::function<void(Json&)>& change) {
    Json document = Json::parse(good);
    change(document["signed"]);
    std::ofstream(staged) << document.dump();
    return complaint([&] { keys.sign(asking()); });
  };
  expectSays(
      refusalOf([](Json& body) { body["targets"]["evil.bin"] = body["targets"]["trust/commands.json"]; }),
      "trust/commands.json and nothing else");
  expectSays(refusalOf([](Json& body) {
               body["targets"]["trust/commands.json"]["hashes"] = {{"sha256", std::string(64, 'a')}};
             }),
             "staged/targets.json: ");
  expectSays(refusalOf([](Json& body) { body["version"] = 7; }), "expected version 1, not 7");
  expectSays(
      refusalOf([](Json& body) {
        const Json role = {
            {"name", "more"}, {"keyids", {"k"}}, {"threshold", 1}, {"paths", {"*"}}, {"terminating", false}};
        body["delegations"] = {{"keys", Json::object()}, {"roles", {role}}};
      }),
      "staged/targets.json: ");
  EXPECT_EQ(refusalOf([](Json&) {}), "none");
}

TEST_F(Keys, publish_goes_on_where_it_was_killed) {
  KeyFolder keys = made();
  keys.sign(asking());
  const auto root = readIfThere(folder_ / "keys/staged/root.json").value();
  const auto targets = readIfThere(folder_ / "keys/staged/targets.json").value();
  keys.publish(folder_ / "trust");
  // As if it was killed before what was staged was removed.
  std::ofstream(folder_ / "keys/staged/root.json") << root;
  std::ofstream(folder_ / "keys/staged/targets.json") << targets;
  keys.publish(folder_ / "trust");
  EXPECT_EQ(repository().refresh(kNow)->targets_version, 1);
  EXPECT_FALSE(keys.describe()["root"]["staged"]);
  EXPECT_FALSE(keys.describe()["targets"]["staged"]);
}

TEST_F(Keys, publish_no_old_document_as_a_new_one_and_all_or_nothing) {
  KeyFolder keys = made();
  keys.sign(asking());
  const auto first = readIfThere(folder_ / "keys/staged/targets.json").value();
  keys.publish(folder_ / "trust");
  keys.renew("targets", 30 * kDay, kNow);
  signAndPublish(keys);
  keys.renew("root", 300 * kDay, kNow);
  keys.sign(asking());
  std::ofstream(folder_ / "keys/staged/targets.json") << first;
  expectSays(complaint([&] { keys.publish(folder_ / "trust"); }), "expected version 3, not 1");
  EXPECT_TRUE(keys.describe()["root"]["staged"]);
  EXPECT_EQ(repository().refresh(kNow)->root_version, 1);
}

TEST_F(Keys, sign_a_new_root_with_old_and_new_keys) {
  KeyFolder keys = made();
  signAndPublish(keys);
  const std::string before = idsIn(keys, "root").front();
  const std::string added = keys.addKey("root", asking(), kNow);
  keys.removeKey("root", before, kNow);
  EXPECT_EQ(keys.sign(asking()), 2U);
  keys.publish(folder_ / "trust");
  EXPECT_EQ(repository().refresh(kNow)->root_version, 2);
  EXPECT_EQ(idsIn(keys, "root"), std::vector<std::string>{added});
}

TEST_F(Keys, let_targets_be_signed_again_when_their_keys_change) {
  KeyFolder keys = made();
  signAndPublish(keys);
  const std::string before = idsIn(keys, "targets").front();
  keys.addKey("targets", asking(), kNow);
  keys.removeKey("targets", before, kNow);
  signAndPublish(keys);
  EXPECT_EQ(repository().refresh(kNow)->targets_version, 2);
}

TEST_F(Keys, refuse_fewer_keys_than_the_threshold_and_other_roles) {
  KeyFolder keys = made();
  expectSays(complaint([&] { keys.setThreshold("root", 2, kNow); }),
             "root has 1 keys, and its threshold is 2");
  expectSays(complaint([&] { keys.removeKey("root", idsIn(keys, "root").front(), kNow); }),
             "root has 0 keys");
  expectSays(complaint([&] { keys.addKey("timestamp", asking(), kNow); }), "expected root or targets");
  expectSays(complaint([&] { keys.removeKey("root", "abc", kNow); }), "root has no key abc");
}

TEST_F(Keys, end_a_command_key_with_the_next_list) {
  KeyFolder keys = made();
  signAndPublish(keys);
  ListChange change;
  change.server = serverWith(protocol::SigningKey::generate());
  change.revoke = {server_.command.key_id};
  change.valid_ns = 10 * kDay;
  change.restore_epoch = 4;
  keys.changeList(change, kNow + kDay);
  signAndPublish(keys);
  const auto published = repository().refresh(kNow + kDay);
  ASSERT_TRUE(published);
  EXPECT_FALSE(published->commands.publicKey(server_.command.key_id, kNow + kDay));
  const std::string& added = change.server->command.key_id;
  EXPECT_TRUE(published->commands.publicKey(added, kNow + kDay));
  EXPECT_FALSE(published->commands.publicKey(added, kNow - 2 * kDay)) << "not yet";
  EXPECT_FALSE(published->commands.publicKey(added, kNow + 12 * kDay)) << "not any more";
  EXPECT_EQ(published->commands.restore_epoch, 4);
}

TEST_F(Keys, let_the_restore_epoch_only_rise_and_revoke_only_what_is_listed) {
  KeyFolder keys = made();
  ListChange change;
  change.restore_epoch = 2;
  keys.changeList(change, kNow);
  change.restore_epoch = 1;
  expectSays(complaint([&] { keys.changeList(change, kNow); }), "it is 2 already and only rises");
  ListChange other;
  other.revoke = {"0123456789abcdef"};
  expectSays(complaint([&] { keys.changeList(other, kNow); }), "has no command key 0123456789abcdef");
}

TEST_F(Keys, refuse_a_wrong_passphrase_and_sign_nothing) {
  KeyFolder keys = made();
  passphrase_ = "another one altogether";
  expectSays(complaint([&] { keys.sign(asking()); }), "wrong passphrase");
  EXPECT_EQ(keys.describe()["root"]["signatures"], 0);
}

TEST_F(Keys, are_not_made_twice_in_one_folder) {
  made();
  expectSays(complaint([&] { made(); }), "there are keys already");
  expectSays(complaint([&] { KeyFolder(folder_ / "elsewhere"); }), "keys init");
}

TEST_F(Keys, do_not_publish_into_anothers_repository_or_one_that_is_ahead) {
  KeyFolder keys = made();
  keys.sign(asking());
  keys.publish(folder_ / "trust");
  std::filesystem::copy(folder_ / "keys", folder_ / "old", std::filesystem::copy_options::recursive);
  keys.renew("targets", kDay, kNow);
  signAndPublish(keys);
  KeyFolder old(folder_ / "old");
  expectSays(complaint([&] { old.publish(folder_ / "trust"); }), "its targets is newer than this folder's");
  KeyFolder other = KeyFolder::make(folder_ / "other", server_, asking(), kNow, kCheap);
  other.sign(asking());
  expectSays(complaint([&] { other.publish(folder_ / "trust"); }), "belongs to another trust root");
}

TEST(ServerKeys, name_the_member_that_is_wrong) {
  ASSERT_TRUE(initCrypto());
  const auto key = protocol::SigningKey::generate().publicKey();
  const ServerKeys keys{key, key, {protocol::keyId(key), key}, {"https://a"}, {"x", "y"}};
  EXPECT_EQ(decodeServerKeys(encodeServerKeys(keys)).command.key_id, keys.command.key_id);
  Json json = Json::parse(encodeServerKeys(keys));
  json["timestamp"] = "abc";
  try {
    decodeServerKeys(json.dump());
    FAIL();
  } catch (const std::runtime_error& e) {
    expectSays(e.what(), "server keys.timestamp");
  }
}

}  // namespace
}  // namespace redflag::trust
