// Metadata comes from outside. Whatever is in it, a scan neither crashes nor guesses: the repository fails,
// or the row is left out, and the others are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "missing_keys.h"
#include "plain_text.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

class DnfMalformed : public testing::Test {
 protected:
  DnfMalformed() : scan_(root_) {
    root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
    root_.addRepository({.id = "good"}, {{"other", "1.1-1"}});
    root_.addRepository({.id = "bad"}, {{"tool", "1.1-1", "Obsoletes: nothing-of-that < 2\n"}});
    outputOf({"createrepo_c", "--quiet", "--no-database", "--general-compress-type=gz",
              (root_.path() / "repositories/bad").string()});
    root_.refresh();
    for (const auto& entry : std::filesystem::directory_iterator(root_.path() / "var/cache/dnf"))
      if (!entry.is_directory()) std::filesystem::remove(entry.path());
    folder_ = root_.metadataOf("bad") / "repodata";
    primary_ = outputOf({"sh", "-c", "zcat \"$0\"/*primary.xml*", folder_.string()});
  }

  // The repository as it would be if its maker had published this: with checksums that match.
  void publish(const std::string& primary, const std::string& updateinfo = "") const {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::string records;
    const std::vector<std::pair<std::string, std::string>> parts{{"primary", primary},
                                                                 {"updateinfo", updateinfo}};
    for (const auto& [type, text] : parts) {
      if (text.empty()) continue;
      const auto file = folder_ / (type + ".xml");
      std::ofstream(file, std::ios::binary) << text;
      const auto checksum = outputOf({"sha256sum", file.string()}).substr(0, 64);
      records += "<data type=\"" + type + "\"><checksum type=\"sha256\">" + checksum +
                 "</checksum><location href=\"repodata/" + type + ".xml\"/><timestamp>1</timestamp></data>";
    }
    std::ofstream(folder_ / "repomd.xml")
        << "<?xml version=\"1.0\"?><repomd "
           "xmlns=\"http://linux.duke.edu/metadata/repo\"><revision>1</revision>"
        << records << "</repomd>";
  }
  std::string replaced(const std::string& from, const std::string& to) const {
    auto text = primary_;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    EXPECT_NE(text, primary_) << from;
    return text;
  }
  // The good repository has told what it knows, and all that the bad one has told is made of plain text.
  void expectSane(const std::string& what) {
    ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk) << what;
    EXPECT_EQ(scan_.fake.scopeStatus("good"), RF_OK) << what;
    EXPECT_TRUE(scan_.rows().contains("other x86_64 1.1-1 good")) << what;
    for (const auto& row : scan_.fake.ofKind("update/1"))
      for (const auto* field : {"name", "arch", "candidate_version"})
        EXPECT_TRUE(dnf::isPackageText(row.at(field).get<std::string>())) << what << ": " << row;
  }
  void expectFailed(const std::string& what) {
    expectSane(what);
    EXPECT_NE(scan_.fake.scopeStatus("bad"), RF_OK) << what;
    EXPECT_TRUE(scan_.fake.reported("dnf.repo_broken")) << what;
  }

  DnfRoot root_;
  ScanOf scan_;
  std::filesystem::path folder_;
  std::string primary_;
};

TEST_F(DnfMalformed, the_untouched_repository_is_fine) {
  publish(primary_);
  expectSane("untouched");
  EXPECT_EQ(scan_.fake.scopeStatus("bad"), RF_OK);
  EXPECT_EQ(scan_.update("tool").at("candidate_version"), "1.1-1");
}

TEST_F(DnfMalformed, texts_that_are_none) {
  publish(primary_.substr(0, primary_.size() / 2));
  expectFailed("cut off");
  publish("");
  expectFailed("no list of packages");
  publish(std::string("\x1f\x8b\x08\x00", 4) + std::string(100, 'x'));
  expectFailed("no gzip");
  publish(replaced("<summary>test", std::string("<summary>te\xff\xfe")));
  expectFailed("invalid UTF-8 in a summary");
  publish(replaced("<name>tool", std::string("<name>to\xc3(l")));
  expectFailed("invalid UTF-8 in a name");
  publish(replaced("<name>tool", std::string("<name>to\0ol", 11)));
  expectFailed("NUL in a name");
}

TEST_F(DnfMalformed, versions_that_no_package_can_have) {
  for (const auto& version :
       {std::string("1.1\xe2\x80\xae"
                    "1.0"),
        std::string("1.1 --nogpgcheck"), std::string("1.1;rm"), std::string("1.1$(id)"),
        std::string(1U << 20, '9'), std::string("1.1&#10;fake"), std::string("1.1\x1b[2J")}) {
    publish(replaced("ver=\"1.1\" rel", "ver=\"" + version + "\" rel"));
    expectFailed(version.substr(0, 40));
    EXPECT_TRUE(scan_.update("tool").empty()) << version.substr(0, 40);
  }
}

TEST_F(DnfMalformed, names_of_packages_that_would_replace_an_installed_one) {
  for (const auto& name :
       {std::string("e\xe2\x80\xael"), std::string("--opt ion"), std::string(1U << 20, 'n')}) {
    auto text = replaced("<name>tool", "<name>" + name);
    for (auto at = text.find("nothing-of-that"); at != std::string::npos; at = text.find("nothing-of-that"))
      text.replace(at, 15, "tool");
    publish(text);
    expectFailed(name.substr(0, 40));
  }
}

TEST_F(DnfMalformed, summaries_of_any_size_are_not_looked_at) {
  publish(replaced("<summary>test", "<summary>" + std::string(1U << 20, 's')));
  expectSane("a summary of 1 MB");
  EXPECT_EQ(scan_.fake.scopeStatus("bad"), RF_OK);
}

TEST_F(DnfMalformed, advisories) {
  const std::string head = "<?xml version=\"1.0\"?><updates><update type=\"security\" version=\"1\"><id>";
  const std::string tail =
      "</id><severity>Low</severity><pkglist><collection><package name=\"tool\" version=\"1.1\" "
      "release=\"1\" "
      "epoch=\"0\" "
      "arch=\"x86_64\"><filename>f</filename></package></collection></pkglist></update></updates>";
  publish(primary_, head + "T-1" + tail);
  expectSane("a good one");
  EXPECT_EQ(scan_.update("tool").at("severity"), "low");
  publish(primary_, (head + "T-1" + tail).substr(0, 150));
  expectFailed("cut off");
  publish(primary_, head + "T-\xe2\x80\xae" + tail);
  expectFailed("RTL override in an identifier");
  publish(primary_, head + std::string(1U << 20, 'T') + tail);
  expectFailed("an identifier of 1 MB");
  publish(primary_, "not xml at all");
  expectFailed("no xml");
}

TEST_F(DnfMalformed, a_location_outside_of_the_repository_is_not_read) {
  publish(primary_);
  std::ofstream(folder_ / "repomd.xml")
      << "<?xml version=\"1.0\"?><repomd><data type=\"primary\"><checksum type=\"sha256\">"
      << std::string(64, '0')
      << "</checksum><location href=\"../../../../../etc/os-release\"/></data></repomd>";
  expectFailed("a location outside");
}

// Bytes turned over at random, published with checksums that match. The seed is fixed: a failure can be seen
// again.
TEST_F(DnfMalformed, bytes_turned_over_at_random) {
  std::mt19937 random(20260102);  // NOLINT(cert-msc51-cpp)
  for (int round = 0; round < 150; ++round) {
    auto text = primary_;
    for (int i = 0; i < 1 + round % 8; ++i)
      text[random() % text.size()] = static_cast<char>(random());
    publish(text);
    expectSane("round " + std::to_string(round));
    if (HasFailure()) break;
  }
}

TEST(DnfKeys, that_are_missing_are_found_in_lines_of_any_length) {
  dnf::Plan plan;
  dnf::Step step;
  step.operation = "upgrade";
  step.name = "tool";
  step.arch = "x86_64";
  step.from = "1-1";
  step.to = "2-1";
  plan.steps.push_back(step);
  const std::string begin = "Public key for ";
  EXPECT_THAT(
      dnf::sentenceOnMissingKeys(plan, begin + "a.rpm is not installed. " + begin + "b.rpm is not trusted\n"),
      testing::HasSubstr("has no key for a.rpm, b.rpm;"));
  EXPECT_THAT(dnf::sentenceOnMissingKeys(plan, begin + std::string(300'000, 'x')),
              testing::HasSubstr("has no key for tool-2-1.x86_64;"));
  EXPECT_EQ(dnf::sentenceOnMissingKeys(plan, std::string(300'000, 'x')), "");
}

}  // namespace
}  // namespace redflag::test
