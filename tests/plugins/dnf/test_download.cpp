// Packages are there before the window opens, and enough once it has. From a disk dnf takes them where they
// lie, so that these come over HTTP.
#include <gtest/gtest.h>

#include <set>

#include "dnf_root.h"
#include "support/http_folder.h"
#include "updater_of.h"

namespace redflag::test {
namespace {

using dnf::DnfUpdater;
using Rows = std::set<std::string>;

class DnfDownload : public testing::Test {
 protected:
  DnfDownload() : server_(root_.path() / "repositories"), updater_(root_) {
    root_.install({{"tool", "1.0-1"}});
    root_.publish({.id = "base"}, {{"tool", "1.1-1"}});
    root_.write("etc/yum.repos.d/base.repo",
                "[base]\nname=base\nbaseurl=http://" + server_.host() + "/base\nenabled=1\ngpgcheck=0\n");
    root_.refresh();
    EXPECT_EQ(updater_.run(&DnfUpdater::plan, wanted_), rf::Status::kOk) << updater_.lastText();
    wanted_["plan"] = updater_.result();
  }

  DnfRoot root_;
  HttpFolder server_;
  UpdaterOf updater_;
  Json wanted_ = UpdaterOf::order("tool", "1.1-1", "x86_64");
};

TEST_F(DnfDownload, changes_nothing_and_is_enough_to_install_when_the_repository_is_gone) {
  ASSERT_EQ(updater_.run(&DnfUpdater::download, wanted_), rf::Status::kOk) << updater_.lastText();
  EXPECT_GT(updater_.result().at("download_bytes"), 0);
  EXPECT_FALSE(updater_.fake.lines.empty());
  EXPECT_EQ(root_.installed(), Rows{"tool-1.0-1.x86_64"});
  server_.stop();
  ASSERT_EQ(updater_.run(&DnfUpdater::install, wanted_), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(root_.installed(), Rows{"tool-1.1-1.x86_64"});
}

TEST_F(DnfDownload, of_what_cannot_be_had_any_more_fails_and_changes_nothing) {
  server_.stop();
  for (const auto operation : {&DnfUpdater::download, &DnfUpdater::install}) {
    EXPECT_EQ(updater_.run(operation, wanted_), rf::Status::kTransient);
    EXPECT_EQ(updater_.lastCode(), "dnf.download_failed");
    EXPECT_EQ(root_.installed(), Rows{"tool-1.0-1.x86_64"});
  }
}

}  // namespace
}  // namespace redflag::test
