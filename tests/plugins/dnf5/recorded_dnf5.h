#pragma once
// A double of dnf5, which answers as the real one did when it was recorded (fixtures/README.md).

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "client.h"
#include "redflag/sdk.hpp"

namespace redflag::test {

inline std::string recorded(const std::string& file) {
  std::ifstream in(std::string(REDFLAG_DNF5_FIXTURES) + "/" + file);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

class RecordedDnf5 {
 public:
  RecordedDnf5() {
    for (const auto& [question, file] : std::map<std::string, std::string>{
             {"repo info --json", "repo_info.json"},
             {"check-upgrade --json", "check_upgrade.json"},
             {"list --upgrades --json", "list_upgrades.json"},
             {"--setopt=disable_excludes=* list --upgrades --json", "list_upgrades_without_excludes.json"},
             {"list --obsoletes --json", "list_obsoletes.json"},
             {"advisory info --available --json", "advisory_info.json"},
             {kUpgradeAll, "upgrade_all.txt"},
             {"--setopt=disable_excludes=* repoquery --upgrades --queryformat", "repoquery_upgrades.txt"},
             {"--setopt=disable_excludes=* repoquery --installed --queryformat", "repoquery_installed.txt"}})
      answers[question] = recorded(file);
  }

  rf::ExecResult operator()(const std::vector<std::string>& argv) {
    EXPECT_EQ(argv.at(0), "/usr/bin/dnf5");
    EXPECT_EQ(argv.at(1), "--cacheonly");
    std::string question;
    for (std::size_t i = kCommon; i < argv.size(); ++i)
      if (isAsked(argv[i])) question += (question.empty() ? "" : " ") + argv[i];
    asked.push_back(question);
    if (const auto failing = failures.find(question); failing != failures.end()) return failing->second;
    EXPECT_TRUE(answers.contains(question)) << question;
    // It is answered no.
    return {question == kUpgradeAll ? 1 : 0, answers[question], ""};
  }

  static constexpr const char* kUpgradeAll = "--assumeno upgrade";

  // By the arguments that are not common to all, without formats and settings.
  std::map<std::string, std::string> answers;
  std::map<std::string, rf::ExecResult> failures;
  std::vector<std::string> asked;

 private:
  static bool isAsked(const std::string& word) {
    const bool sets = word.starts_with("--setopt=") && word != dnf5::kWithoutExcludes;
    return !sets && word.find('%') == std::string::npos;
  }

  static constexpr std::size_t kCommon = 3;
};

}  // namespace redflag::test
