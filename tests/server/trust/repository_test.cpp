#include <fstream>

#include "ceremony.h"
#include "trust/files.h"
#include "trust/keeper.h"

namespace redflag::trust {
namespace {

using TrustRepository = Ceremony;

std::int64_t versionOf(const Repository& repository, const std::string& name) {
  return Json::parse(repository.file("metadata/" + name).value())["signed"]["version"];
}

TEST_F(TrustRepository, is_empty_before_anything_was_published) {
  EXPECT_FALSE(repository().refresh(kNow));
}

TEST_F(TrustRepository, signs_again_before_its_signatures_end_and_not_sooner) {
  KeyFolder keys = made();
  signAndPublish(keys);
  Repository repository = this->repository();
  ASSERT_TRUE(repository.refresh(kNow));
  const std::string first = repository.file("metadata/timestamp.json").value();
  ASSERT_TRUE(repository.refresh(kNow + 20 * 3600 * kSecondNs));
  EXPECT_EQ(repository.file("metadata/timestamp.json").value(), first);
  ASSERT_TRUE(repository.refresh(kNow + 25 * 3600 * kSecondNs));
  EXPECT_NE(repository.file("metadata/timestamp.json").value(), first);
}

TEST_F(TrustRepository, is_what_a_client_believes_from_its_first_root_on) {
  KeyFolder keys = made();
  signAndPublish(keys);
  Repository repository = this->repository();
  ASSERT_TRUE(repository.refresh(kNow));
  auto trusted = tuf::TrustedSet::start(repository.file("metadata/1.root.json").value(), kNow);
  ASSERT_TRUE(trusted);
  ASSERT_TRUE(trusted->updateTimestamp(repository.file("metadata/timestamp.json").value()));
  const std::string snapshot = std::to_string(trusted->timestamp()->snapshot.version) + ".snapshot.json";
  ASSERT_TRUE(trusted->updateSnapshot(repository.file("metadata/" + snapshot).value()));
  EXPECT_TRUE(trusted->checkTargets(repository.file("metadata/1.targets.json").value()));
}

TEST_F(TrustRepository, has_higher_versions_after_a_restore_than_before_it) {
  KeyFolder keys = made();
  signAndPublish(keys);
  Repository repository = this->repository();
  ASSERT_TRUE(repository.refresh(kNow));
  std::filesystem::copy(folder_ / "trust", folder_ / "backup", std::filesystem::copy_options::recursive);
  ASSERT_TRUE(repository.refresh(kNow + 30 * 3600 * kSecondNs));
  const std::int64_t before = versionOf(repository, "timestamp.json");
  Repository restored(folder_ / "backup", online_);
  ASSERT_TRUE(restored.refresh(kNow + 60 * 3600 * kSecondNs));
  EXPECT_GT(versionOf(restored, "timestamp.json"), before);
}

TEST_F(TrustRepository, keeps_few_old_snapshots) {
  KeyFolder keys = made();
  signAndPublish(keys);
  Repository repository = this->repository();
  for (int day = 0; day < 8; ++day)
    ASSERT_TRUE(repository.refresh(kNow + 2 * day * kDay));
  std::size_t snapshots = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "trust/metadata"))
    snapshots += entry.path().string().ends_with(".snapshot.json") ? 1U : 0U;
  EXPECT_EQ(snapshots, 3U);
}

TEST_F(TrustRepository, refuses_a_root_that_names_other_online_keys) {
  KeyFolder keys = made();
  signAndPublish(keys);
  Repository other(folder_ / "trust", {generated(), online_.timestamp});
  expectSays(complaint([&] { other.refresh(kNow); }), "names other snapshot and timestamp keys");
  server_.snapshot = generated().publicKey();
  keys.replaceOnlineKeys(server_, kNow);
  signAndPublish(keys);
  expectSays(complaint([&] { repository().refresh(kNow); }), "names other snapshot and timestamp keys");
}

TEST_F(TrustRepository, notices_files_that_were_changed_or_are_missing) {
  KeyFolder keys = made();
  signAndPublish(keys);
  const auto targets = folder_ / "trust/metadata/1.targets.json";
  const std::string good = readIfThere(targets).value();
  std::string changed = good;
  changed.replace(changed.find("commands.json"), 8, "Commands");
  std::ofstream(targets) << changed;
  expectSays(complaint([&] { repository().refresh(kNow); }), "targets: signed by 0");
  std::ofstream(targets) << good;
  std::filesystem::remove_all(folder_ / "trust/targets/trust");
  expectSays(complaint([&] { repository().refresh(kNow); }), "is missing");
}

TEST_F(TrustRepository, signs_for_no_document_under_another_number) {
  KeyFolder keys = made();
  signAndPublish(keys);
  const auto metadata = folder_ / "trust/metadata";
  std::filesystem::copy_file(metadata / "1.targets.json", metadata / "2.targets.json");
  expectSays(complaint([&] { repository().refresh(kNow); }), "2.targets.json says version 1");
}

TEST_F(TrustRepository, serves_nothing_but_its_own_files) {
  KeyFolder keys = made();
  signAndPublish(keys);
  const Repository repository(folder_ / "trust", online_);
  EXPECT_TRUE(repository.file("metadata/1.root.json"));
  for (const char* name :
       {"metadata/../../keys/offline", "../keys/root/1.root.json", "/etc/passwd", "metadata",
        "metadata/../../keys/root/1.root.json", "keys/root/1.root.json", "metadata/2.root.json", ""})
    EXPECT_FALSE(repository.file(name)) << name;
  std::filesystem::create_symlink("/etc/passwd", folder_ / "trust/metadata/link.json");
  EXPECT_FALSE(repository.file("metadata/link.json"));
}

TEST_F(TrustRepository, keeper_says_what_is_published_and_nothing_while_it_is_not_in_order) {
  Repository repository = this->repository();
  Keeper keeper(repository, folder_ / "restored");
  keeper.tend(kNow);
  EXPECT_FALSE(keeper.published());
  KeyFolder keys = made();
  signAndPublish(keys);
  keeper.tend(kNow + 3 * kSecondNs);
  EXPECT_FALSE(keeper.published()) << "it looks every four seconds";
  keeper.tend(kNow + 11 * kSecondNs);
  ASSERT_TRUE(keeper.published());
  EXPECT_EQ(keeper.published()->targets_version, 1);
  std::filesystem::remove(folder_ / "trust/metadata/1.root.json");
  keeper.tend(kNow + 30 * kSecondNs);
  EXPECT_FALSE(keeper.published());
}

TEST_F(TrustRepository, keeper_lets_only_a_listed_key_sign_and_only_while_the_list_is_valid) {
  Repository repository = this->repository();
  Keeper keeper(repository, folder_ / "restored");
  const std::string& id = server_.command.key_id;
  EXPECT_FALSE(keeper.epochFor(id, kNow)) << "nothing is published";
  KeyFolder keys = made();
  signAndPublish(keys);
  keeper.tend(kNow);
  EXPECT_EQ(keeper.epochFor(id, kNow).value(), 0);
  EXPECT_FALSE(keeper.epochFor("another", kNow));
  EXPECT_FALSE(keeper.epochFor(id, kNow + 181 * kDay)) << "the list has expired";
}

TEST_F(TrustRepository, E6_keeper_holds_a_restored_server_back_until_a_higher_epoch_is_signed) {
  Repository repository = this->repository();
  Keeper keeper(repository, folder_ / "restored");
  KeyFolder keys = made();
  signAndPublish(keys);
  std::ofstream(folder_ / "restored") << publishedEpoch(folder_ / "trust");
  keeper.tend(kNow);
  const auto held = keeper.epochFor(server_.command.key_id, kNow);
  ASSERT_FALSE(held);
  expectSays(held.error().text, "restored from a backup");
  ListChange change;
  change.restore_epoch = 1;
  keys.changeList(change, kNow);
  signAndPublish(keys);
  keeper.tend(kNow + 11 * kSecondNs);
  EXPECT_EQ(keeper.epochFor(server_.command.key_id, kNow).value(), 1);
  std::ofstream(folder_ / "restored") << "damaged";
  EXPECT_FALSE(keeper.epochFor(server_.command.key_id, kNow));
}

}  // namespace
}  // namespace redflag::trust
