// dnf5's answers, and answers that are none.
#include <gmock/gmock.h>

#include <sstream>

#include "advice.h"
#include "answers.h"
#include "common/package_numbers.h"
#include "recorded_dnf5.h"
#include "rpm_version.h"
#include "support/program.h"

namespace redflag::test {
namespace {

using dnf5::compareEvr;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Json json(const std::string& file) {
  return Json::parse(recorded(file));
}

TEST(Dnf5Answers, name_repositories_and_what_was_never_fetched) {
  const auto found = dnf5::parseRepositories(json("repo_info.json"));
  ASSERT_TRUE(found) << found.error().text;
  ASSERT_THAT(*found, SizeIs(3));
  EXPECT_EQ((*found)[0].id, "base");
  EXPECT_GT((*found)[0].refreshed_at, 1'700'000'000);
  EXPECT_EQ((*found)[1].id, "gone");
  EXPECT_EQ((*found)[1].refreshed_at, 0);
}

TEST(Dnf5Answers, name_packages) {
  const auto found = dnf5::parsePackages(json("check_upgrade.json"), "upgrades");
  ASSERT_TRUE(found);
  ASSERT_THAT(*found, SizeIs(6));
  EXPECT_EQ((*found)[0].name, "epoch");
  EXPECT_EQ((*found)[0].arch, "noarch");
  EXPECT_EQ((*found)[0].evr, "2:0.1-1");
  EXPECT_EQ((*found)[0].repository, "updates");
  EXPECT_THAT(*dnf5::parsePackages(Json(), "upgrades"), IsEmpty());
  EXPECT_THAT(*dnf5::parsePackages(Json::object(), "upgrades"), IsEmpty());
}

TEST(Dnf5Answers, name_advisories_with_their_cves_and_packages) {
  const auto found = dnf5::parseAdvisories(json("advisory_info.json"));
  ASSERT_TRUE(found);
  ASSERT_THAT(*found, SizeIs(2));
  EXPECT_EQ((*found)[0].id, "T-1");
  EXPECT_THAT((*found)[0].cves, ElementsAre("CVE-2026-0001")) << "and not its other references";
  ASSERT_THAT((*found)[1].packages, SizeIs(2));
  EXPECT_EQ((*found)[1].packages[1].name, "epoch");
  EXPECT_EQ((*found)[1].packages[1].evr, "2:0.1-1");
}

TEST(Dnf5Answers, list_what_is_installed_and_offered) {
  const auto installed = dnf5::parseInstalled(recorded("repoquery_installed.txt"));
  ASSERT_TRUE(installed) << installed.error().text;
  EXPECT_THAT(*installed, SizeIs(10));
  EXPECT_EQ((*installed)[0].source_package, "epoch");
  EXPECT_GT((*installed)[0].installed_at, 1'700'000'000);
  const auto offered = dnf5::parseOffered(recorded("repoquery_upgrades.txt"));
  ASSERT_TRUE(offered) << offered.error().text;
  EXPECT_GT((*offered)[0].download_bytes, 1'000);
}

TEST(Dnf5Answers, have_no_sizes_whose_sum_does_not_fit) {
  const std::string line = "tool\tx86_64\t2.0-1\tbase\ttool-2.0-1.src.rpm\t";
  const auto offered =
      dnf5::parseOffered(line + "9223372036854775807\t1099511627777\n" + line + "1099511627776\t5\n");
  ASSERT_TRUE(offered) << offered.error().text;
  EXPECT_EQ((*offered)[0].download_bytes, 0);
  EXPECT_EQ((*offered)[0].installed_bytes, 0);
  EXPECT_EQ((*offered)[1].download_bytes, 1'099'511'627'776);
  EXPECT_EQ(plugin::sizeOf(UINT64_MAX), 0);
}

TEST(Dnf5Answers, that_are_none_are_refused_by_what_was_expected) {
  for (const char* odd : {"{}", "[1]", R"([{"id":""}])", R"([{"id":7}])"})
    EXPECT_FALSE(dnf5::parseRepositories(Json::parse(odd))) << odd;
  for (const char* odd :
       {"[]", R"({"upgrades":{}})", R"({"upgrades":[1]})",
        R"({"upgrades":[{"name":"a b","arch":"x","evr":"1-1"}]})",
        R"({"upgrades":[{"name":"a","arch":"x"}]})",
        R"({"upgrades":[{"name":"a","arch":"x","evr":"1-1","repo":"base"}]})",
        R"({"available_upgrades":[{"name":"a","arch":"x","evr":"1-1","repository":"base"}]})"})
    EXPECT_FALSE(dnf5::parsePackages(Json::parse(odd), "upgrades")) << odd;
  for (const char* odd : {"{}", "[[]]", R"([{"Name":7}])"})
    EXPECT_FALSE(dnf5::parseAdvisories(Json::parse(odd))) << odd;
  for (const char* odd : {"a", "a\tb\n", "a\tx\t1-1\ts\t1\t1\t1\n", "a\tx\t\ts\t1\t1\n"})
    EXPECT_FALSE(dnf5::parseInstalled(odd)) << odd;
  EXPECT_THAT(dnf5::parsePackages(Json::array(), "upgrades").error().text, HasSubstr("under upgrades"));
}

TEST(Dnf5Answers, give_packages_whole_names) {
  const auto parts = [](const char* text) {
    const auto package = dnf5::parseNevra(text);
    return package.name + " " + package.evr + " " + package.arch;
  };
  EXPECT_EQ(parts("epoch-2:0.1-1.noarch"), "epoch 2:0.1-1 noarch");
  EXPECT_EQ(parts("2:epoch-0.1-1.noarch"), "epoch 2:0.1-1 noarch");
  EXPECT_EQ(parts("gcc-c++-14.2.1-3.fc41.x86_64"), "gcc-c++ 14.2.1-3.fc41 x86_64");
  for (const char* none : {"", "x", "a-1", "a.b", "-1-1.x", "a-1-1. ", "a-1-1"})
    EXPECT_EQ(dnf5::parseNevra(none).name, "") << none;
}

// rpm itself is asked.
TEST(Dnf5Versions, are_in_rpms_order) {
  const std::vector<std::string> versions{
      "1.0", "1.0~rc1",   "1.0~rc1~b", "1.0^git1", "1.0^",   "1.0a", "1.0.1",    "1.00", "1.10",
      "1.9", "2",         "1a",        "1.a",      "a",      "1.0~", "1.0^git2", "1_0",  "1.0.",
      "10",  "1.0^1~pre", "1.0^20",    "1.0a1",    "1.0a.1", "0001", "1..0"};
  std::string script = "local v={";
  for (const auto& version : versions)
    script += "'" + version + "',";
  script +=
      "} local o='' for _,a in ipairs(v) do for _,b in ipairs(v) do o=o..rpm.vercmp(a,b)..' ' end end "
      "print(o)";
  std::istringstream expected(outputOf({"rpm", "--eval", "%{lua:" + script + "}"}));
  for (const auto& a : versions)
    for (const auto& b : versions) {
      int order = 9;
      expected >> order;
      EXPECT_EQ(compareEvr(a, b), order) << a << " " << b;
    }
  EXPECT_LT(compareEvr("9.0-1", "1:0.1-1"), 0);
  EXPECT_EQ(compareEvr("0:1.0-1", "1.0-1"), 0);
  EXPECT_LT(compareEvr("1.0-9", "1.0-10"), 0);
  EXPECT_EQ(compareEvr("1.0", "1.0-10"), 0);
}

dnf5::Advisory advisory(const char* id, const char* type, const char* severity, const char* evr) {
  return {id,
          type,
          severity,
          100,
          {std::string("CVE-") + id},
          {dnf5::parseNevra(std::string("tool-") + evr + ".x86_64")}};
}

TEST(Dnf5Advice, is_of_every_version_on_the_way) {
  const std::vector<dnf5::Advisory> all{
      advisory("0", "security", "Critical", "1.0-1"), advisory("1", "security", "Low", "1.1-1"),
      advisory("2", "bugfix", "Critical", "1.2-1"), advisory("3", "security", "Moderate", "1.2-1"),
      advisory("4", "security", "Critical", "9.0-1")};
  const auto advice = dnf5::Advisories(all).between("tool", "x86_64", "1.0-1", "1.2-1");
  EXPECT_EQ(advice.category, "security");
  EXPECT_EQ(advice.severity, "medium") << "the gravest kind's worst";
  EXPECT_THAT(advice.ids, ElementsAre("1", "2", "3"));
  EXPECT_EQ(advice.published_at, 100);
  EXPECT_EQ(dnf5::Advisories(all).between("tool", "i686", "1.0-1", "1.2-1").category, "unknown");
}

TEST(Dnf5Advice, has_four_words_for_severity_and_unknown) {
  for (const auto& [word, severity] :
       std::vector<std::pair<std::string, std::string>>{{"Critical", "critical"},
                                                        {"Important", "high"},
                                                        {"MODERATE", "medium"},
                                                        {"low", "low"},
                                                        {"None", "unknown"}})
    EXPECT_EQ(dnf5::severityOf(word), severity) << word;
}

TEST(Dnf5Times, that_no_row_can_hold_are_none) {
  EXPECT_EQ(plugin::momentOf(1'740'794'400), 1'740'794'400'000'000'000);
  EXPECT_EQ(plugin::momentOf(9'214'646'399), 9'214'646'399'000'000'000) << "the last second of 2261";
  for (const std::int64_t odd :
       {std::int64_t{9'214'646'400}, INT64_MAX, INT64_MIN, std::int64_t{-1}, std::int64_t{0}})
    EXPECT_EQ(plugin::momentOf(odd), 0) << odd;
}

}  // namespace
}  // namespace redflag::test
