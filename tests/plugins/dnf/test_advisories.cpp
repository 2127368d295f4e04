// How grave an update is says the repository's updateinfo, for every version on the way to the candidate.
#include <gtest/gtest.h>

#include <algorithm>

#include "advisories.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

using Texts = std::vector<std::string>;

// dnf's words for kinds of advisories, the gravest first, and what a scan calls an update that one is for.
const std::vector<std::pair<std::string, std::string>> kKinds{
    {"Critical/Sec.", "security critical"}, {"Important/Sec.", "security high"},
    {"Moderate/Sec.", "security medium"},   {"Low/Sec.", "security low"},
    {"Unknown/Sec.", "security unknown"},   {"bugfix", "bugfix"},
    {"enhancement", "enhancement"},         {"newpackage", "enhancement"}};

class DnfAdvisories : public testing::Test {
 protected:
  DnfAdvisories() : scan_(root_) { root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}}); }

  void scan(const std::vector<AdvisoryEntry>& advisories, const std::vector<Rpm>& rpms) {
    root_.addRepository({.id = "base", .advisories = advisories}, rpms);
    root_.refresh();
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), root_.upgradable());
    EXPECT_EQ(scan_.advised(), root_.advised());
    EXPECT_EQ(scan_.advisedCves(), root_.advisedCves());
    expectDnfsKinds();
  }
  void expectDnfsKinds() {
    const auto said = root_.advisedKinds();
    EXPECT_FALSE(said.empty());
    for (const auto& row : scan_.fake.ofKind("update/1")) {
      const auto name = row.at("name").get<std::string>();
      const auto gravest = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& kind) {
        return said.contains(name + " " + kind.first);
      });
      auto told = row.at("category").get<std::string>();
      if (told == "security") told += " " + row.at("severity").get<std::string>();
      EXPECT_EQ(told, gravest == kKinds.end() ? "unknown" : gravest->second) << name;
    }
  }
  std::string of(const std::string& name, const char* field) const {
    return scan_.update(name).value(field, "");
  }
  Texts listOf(const std::string& name, const char* field) const {
    return ScanOf::listed(scan_.update(name), field);
  }

  DnfRoot root_;
  ScanOf scan_;
};

TEST_F(DnfAdvisories, make_an_update_security_with_severity_cves_and_date) {
  scan({{"T-1", "security", "Important", {"CVE-2026-0002", "CVE-2026-0001"}, {{"tool", "1.1-1"}}}},
       {{"tool", "1.1-1"}, {"other", "1.1-1"}});
  EXPECT_EQ(of("tool", "category"), "security");
  EXPECT_EQ(of("tool", "severity"), "high");
  EXPECT_EQ(listOf("tool", "advisories"), Texts{"T-1"});
  EXPECT_EQ(listOf("tool", "cves"), (Texts{"CVE-2026-0001", "CVE-2026-0002"}));
  EXPECT_EQ(scan_.update("tool").at("published_at"), 1'767'398'400'000'000'000);  // 2026-01-03
  EXPECT_FALSE(scan_.update("tool").contains("needs_reboot"));
  EXPECT_EQ(of("other", "category"), "unknown");
  EXPECT_EQ(of("other", "severity"), "unknown");
}

TEST_F(DnfAdvisories, below_the_candidate_count_although_their_version_is_no_longer_offered) {
  scan({{"T-1", "security", "Critical", {"CVE-2026-0001"}, {{"tool", "1.1-1"}}},
        {"T-2", "bugfix", "None", {}, {{"tool", "1.2-1"}}}},
       {{"tool", "1.2-1"}});
  EXPECT_EQ(of("tool", "candidate_version"), "1.2-1");
  EXPECT_EQ(of("tool", "category"), "security");
  EXPECT_EQ(of("tool", "severity"), "critical");
  EXPECT_EQ(listOf("tool", "advisories"), (Texts{"T-1", "T-2"}));
}

TEST_F(DnfAdvisories, above_the_candidate_or_not_above_what_is_installed_do_not_count) {
  root_.addRepository({.id = "base",
                       .advisories = {{"T-0", "security", "Critical", {}, {{"tool", "1.0-1"}}},
                                      {"T-1", "enhancement", "", {}, {{"tool", "1.1-1"}}},
                                      {"T-9", "security", "Critical", {}, {{"tool", "9.0-1"}}}}},
                      {{"tool", "1.1-1"}});
  root_.refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), root_.upgradable());
  EXPECT_EQ(of("tool", "category"), "enhancement");
  EXPECT_EQ(of("tool", "severity"), "unknown");
  EXPECT_EQ(listOf("tool", "advisories"), Texts{"T-1"});
}

TEST_F(DnfAdvisories, several_give_the_worst_severity_of_those_that_made_the_category) {
  scan({{"T-1", "security", "Low", {"CVE-2026-0001"}, {{"tool", "1.1-1"}, {"other", "1.1-1"}}},
        {"T-2", "security", "Moderate", {"CVE-2026-0002", "CVE-2026-0001"}, {{"tool", "1.1-1"}}},
        {"T-3", "bugfix", "Critical", {}, {{"tool", "1.1-1"}}}},
       {{"tool", "1.1-1"}, {"other", "1.1-1"}});
  EXPECT_EQ(of("tool", "severity"), "medium");
  EXPECT_EQ(listOf("tool", "advisories"), (Texts{"T-1", "T-2", "T-3"}));
  EXPECT_EQ(listOf("tool", "cves"), (Texts{"CVE-2026-0001", "CVE-2026-0002"}));
  EXPECT_EQ(of("other", "severity"), "low");
}

TEST_F(DnfAdvisories, that_rate_nothing_leave_a_security_update_unrated) {
  scan({{"T-1", "security", "", {}, {{"tool", "1.1-1"}}}, {"T-2", "bugfix", "", {}, {{"other", "1.1-1"}}}},
       {{"tool", "1.1-1"}, {"other", "1.1-1"}});
  EXPECT_EQ(of("tool", "category"), "security");
  EXPECT_EQ(of("tool", "severity"), "unknown");
  EXPECT_EQ(of("other", "category"), "bugfix");
}

TEST_F(DnfAdvisories, may_suggest_a_reboot_for_the_packages_they_name) {
  scan({{"T-1", "security", "Low", {}, {{"tool", "1.1-1"}}, true},
        {"T-2", "bugfix", "", {}, {{"other", "1.1-1"}}}},
       {{"tool", "1.2-1"}, {"other", "1.1-1"}});
  EXPECT_EQ(scan_.update("tool").at("needs_reboot"), 1);
  EXPECT_FALSE(scan_.update("other").contains("needs_reboot"));
}

TEST_F(DnfAdvisories, of_every_kind_are_what_dnf_calls_them) {
  root_.install({{"third", "1.0-1"}, {"fourth", "1.0-1"}});
  scan({{"T-1", "security", "Important", {"CVE-2026-0001", "CVE-2026-0002"}, {{"tool", "1.1-1"}}},
        {"T-2", "security", "Important", {"CVE-2026-0002"}, {{"other", "1.1-1"}}},
        {"T-3", "enhancement", "", {}, {{"other", "1.1-1"}, {"third", "1.1-1"}}},
        {"T-4", "newpackage", "", {"CVE-2026-0003"}, {{"fourth", "1.1-1"}}}},
       {{"tool", "1.1-1"}, {"other", "1.1-1"}, {"third", "1.1-1"}, {"fourth", "1.1-1"}});
  EXPECT_EQ(of("third", "category"), "enhancement");
  EXPECT_EQ(of("fourth", "category"), "enhancement");
  EXPECT_EQ(listOf("fourth", "cves"), Texts{"CVE-2026-0003"});
}

TEST(DnfSeverity, is_one_of_four_words_or_unknown) {
  const std::vector<std::pair<std::string, std::string>> words{
      {"Critical", "critical"}, {"Important", "high"}, {"important", "high"}, {"Moderate", "medium"},
      {"Low", "low"},           {"None", "unknown"},   {"", "unknown"},       {"Urgent!", "unknown"}};
  for (const auto& [word, severity] : words)
    EXPECT_EQ(dnf::severityOf(word), severity) << word;
}

}  // namespace
}  // namespace redflag::test
