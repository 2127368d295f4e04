// redflag-plugin-check against libraries that break one rule each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "base/json.h"

namespace redflag::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

struct Said {
  int code = -1;
  std::string text;

  Json results() const { return parseJson(text).value().at("results"); }
  // Checks that failed or crashed.
  std::map<std::string, std::string> findings() const {
    std::map<std::string, std::string> out;
    const Json all = results();
    for (const auto& result : all) {
      const auto status = result.at("status").get<std::string>();
      if (status == "failed" || status == "crashed") out[result.at("check").get<std::string>()] = status;
    }
    return out;
  }
  Json result(const std::string& check) const {
    const Json all = results();
    for (const auto& result : all) {
      if (result.at("check") == check) return result;
    }
    return {};
  }
};

Said check(const std::string& arguments) {
  const std::string command = std::string(REDFLAG_BUILD) + "/bin/redflag-plugin-check " + arguments + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  Said said;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    said.text.append(buffer.data(), got);
  const int status = ::pclose(pipe);
  said.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return said;
}

std::string library(const std::string& breach) {
  return std::string(REDFLAG_BUILD) + "/test_breaches/test." + breach + ".so ";
}

struct Case {
  const char* breach;
  const char* check;
  const char* status = "failed";
};
void PrintTo(const Case& of, std::ostream* out) {
  *out << of.breach;
}
class Breach : public testing::TestWithParam<Case> {};

TEST_P(Breach, is_found_by_its_own_check_alone) {
  const auto& [breach, name, status] = GetParam();
  const Said said = check(library(breach) + "--format json --timeout 8");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.findings(), ElementsAre(Pair(name, status))) << said.result(name);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Breach,
    testing::Values(Case{"symbol", "library.one_symbol"}, Case{"abi", "library.loads"},
                    Case{"entry", "library.entry_is_steady"}, Case{"manifest", "library.manifest"},
                    Case{"schema", "library.schema"}, Case{"version", "library.ids"},
                    Case{"query", "library.tables"}, Case{"status", "run.ordinary"},
                    Case{"crash", "run.ordinary", "crashed"}, Case{"field", "run.rows"},
                    Case{"report", "run.reports"}, Case{"rows", "run.twice"}, Case{"larger", "host.larger"},
                    Case{"cancel", "cancel.before"}, Case{"limit", "run.limit"},
                    Case{"settings", "run.settings"}, Case{"missing", "services.file_missing", "crashed"},
                    Case{"silent", "services.file_fails"}, Case{"leak", "process.cycles"},
                    Case{"thread", "process.threads"}, Case{"output", "process.output"},
                    Case{"signal", "process.surroundings"}),
    [](const auto& of) { return std::string(of.param.breach); });

TEST(PluginCheck, finds_nothing_in_a_plugin_that_keeps_the_contract) {
  const Said said = check(library("none") + "--format json");
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.findings(), IsEmpty());
  EXPECT_EQ(said.result("run.ordinary").at("status"), "passed");
}

TEST(PluginCheck, kills_a_plugin_that_hangs_and_says_so) {
  const Said said = check(library("hang") + "--format json --timeout 2 --include 'services.state_*'");
  EXPECT_THAT(said.findings(), ElementsAre(Pair("services.state_fails", "failed")));
  EXPECT_THAT(said.result("services.state_fails").at("happened").get<std::string>(), HasSubstr("hung"));
}

TEST(PluginCheck, skips_what_a_failed_check_has_told_already) {
  const Said said = check(library("status") + "--format json");
  EXPECT_EQ(said.result("run.twice").at("status"), "skipped");
  EXPECT_EQ(said.result("run.twice").at("happened"), "run.ordinary failed");
  EXPECT_THAT(said.result("run.ordinary").at("happened").get<std::string>(), HasSubstr("77"));
}

TEST(PluginCheck, plays_only_what_is_included_and_not_excluded) {
  const Said said = check(library("none") + "--include 'library.*' --exclude library.tables");
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.text, HasSubstr("passed   library.loads\n"));
  EXPECT_THAT(said.text, HasSubstr("7 checks, 0 of them failed\n"));
  EXPECT_THAT(said.text, Not(HasSubstr("library.tables")));
  EXPECT_EQ(check(library("none") + "--include no.such").code, 2) << "nothing played proves nothing";
}

TEST(PluginCheck, says_what_was_tried_expected_and_found_and_where_the_rule_stands) {
  const Said said = check(library("version") + "--include library.ids");
  EXPECT_THAT(said.text, HasSubstr("failed   library.ids\n         tried:    read ids"));
  EXPECT_THAT(said.text,
              HasSubstr("happened: version \"one\" is no semantic version\n         see rule 3 in"));
}

TEST(PluginCheck, lists_its_checks_without_a_library) {
  const Said said = check("--list");
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.text, HasSubstr("cancel.before "));
  EXPECT_EQ(check("").code, 2);
  EXPECT_EQ(check("/no/such/library.so").code, 2);
}

class Fuzzing : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/redflag-fuzz-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  Said record(const std::string& plugin) const {
    return check("record " + plugin + " --recording " + recording());
  }
  Said fuzz(const std::string& plugin, const std::string& more) const {
    return check("fuzz " + plugin + " --recording " + recording() + " " + more);
  }
  std::string recording() const { return folder / "answers.json"; }
  std::filesystem::path folder;
};

TEST_F(Fuzzing, finds_a_parser_that_believes_its_input_and_says_how_to_see_it_again) {
  EXPECT_THAT(record(library("parser")).text, HasSubstr("1 answers\n"));
  const Said found = fuzz(library("parser"), "--seed 7 --rounds 500");
  EXPECT_EQ(found.code, 1) << found.text;
  EXPECT_THAT(found.text, HasSubstr("died of signal 6"));
  const auto at = found.text.find("--round ");
  ASSERT_NE(at, std::string::npos);
  const Said again =
      fuzz(library("parser"), "--seed 7 " + found.text.substr(at, found.text.find('\n', at) - at));
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.text, HasSubstr("died of signal 6"));
  EXPECT_EQ(fuzz(library("parser"), "--seed 7 --round 0").code, 0) << "the recording as it is";
}

TEST_F(Fuzzing, finds_nothing_in_a_scanner_of_ours) {
  const auto system = std::string(REDFLAG_BUILD) + "/plugins/system.so ";
  EXPECT_THAT(record(system).text, testing::ContainsRegex("1[0-9] answers"));
  const Said survived = fuzz(system, "--seed 1 --rounds 2000");
  EXPECT_EQ(survived.code, 0) << survived.text;
  EXPECT_THAT(survived.text, HasSubstr("2000 rounds, all survived"));
}

TEST_F(Fuzzing, wants_a_recording_that_is_one) {
  std::ofstream(recording()) << R"({"plugin":"x","version":"1","calls":[{"what":"file.read"}]})";
  const Said refused = fuzz(library("none"), "");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.text, HasSubstr("calls[0].arguments: expected"));
}

}  // namespace
}  // namespace redflag::test
