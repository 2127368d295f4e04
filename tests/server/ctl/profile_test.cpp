#include "ctl/profile.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

namespace redflag::ctl {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class ProfileFile : public testing::Test {
 protected:
  ProfileFile() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflagctl-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ProfileFile() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "redflag" / "redflagctl.json"; }

  std::filesystem::path folder_;
};

TEST_F(ProfileFile, is_read_as_it_was_kept_and_is_its_owners_alone) {
  saveProfile(file(), {"https://redflag.example.net:8443", "PEM", "rf_secret"});
  const auto profile = loadProfile(file());
  EXPECT_EQ(profile.server, "https://redflag.example.net:8443");
  EXPECT_EQ(profile.authorities, "PEM");
  EXPECT_EQ(profile.token, "rf_secret");
  struct stat found {};
  ASSERT_EQ(::stat(file().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(file().parent_path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
}

TEST_F(ProfileFile, that_others_may_read_or_that_is_not_there_is_refused_by_name) {
  EXPECT_THAT([&] { loadProfile(file()); }, ThrowsMessage<std::runtime_error>(HasSubstr("redflagctl.json")));
  saveProfile(file(), {"https://a", "", "t"});
  std::filesystem::permissions(file(), std::filesystem::perms(0644));
  EXPECT_THAT([&] { loadProfile(file()); }, ThrowsMessage<std::runtime_error>(HasSubstr("redflagctl.json")));
}

TEST_F(ProfileFile, names_the_member_that_is_wrong) {
  saveProfile(file(), {"http://a", "", "t"});
  EXPECT_THAT([&] { loadProfile(file()); },
              ThrowsMessage<std::runtime_error>(HasSubstr("expected https://HOST")));
  std::ofstream(file()) << R"({"server":"https://a"})";
  EXPECT_THAT([&] { loadProfile(file()); }, ThrowsMessage<std::runtime_error>(HasSubstr("token")));
}

TEST(ServerAddress, is_https_a_host_and_nothing_more) {
  for (const char* good : {"https://a", "https://a:1", "https://[::1]:8443"})
    EXPECT_NO_THROW(checkServer(good)) << good;
  for (const char* bad :
       {"", "a", "http://a", "https://", "https://a/", "https://a?b", "https://u@a", "https://a b"})
    EXPECT_THROW(checkServer(bad), std::runtime_error) << bad;
}

}  // namespace
}  // namespace redflag::ctl
