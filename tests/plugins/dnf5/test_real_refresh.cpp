// The action `dnf5/refresh`, carried out by the real dnf5: what was fetched, what was not, and why.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "changed_root.h"
#include "real_dnf5.h"
#include "refresh.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

class RealRefresh : public RealDnf5 {
 protected:
  RealRefresh() {
    fake_.exec = [](const std::vector<std::string>& argv) {
      const auto ended = runProgram(argv, {"LC_ALL=C.UTF-8"});
      return rf::ExecResult{ended.code, ended.output, ""};
    };
    install({{"tool", "1.0-1"}});
    addRepository("base", {{"tool", "1.0-1"}});
    addRepository("extra", {{"other", "2.0-1"}});
    refresh();
  }

  rf::Status order() {
    const ChangedRoot inside(root_);
    rf::Run run(fake_.newRun(RF_PURPOSE_UPDATES, 120));
    std::string written;
    rf::Output output(rf::detail::sinkInto(written));
    const auto status = dnf5::Dnf5Refresh({}, fake_.host(), run).run(output);
    sources_.clear();
    const auto told = written.empty() ? Json{{"sources", Json::array()}} : Json::parse(written);
    for (const auto& row : told.at("sources"))
      sources_.insert(row.at("source").get<std::string>() + " " + row.at("status").get<std::string>());
    return status;
  }

  FakeHost fake_;
  Rows sources_;
};

TEST_F(RealRefresh, brings_what_repositories_offer_by_now) {
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(order(), rf::Status::kOk) << fake_.reports.back().text;
    EXPECT_EQ(sources_, (Rows{"base unchanged", "extra unchanged"})) << round;
  }
  addRepository("base", {{"tool", "1.1-1"}});
  EXPECT_EQ(upgradable(), Rows{});
  ASSERT_EQ(order(), rf::Status::kOk) << fake_.reports.back().text;
  EXPECT_EQ(sources_, (Rows{"base fetched", "extra unchanged"}));
  EXPECT_EQ(upgradable(), Rows{"tool.x86_64 1.1-1 base"});
}

TEST_F(RealRefresh, fetches_the_others_where_one_is_out_of_reach) {
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // a repository's revision is its second
  addRepository("base", {{"tool", "1.1-1"}});
  std::filesystem::remove_all(root_ / "srv/extra");
  EXPECT_EQ(order(), rf::Status::kTransient);
  EXPECT_EQ(sources_, (Rows{"base fetched", "extra failed"}));
  ASSERT_TRUE(fake_.reported("dnf5.refresh_failed"));
  EXPECT_THAT(fake_.reports.back().text, testing::HasSubstr("/srv/extra/repodata/repomd.xml"));
  EXPECT_EQ(upgradable(), Rows{"tool.x86_64 1.1-1 base"});
}

}  // namespace
}  // namespace redflag::test
