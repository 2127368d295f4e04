// What ends when, computed once for the log, the screens, /metrics and doctor.
#include "trust/expiry.h"

#include <gtest/gtest.h>

#include <fstream>

#include "auth/authority.h"
#include "base/encoding.h"
#include "base/time.h"
#include "support/folder.h"

namespace redflag::trust {
namespace {

constexpr std::int64_t kChecked = 1'700'000'000 * kSecondNs;
constexpr std::int64_t kDay = 86'400 * kSecondNs;

Expiry ending(std::int64_t days, bool renews_itself = false) {
  return {"root", "", 3, kChecked + days * kDay, renews_itself, "renew it"};
}

TEST(Expiries, are_urgent_sixty_thirty_and_seven_days_before_and_when_they_are_over) {
  EXPECT_EQ(urgencyOf(ending(61), kChecked), 0);
  EXPECT_EQ(urgencyOf(ending(60), kChecked), 60);
  EXPECT_EQ(urgencyOf(ending(31), kChecked), 60);
  EXPECT_EQ(urgencyOf(ending(30), kChecked), 30);
  EXPECT_EQ(urgencyOf(ending(8), kChecked), 30);
  EXPECT_EQ(urgencyOf(ending(7), kChecked), 7);
  EXPECT_EQ(urgencyOf(ending(0), kChecked), -1);
}

TEST(Expiries, of_what_renews_itself_are_urgent_when_it_did_not) {
  EXPECT_EQ(urgencyOf(ending(2, true), kChecked), 0);
  EXPECT_EQ(urgencyOf(ending(1, true), kChecked), 0);
  auto late = ending(0, true);
  late.at_ns = kChecked + 3600 * kSecondNs;
  EXPECT_EQ(urgencyOf(late, kChecked), 7);
  EXPECT_EQ(urgencyOf(ending(-1, true), kChecked), -1);
}

TEST(Expiries, are_said_in_a_sentence) {
  EXPECT_EQ(sentenceOf(ending(10), kChecked),
            "trust document root, version 3, ends on 2023-11-24, in 10 days");
  EXPECT_EQ(sentenceOf(ending(-1), kChecked), "trust document root, version 3, ended on 2023-11-13");
  EXPECT_EQ(sentenceOf({"certificate", "server.pem", 0, kChecked + kDay, false, ""}, kChecked),
            "TLS certificate server.pem ends on 2023-11-15, in 1 days");
}

TEST(Expiries, of_a_new_folder_are_its_authorities_alone) {
  ASSERT_TRUE(initCrypto());
  const testing::Folder folder;
  EXPECT_TRUE(expiriesOf(folder.path()).known.empty());
  std::filesystem::create_directories(folder.path() / "tls");
  const auth::Authority authority(folder.path() / "tls");
  const auto all = expiriesOf(folder.path()).known;
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].what, "authority");
  EXPECT_EQ(all[1].what, "reserve");
  EXPECT_EQ(urgencyOf(all[0], epochNow()), 0);
}

TEST(Expiries, of_what_cannot_be_read_hide_no_others) {
  ASSERT_TRUE(initCrypto());
  const testing::Folder folder;
  std::filesystem::create_directories(folder.path() / "tls");
  std::filesystem::create_directories(folder.path() / "trust/metadata");
  const auth::Authority authority(folder.path() / "tls");
  std::ofstream(folder.path() / "tls/ca-active.pem", std::ios::trunc) << "no certificate";
  std::ofstream(folder.path() / "trust/metadata/1.root.json") << "no document";
  const auto all = expiriesOf(folder.path());
  ASSERT_EQ(all.known.size(), 1U);
  EXPECT_EQ(all.known[0].what, "reserve");
  ASSERT_EQ(all.unreadable.size(), 2U);
  EXPECT_NE(all.unreadable[0].find("1.root.json"), std::string::npos) << all.unreadable[0];
  EXPECT_NE(all.unreadable[1].find("ca-active.pem"), std::string::npos) << all.unreadable[1];
}

}  // namespace
}  // namespace redflag::trust
