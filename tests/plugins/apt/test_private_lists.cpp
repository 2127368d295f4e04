// refresh: private. The lists that the system has are old; the archive, on loopback, offers more.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>

#include "base/time.h"
#include "scan_of.h"
#include "signed_archive.h"
#include "updater_of.h"

namespace redflag::test {
namespace {

using plugin::Refresh;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kHourNs = 3600LL * 1'000'000'000;

class AptPrivateLists : public testing::Test {
 protected:
  AptPrivateLists() : scan_(root_) {
    root_.install({"tool", "1.0"});
    archive_.addTo(root_);
    archive_.publish({{"tool", "1.2"}}, &archive_.key());
    root_.addLists({.suite = "stable", .host = archive_.host()}, {{"tool", "1.1"}});
    scan_.settings.refresh = Refresh::kPrivate;
    scan_.settings.refresh_after_s = 3600;
    scan_.fake.epoch_ns = epochNow();
  }
  std::string candidate() { return scan_.update("tool").value("candidate_version", "none"); }
  std::string reportText(const std::string& code) const {
    for (const auto& report : scan_.fake.reports)
      if (report.code == code) return report.text;
    return "no report " + code;
  }
  rf_status archiveStatus() const { return scan_.fake.scopeStatus("127.0.0.1/debian stable"); }

  AptRoot root_;
  SignedArchive archive_;
  ScanOf scan_;
};

TEST_F(AptPrivateLists, know_what_the_systems_do_not_know_yet) {
  const auto systems = root_.path() / "var/lib/apt/lists";
  const auto before = std::filesystem::last_write_time(systems);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2");
  EXPECT_EQ(archiveStatus(), RF_OK);
  EXPECT_EQ(scan_.fake.fact("lists.source"), "private");
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 0);
  EXPECT_EQ(std::filesystem::last_write_time(systems), before);
  scan_.settings.refresh = Refresh::kNever;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.1") << "the system's own lists are as they were";
  EXPECT_EQ(scan_.fake.fact("lists.source"), nullptr);
}

TEST_F(AptPrivateLists, have_the_binary_cache_to_themselves_also_when_an_order_is_verified) {
  for (const auto purpose : {RF_PURPOSE_UPDATES, RF_PURPOSE_VERIFY})
    ASSERT_EQ(scan_.run(purpose), rf::Status::kOk);
  const auto inode = [&] {
    struct stat info {};
    EXPECT_EQ(stat((root_.cacheDir() + "/installed/pkgcache.bin").c_str(), &info), 0);
    return info.st_ino;
  };
  // One that was made in the very second of a change is not believed.
  const auto later = std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5);
  std::filesystem::last_write_time(root_.cacheDir() + "/installed/pkgcache.bin", later);
  const auto before = inode();
  UpdaterOf updater;
  updater.settings = scan_.settings;
  for (int round = 0; round < 2; ++round)
    ASSERT_EQ(updater.run(&apt::AptUpdater::verify, UpdaterOf::order("tool", "1.0", "amd64")),
              rf::Status::kOk);
  EXPECT_EQ(updater.result().at("updates")[0].at("verified"), true);
  EXPECT_EQ(inode(), before) << "it was made anew";
}

TEST_F(AptPrivateLists, are_fetched_by_nobody_who_was_not_told_to) {
  for (const auto refresh : {Refresh::kNever, Refresh::kSystem}) {
    scan_.settings.refresh = refresh;
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_THAT(archive_.server().asked(), IsEmpty());
  }
}

TEST_F(AptPrivateLists, are_fetched_again_only_once_they_are_old_and_their_age_is_told) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  const auto asked = archive_.server().asked();
  for (const auto& path : asked)
    EXPECT_THAT(path, testing::Not(HasSubstr("i18n")));
  archive_.publish({{"tool", "1.3"}}, &archive_.key());
  scan_.fake.epoch_ns += kHourNs / 2;
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2");
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 1800);
  EXPECT_EQ(archive_.server().asked(), asked);
  scan_.fake.epoch_ns += kHourNs / 2;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.3");
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 0);
}

TEST_F(AptPrivateLists, are_fetched_at_once_when_the_sources_change) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  archive_.publish({{"tool", "1.4"}}, &archive_.key(), "updates");
  archive_.addTo(root_, "updates");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.4");
  EXPECT_EQ(scan_.fake.scopeStatus("127.0.0.1/debian updates"), RF_OK);
}

TEST_F(AptPrivateLists, are_fetched_at_once_when_a_password_changes) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  archive_.publish({{"tool", "1.4"}}, &archive_.key());
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2") << "they are not old yet";
  root_.write("etc/apt/auth.conf", "machine private.example.org login user password other\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.4");
}

TEST_F(AptPrivateLists, that_another_key_signed_are_not_believed) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  const SigningKey other;
  archive_.publish({{"tool", "6.6"}}, &other);
  archive_.publish({{"tool", "1.2+u1"}}, &archive_.key(), "updates");
  archive_.addTo(root_, "updates");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(archiveStatus(), RF_TRANSIENT);
  EXPECT_THAT(reportText("apt.refresh_failed"), HasSubstr("127.0.0.1/debian stable: "));
  EXPECT_EQ(candidate(), "1.2+u1") << "what was believed before stays, and the others are looked at";
  EXPECT_EQ(scan_.fake.scopeStatus("127.0.0.1/debian updates"), RF_OK);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(archiveStatus(), RF_TRANSIENT) << "also from kept state";
}

TEST_F(AptPrivateLists, that_nobody_signed_are_not_believed_whatever_apts_settings_say) {
  root_.append("etc/apt/apt.conf",
               "Acquire::AllowInsecureRepositories \"true\";\n"
               "Acquire::AllowDowngradeToInsecureRepositories \"true\";\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  archive_.publish({{"tool", "6.6"}}, nullptr);
  scan_.fake.epoch_ns += kHourNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2");
  EXPECT_EQ(archiveStatus(), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.refresh_failed"));
}

TEST_F(AptPrivateLists, that_never_came_leave_the_systems_and_the_reason) {
  const SigningKey other;
  archive_.publish({{"tool", "6.6"}}, &other);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.1");
  EXPECT_EQ(archiveStatus(), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.refresh_failed"));
  EXPECT_EQ(scan_.fake.fact("lists.source"), "system");
  EXPECT_THAT(scan_.fake.fact("lists.source_reason").get<std::string>(), HasSubstr("stable InRelease"));
}

TEST_F(AptPrivateLists, that_are_over_already_are_not_believed) {
  archive_.publish({{"tool", "1.2"}}, &archive_.key(), "stable",
                   "Valid-Until: Sat, 28 Nov 2020 00:53:02 UTC\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.1");
  EXPECT_EQ(archiveStatus(), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.refresh_failed"));
}

TEST_F(AptPrivateLists, of_a_server_that_is_gone_grow_old_and_say_so) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  archive_.server().stop();
  scan_.fake.epoch_ns += 2 * kHourNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2");
  EXPECT_EQ(archiveStatus(), RF_TRANSIENT);
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 7200);
  scan_.fake.epoch_ns += 60'000'000'000;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(archiveStatus(), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("inputs.unchanged")) << "a server that is gone is not asked every minute";
}

TEST_F(AptPrivateLists, need_a_folder_that_is_nobody_elses) {
  std::filesystem::permissions(root_.cacheDir(), std::filesystem::perms(0777));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.1");
  EXPECT_TRUE(scan_.fake.reported("apt.no_place"));
  EXPECT_THAT(archive_.server().asked(), IsEmpty());
  std::filesystem::permissions(root_.cacheDir(), std::filesystem::perms(0755));
}

TEST_F(AptPrivateLists, whose_memory_is_damaged_are_fetched_again) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  archive_.publish({{"tool", "1.3"}}, &archive_.key());
  for (const auto* odd :
       {"", "{", R"({"inputs":7})", R"({"inputs":"","refreshed_at":-1,"attempted_at":0,"failed":{}})"}) {
    root_.write("plugin-cache/lists.json", odd);
    ASSERT_EQ(scan_.run(), rf::Status::kOk) << odd;
    EXPECT_EQ(candidate(), "1.3");
  }
}

}  // namespace
}  // namespace redflag::test
