#include "identity/identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "base/encoding.h"
#include "identity/sealed_key.h"
#include "marks.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;

const MarkReader kHere = test::machineOf({{"machine-id", "machine-a"}});
const MarkReader kElsewhere = test::machineOf({{"machine-id", "machine-b"}});
const MarkReader kNothing = test::machineOf({});

class IdentityTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    state_ = folder_.path();
  }

  static unsigned modeOf(const fs::path& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
  }
  static std::string textOf(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static Identity sample() {
    const auto key = protocol::SigningKey::generate().publicKey();
    return {"agent", "client", "site", {"https://h:1"}, {"der1", "der2"}, "journal"};
  }

  test::TemporaryFolder folder_;
  fs::path state_;
};

TEST_F(IdentityTest, asks_again_with_the_same_key_after_a_lost_reply) {
  const std::string first = IdentityStore(state_, kHere).loadOrMakeKey()->publicKey();
  EXPECT_EQ(IdentityStore(state_, kHere).loadOrMakeKey()->publicKey(), first);
  EXPECT_EQ(IdentityStore(state_, kHere).loadKey()->publicKey(), first);
}

TEST_F(IdentityTest, a_copied_folder_is_of_no_use_on_another_machine) {
  ASSERT_TRUE(IdentityStore(state_, kHere).loadOrMakeKey());
  const IdentityStore copy(state_, kElsewhere);
  const auto key = copy.loadKey();
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Code::kDenied);
  EXPECT_NE(key.error().text.find("another"), std::string::npos);
  EXPECT_NE(key.error().text.find("re-bound"), std::string::npos);
  EXPECT_FALSE(copy.loadOrMakeKey()) << "a new key must not silently take the old one's place";
}

TEST_F(IdentityTest, a_machine_without_an_id_keeps_its_key) {
  ASSERT_TRUE(IdentityStore(state_, kNothing).loadOrMakeKey());
  EXPECT_TRUE(IdentityStore(state_, kNothing).loadKey());
}

TEST_F(IdentityTest, its_files_are_the_owners_alone) {
  const IdentityStore store(state_, kHere);
  ASSERT_TRUE(store.loadOrMakeKey());
  ASSERT_TRUE(store.save(sample()));
  EXPECT_EQ(modeOf(store.folder()), 0700U);
  EXPECT_EQ(modeOf(store.folder() / "key.json"), 0600U);
  EXPECT_EQ(modeOf(store.folder() / "identity.json"), 0600U);
  const std::string seed = store.loadKey()->seed();
  EXPECT_EQ(textOf(store.folder() / "key.json").find(toBase64(seed)), std::string::npos);
}

TEST_F(IdentityTest, refuses_a_key_that_others_could_have_written) {
  const IdentityStore store(state_, kHere);
  ASSERT_TRUE(store.loadOrMakeKey());
  ASSERT_EQ(chmod((store.folder() / "key.json").c_str(), 0666), 0);
  EXPECT_EQ(store.loadKey().error().code, Code::kDenied);
}

TEST_F(IdentityTest, comes_back_as_it_was_saved) {
  const IdentityStore store(state_, kHere);
  EXPECT_FALSE(store.enrolled());
  EXPECT_EQ(store.load().error().code, Code::kNotFound);
  const Identity saved = sample();
  ASSERT_TRUE(store.save(saved));
  EXPECT_TRUE(store.enrolled());
  const auto loaded = store.load();
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->agent_id, saved.agent_id);
  EXPECT_EQ(loaded->journal_id, saved.journal_id);
  EXPECT_EQ(loaded->urls, saved.urls);
  EXPECT_EQ(loaded->authorities, saved.authorities);
}

TEST_F(IdentityTest, names_what_is_damaged) {
  const IdentityStore store(state_, kHere);
  ASSERT_TRUE(store.save(sample()));
  std::ofstream(store.folder() / "identity.json") << R"({"v":1,"agent_id":7})";
  EXPECT_NE(store.load().error().text.find("agent_id"), std::string::npos);
  std::ofstream(store.folder() / "identity.json") << "{";
  EXPECT_EQ(store.load().error().code, Code::kCorrupt);
}

TEST_F(IdentityTest, binds_its_key_anew_when_a_part_has_changed) {
  const auto before = test::machineOf({{"machine-id", "id-1"}, {"disks", "disk-1"}, {"nics", "nic-1"}});
  const auto new_disk = test::machineOf({{"machine-id", "id-1"}, {"disks", "disk-2"}, {"nics", "nic-1"}});
  const auto new_nic = test::machineOf({{"machine-id", "id-1"}, {"disks", "disk-2"}, {"nics", "nic-2"}});
  const std::string key = IdentityStore(state_, before).loadOrMakeKey()->publicKey();
  EXPECT_FALSE(IdentityStore(state_, new_nic).loadKey()) << "two parts at once";
  ASSERT_TRUE(IdentityStore(state_, new_disk).loadKey());
  ASSERT_TRUE(IdentityStore(state_, new_nic).loadKey()) << "one after the other";
  EXPECT_EQ(IdentityStore(state_, new_nic).loadKey()->publicKey(), key);
  EXPECT_FALSE(IdentityStore(state_, before).loadKey()) << "the machine it was";
}

TEST_F(IdentityTest, a_next_key_takes_the_place_of_one_that_does_not_open) {
  ASSERT_TRUE(IdentityStore(state_, kHere).loadOrMakeKey());
  const std::string old_file = textOf(state_ / "identity/key.json");
  const IdentityStore moved(state_, kElsewhere);
  const std::string next = moved.loadOrMakeNextKey()->publicKey();
  EXPECT_EQ(moved.loadOrMakeNextKey()->publicKey(), next) << "the same again after a lost reply";
  EXPECT_EQ(textOf(state_ / "identity/key.json"), old_file) << "before the server agreed";
  ASSERT_TRUE(moved.adoptNextKey());
  EXPECT_EQ(moved.loadKey()->publicKey(), next);
  EXPECT_NE(moved.loadOrMakeNextKey()->publicKey(), next);
}

TEST_F(IdentityTest, replaces_only_what_it_read) {
  const IdentityStore store(state_, kHere);
  const Identity before = sample();
  ASSERT_TRUE(store.save(before));
  Identity after = before;
  after.urls = {"https://other:2"};
  ASSERT_TRUE(store.replace(before, after));
  EXPECT_EQ(store.load()->urls, after.urls);
  Identity somebody = before;
  somebody.agent_id = "somebody";
  EXPECT_EQ(store.replace(somebody, after).error().code, Code::kConflict);
}

TEST_F(IdentityTest, forgets_key_and_identity_together) {
  const IdentityStore store(state_, kHere);
  const std::string first = store.loadOrMakeKey()->publicKey();
  ASSERT_TRUE(store.save(sample()));
  ASSERT_TRUE(store.forget());
  EXPECT_FALSE(store.enrolled());
  EXPECT_NE(store.loadOrMakeKey()->publicKey(), first);
}

}  // namespace
}  // namespace redflag::kernel
