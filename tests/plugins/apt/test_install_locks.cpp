// What an order does while somebody else is at work in the same root, or stopped halfway.
#include "base/time.h"
#include "install_fixture.h"
#include "support/lock_holder.h"

namespace redflag::test {
namespace {

TEST_F(AptInstall, waits_for_another_package_manager_but_not_for_ever) {
  const auto order = planned("redflag-demo", "1.1");
  const auto before = database();
  {
    const LockHolder holder(root() / "var/lib/dpkg/lock-frontend");
    EXPECT_EQ(updater_.run(&AptUpdater::install, order, 2), rf::Status::kTransient);
    EXPECT_EQ(updater_.lastCode(), "apt.dpkg_locked");
  }
  EXPECT_EQ(database(), before);
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk);
}

TEST_F(AptInstall, waits_for_whoever_fetches_into_apts_folders_but_not_for_ever) {
  std::filesystem::permissions(sandbox_, std::filesystem::perms(0755));
  const auto order = planned("redflag-demo", "1.1");
  const auto before = database();
  const auto waited = [](const auto& call) {
    const auto begin = monotonicNow();
    EXPECT_EQ(call(), rf::Status::kTransient);
    return monotonicNow() - begin;
  };
  {
    const LockHolder holder(root() / "var/cache/apt/archives/lock");
    EXPECT_GT(waited([&] { return updater_.run(&AptUpdater::install, order, 2); }), kSecondNs);
    EXPECT_EQ(updater_.lastCode(), "apt.archives_locked");
  }
  {
    const LockHolder holder(root() / "var/lib/apt/lists/lock");
    Json written;
    EXPECT_GT(waited([&] { return refresh(written, 2); }), kSecondNs);
    EXPECT_EQ(updater_.lastCode(), "apt.lists_locked");
  }
  EXPECT_EQ(database(), before);
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastText();
}

TEST_F(AptInstall, refuses_an_interrupted_dpkg_until_it_is_repaired) {
  const auto order = planned("redflag-demo-lib", "2.1");
  std::ofstream(root() / "var/lib/dpkg/updates/0001")
      << "Package: redflag-demo-lib\nStatus: install ok installed\nArchitecture: all\nVersion: 2.0\n";
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.dpkg_interrupted");
  ASSERT_EQ(updater_.repair(), rf::Status::kOk);
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastCode();
  EXPECT_EQ(installed("redflag-demo-lib"), "ii 2.1");
}

TEST_F(AptInstall, repairs_only_once_another_package_manager_has_ended) {
  const auto before = database();
  {
    const LockHolder holder(root() / "var/lib/dpkg/lock-frontend");
    EXPECT_EQ(updater_.repair(2), rf::Status::kTransient);
    EXPECT_EQ(updater_.lastCode(), "apt.dpkg_locked");
  }
  EXPECT_EQ(database(), before);
  EXPECT_EQ(updater_.repair(), rf::Status::kOk) << updater_.lastText();
}

}  // namespace
}  // namespace redflag::test
