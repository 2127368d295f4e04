// The action `dnf/refresh`, carried out by dnf on a real root: what was fetched, what was not, and why.
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/time.h"
#include "dnf_root.h"
#include "refresh.h"
#include "scan_of.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using Rows = std::set<std::string>;
using testing::HasSubstr;

class DnfRefreshing : public testing::Test {
 protected:
  DnfRefreshing() : scan_(root_) {
    settings_.root = root_.path();
    root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
    root_.addRepository({.id = "base"}, {{"tool", "1.0-1"}});
    root_.addRepository({.id = "extra"}, {{"other", "2.0-1"}});
    root_.refresh();
  }

  rf::Status refresh(std::int64_t seconds = 120) {
    rf::Run run(fake_.newRun(RF_PURPOSE_UPDATES, seconds));
    std::string written;
    rf::Output output(rf::detail::sinkInto(written));
    const auto status = dnf::DnfRefresh(settings_, fake_.host(), run).run(output);
    result_ = written.empty() ? Json::object() : Json::parse(written);
    return status;
  }
  // "source status" of each.
  Rows sources() const {
    Rows rows;
    for (const auto& row : result_.at("sources"))
      rows.insert(row.at("source").get<std::string>() + " " + row.at("status").get<std::string>());
    return rows;
  }
  void offerMore() { root_.addRepository({.id = "base"}, {{"tool", "1.0-1"}, {"tool", "1.1-1"}}); }

  DnfRoot root_;
  ScanOf scan_;
  dnf::Settings settings_;
  FakeHost fake_;
  Json result_;
};

TEST_F(DnfRefreshing, brings_what_repositories_offer_by_now) {
  offerMore();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), Rows{"other x86_64 2.0-1 extra"}) << "a scan fetches nothing";
  ASSERT_EQ(refresh(), rf::Status::kOk) << fake_.reports.back().text;
  EXPECT_EQ(sources(), (Rows{"base fetched", "extra unchanged"}));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), (Rows{"tool x86_64 1.1-1 base", "other x86_64 2.0-1 extra"}));
  EXPECT_EQ(scan_.rows(), root_.upgradable());
}

TEST_F(DnfRefreshing, asks_as_often_as_it_is_ordered_and_also_what_is_never_to_expire) {
  root_.append("etc/dnf/dnf.conf", "metadata_expire=never\n");
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(refresh(), rf::Status::kOk) << fake_.reports.back().text;
    EXPECT_EQ(sources(), (Rows{"base unchanged", "extra unchanged"})) << round;
  }
  offerMore();
  ASSERT_EQ(refresh(), rf::Status::kOk);
  EXPECT_EQ(sources(), (Rows{"base fetched", "extra unchanged"}));
}

TEST_F(DnfRefreshing, fetches_the_others_where_one_is_out_of_reach_and_keeps_what_was_known_of_it) {
  offerMore();
  std::filesystem::remove_all(root_.path() / "repositories/extra");
  EXPECT_EQ(refresh(), rf::Status::kTransient);
  EXPECT_EQ(sources(), (Rows{"base fetched", "extra failed"}));
  ASSERT_TRUE(fake_.reported("dnf.refresh_failed"));
  EXPECT_THAT(fake_.reports.back().text, HasSubstr("extra: Failed to download metadata for repo 'extra'"));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), (Rows{"tool x86_64 1.1-1 base", "other x86_64 2.0-1 extra"}));
}

TEST_F(DnfRefreshing, fetches_what_was_never_there) {
  std::filesystem::remove_all(root_.metadataOf("extra"));
  ASSERT_EQ(refresh(), rf::Status::kOk) << fake_.reports.back().text;
  EXPECT_EQ(sources(), (Rows{"base unchanged", "extra fetched"}));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("extra"), RF_OK);
}

TEST_F(DnfRefreshing, takes_no_metadata_that_nobody_signed_where_signatures_are_asked_for) {
  const SigningKey key;
  root_.addRepository(
      {.id = "strict", .lines = "repo_gpgcheck=1\ngpgkey=file://" + key.file().string() + "\n"},
      {{"tool", "9.0-1"}});
  EXPECT_EQ(refresh(), rf::Status::kTransient);
  EXPECT_EQ(sources(), (Rows{"base unchanged", "extra unchanged", "strict failed"}));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("strict"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("dnf.no_metadata"));
  EXPECT_EQ(scan_.rows(), Rows{"other x86_64 2.0-1 extra"});
}

TEST_F(DnfRefreshing, names_a_file_of_repositories_that_is_not_understood) {
  root_.write("etc/yum.repos.d/broken.repo", "[broken repo!]\nbaseurl=file:///nowhere\n");
  EXPECT_EQ(refresh(), rf::Status::kTransient);
  EXPECT_THAT(sources(), testing::Contains("/etc/yum.repos.d/broken.repo failed"));
  EXPECT_THAT(sources(), testing::Contains("base unchanged"));
}

TEST_F(DnfRefreshing, waits_for_another_dnf_and_gives_up_in_time) {
  // This process is alive, and so is what dnf takes it for.
  root_.write("var/cache/dnf/metadata_lock.pid", std::to_string(getpid()));
  const auto begin = monotonicNow();
  EXPECT_EQ(refresh(4), rf::Status::kTransient);
  EXPECT_LT(monotonicNow() - begin, 20 * kSecondNs);
  EXPECT_TRUE(fake_.reported("dnf.locked"));
  std::filesystem::remove(root_.path() / "var/cache/dnf/metadata_lock.pid");
  EXPECT_EQ(refresh(), rf::Status::kOk);
}

}  // namespace
}  // namespace redflag::test
