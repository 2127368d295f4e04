// The whole way: agent, host, plugin, on the machine the test runs on.
#include <gtest/gtest.h>

#include <filesystem>

#include "apt_root.h"
#include "base/json.h"

namespace redflag::test {
namespace {

class AgentScan : public testing::Test {
 protected:
  AgentScan() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-agent-scan-XXXXXX").string();
    state_ = mkdtemp(pattern.data());
  }
  ~AgentScan() override { std::filesystem::remove_all(state_); }

  // The scan's exit code also says whether it was complete, which is for the machine to decide, not for this
  // test.
  Json scan() const {
    const auto agent = std::string(REDFLAG_BUILD) + "/bin/redflag-agent";
    const auto written =
        outputOf({"sh", "-c", "\"$0\" --state \"$1\" scan apt --format json || [ $? = 4 ]", agent, state_});
    const auto document = parseJson(written, {.bytes = 64U << 20, .depth = 16, .values = 5'000'000});
    return document ? document->at("scans").at(0) : Json::object();
  }

  std::string state_;
};

std::set<std::string> rows(const Json& scan) {
  std::set<std::string> found;
  for (const auto& row : scan.at("records"))
    if (row.at("record") == "update/1") {
      std::string text;
      for (const auto* field : {"name", "arch", "installed_version", "candidate_version"})
        text += (text.empty() ? "" : " ") + row.at(field).get<std::string>();
      found.insert(text);
    }
  return found;
}

TEST_F(AgentScan, names_exactly_what_apt_names_the_first_time_and_from_kept_state) {
  const auto named_by_apt =
      upgradableRows(outputOf({"apt", "-qq", "list", "--upgradable"}, {"LC_ALL=C.UTF-8"}));
  const auto first = scan();
  ASSERT_EQ(first.value("status", ""), "ok") << first;
  EXPECT_EQ(rows(first), named_by_apt);
  const auto second = scan();
  EXPECT_EQ(rows(second), named_by_apt);
  EXPECT_NE(second.at("reports").dump().find("inputs.unchanged"), std::string::npos);
}

}  // namespace
}  // namespace redflag::test
