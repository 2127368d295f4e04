// The key of second factors where several servers have one database.
#include "main/second_factor_key.h"

#include <gtest/gtest.h>

#include "auth/second_factor.h"
#include "auth/secret_file.h"
#include "base/encoding.h"
#include "store/factors.h"
#include "support/world.h"

namespace redflag::server {
namespace {

class SecondFactorKey : public ::testing::Test {
 protected:
  std::string keyOf(const DataFolder& data) { return secondFactorKey(data, world_.store, true); }
  // "" where it starts.
  std::string refusal(const DataFolder& data) {
    try {
      keyOf(data);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
  // What doctor says; it must be what the server says when it starts, and may change nothing.
  std::string fault(const DataFolder& data) {
    const auto found = secondFactorKeyFault(data, world_.store, true);
    return found ? found->text + ": " + found->advice : "";
  }
  static void copyKey(const DataFolder& from, const DataFolder& to) {
    auth::writeSecretFile(to.secondFactorKey(), auth::readSecretFile(from.secondFactorKey()).value());
  }
  // As a server of a release that left no mark did.
  void setUpFactor(const std::string& key) {
    const auth::User user{newId(), "ada", "hash", http::Grants::everywhere("admin")};
    ASSERT_TRUE(world_.services.accounts.createUser(user));
    auth::SecondFactor(world_.services.second_factors, world_.clock, key, {}).begin({user.id, user.username});
    world_.store.write(
        [&](store::WriteTransaction& tx) { ASSERT_TRUE(tx.factors().confirm(user.id, 1, 2)); });
  }

  testing::World world_;
  const DataFolder one_ = DataFolder::make(world_.folder / "one");
  const DataFolder other_ = DataFolder::make(world_.folder / "other");
};

TEST_F(SecondFactorKey, the_first_server_makes_one_and_finds_it_again) {
  EXPECT_EQ(fault(one_), "") << "it is still to be made";
  EXPECT_FALSE(std::filesystem::exists(one_.secondFactorKey()));
  const std::string key = keyOf(one_);
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(keyOf(one_), key);
}

TEST_F(SecondFactorKey, a_server_without_the_key_of_the_others_is_told_what_to_copy_and_makes_none) {
  const std::string key = keyOf(one_);
  EXPECT_EQ(fault(one_), "");
  const std::string looked = fault(other_);
  const std::string told = refusal(other_);
  EXPECT_EQ(looked, told);
  EXPECT_NE(told.find("copy keys/second_factor.key"), std::string::npos) << told;
  EXPECT_NE(told.find(other_.path().string()), std::string::npos) << told;
  EXPECT_FALSE(std::filesystem::exists(other_.secondFactorKey()));
  copyKey(one_, other_);
  EXPECT_EQ(keyOf(other_), key);
}

TEST_F(SecondFactorKey, a_server_with_a_key_of_its_own_is_refused) {
  keyOf(one_);
  auth::writeSecretFile(other_.secondFactorKey(), randomBytes(32));
  EXPECT_NE(refusal(other_).find("is another key than"), std::string::npos);
  EXPECT_EQ(fault(other_), refusal(other_));
  EXPECT_EQ(refusal(one_), "");
}

TEST_F(SecondFactorKey, a_damaged_one_is_refused_and_never_taken_for_the_databases) {
  auth::writeSecretFile(other_.secondFactorKey(), "short");
  EXPECT_NE(fault(other_).find("is damaged"), std::string::npos);
  EXPECT_NE(refusal(other_).find("is damaged"), std::string::npos);
  EXPECT_THROW(secondFactorKey(other_, world_.store, false), std::runtime_error);
  EXPECT_EQ(refusal(one_), "");
}

TEST_F(SecondFactorKey, of_servers_that_had_several_before_the_one_that_opens_what_is_there_counts) {
  const std::string key = randomBytes(32);
  setUpFactor(key);
  EXPECT_NE(refusal(other_).find("is missing"), std::string::npos);
  auth::writeSecretFile(other_.secondFactorKey(), randomBytes(32));
  EXPECT_NE(refusal(other_).find("is another key than"), std::string::npos);
  auth::writeSecretFile(one_.secondFactorKey(), key);
  EXPECT_EQ(keyOf(one_), key);
}

TEST_F(SecondFactorKey, one_that_is_lost_is_replaced_when_somebody_says_so) {
  keyOf(one_);
  replaceSecondFactorKey(other_, world_.store);
  EXPECT_EQ(refusal(other_), "");
  EXPECT_NE(refusal(one_).find("is another key than"), std::string::npos);
}

TEST_F(SecondFactorKey, one_that_second_factors_open_with_is_not_replaced) {
  const std::string key = keyOf(one_);
  setUpFactor(key);
  EXPECT_THROW(replaceSecondFactorKey(one_, world_.store), std::runtime_error);
  EXPECT_EQ(keyOf(one_), key);
}

TEST_F(SecondFactorKey, a_server_that_has_its_database_alone_makes_another_one_as_before) {
  const std::string key = secondFactorKey(one_, world_.store, false);
  std::filesystem::remove(one_.secondFactorKey());
  EXPECT_NE(secondFactorKey(one_, world_.store, false), key);
}

}  // namespace
}  // namespace redflag::server
