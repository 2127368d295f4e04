// Scans look at what is installed, and at everything only where they have to; the answer is the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "narrow_list.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

class AptInstalledLists : public testing::Test {
 protected:
  AptInstalledLists() : scan_(root_) {
    root_.install({"tool", "1.0"});
    root_.addLists({.suite = "stable"}, {{"tool", "1.1"}, {"other", "1.0"}, {"more", "2.0"}});
  }
  fs::path place() const { return fs::path(root_.cacheDir()) / "installed"; }
  // Everything that the lists of the part say.
  std::string kept() const {
    std::string text;
    for (const auto& entry : fs::directory_iterator(place() / "lists"))
      if (entry.path().filename().string().ends_with("_Packages")) text += read(entry.path());
    return text;
  }
  // Runs a scan, whose answer must be apt's, and answers whether it looked at everything.
  bool scanned() {
    const auto cache = fs::path(root_.cacheDir()) / "pkgcache.bin";
    fs::remove(cache);
    EXPECT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), root_.upgradable());
    return fs::exists(cache);
  }

  AptRoot root_;
  ScanOf scan_;
};

TEST_F(AptInstalledLists, name_installed_packages_alone) {
  EXPECT_TRUE(scanned()) << "libapt has to understand everything once";
  EXPECT_FALSE(scanned());
  EXPECT_NE(kept().find("Package: tool\n"), std::string::npos);
  EXPECT_EQ(kept().find("Package: other\n"), std::string::npos);
}

TEST_F(AptInstalledLists, name_what_was_installed_since) {
  scanned();
  root_.install({"other", "0.9"});
  EXPECT_FALSE(scanned());
  EXPECT_EQ(scan_.rows().size(), 2U);
}

TEST_F(AptInstalledLists, are_made_anew_when_a_list_was_fetched_anew) {
  scanned();
  root_.addLists({.suite = "updates"}, {{"tool", "1.2"}});
  EXPECT_TRUE(scanned());
  EXPECT_FALSE(scanned());
  EXPECT_EQ(*scan_.rows().begin(), "tool amd64 1.0 1.2");
}

TEST_F(AptInstalledLists, are_not_enough_where_an_update_brings_another_package) {
  root_.addLists({.suite = "updates"}, {{"tool", "1.2", "Depends: other\n"}});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(scanned());
    EXPECT_FALSE(scan_.fake.ofKind("update/1").at(0).contains("blocked_by"));
  }
}

TEST_F(AptInstalledLists, are_not_enough_where_an_update_is_kept_back) {
  root_.addLists({.suite = "updates"}, {{"tool", "1.2", "Depends: nowhere\n"}});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(scanned());
    EXPECT_EQ(scan_.fake.ofKind("update/1").at(0).value("blocked_by", ""), "kept_back");
  }
}

TEST_F(AptInstalledLists, are_left_alone_where_a_list_is_laid_out_in_another_way) {
  for (const auto& entry : fs::directory_iterator(root_.path() / "var/lib/apt/lists"))
    if (entry.path().filename().string().ends_with("_Packages"))
      std::ofstream(entry.path(), std::ios::app) << "\nVersion: 3.0\nPackage: tool\nArchitecture: amd64\n\n";
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(scanned());
  EXPECT_EQ(*scan_.rows().begin(), "tool amd64 1.0 3.0");
}

TEST_F(AptInstalledLists, are_made_anew_where_they_were_left_half_made) {
  scanned();
  fs::remove(place() / "lists.json");
  fs::remove_all(place() / "lists");
  fs::create_directory(place() / "lists");
  scanned();
  EXPECT_NE(kept().find("Package: tool\n"), std::string::npos);
  std::ofstream(place() / "lists.json") << "[]";
  EXPECT_TRUE(scanned());
  EXPECT_FALSE(scanned());
}

TEST_F(AptInstalledLists, do_not_hide_what_libapt_does_not_understand) {
  scanned();
  for (const auto& entry : fs::directory_iterator(root_.path() / "var/lib/apt/lists"))
    if (entry.path().filename().string().ends_with("_Packages"))
      std::ofstream(entry.path(), std::ios::app)
          << "\nPackage: unheard-of\nVersion: 1\nArchitecture: amd64\nDepends: (\n\n";
  for (int i = 0; i < 2; ++i) {
    EXPECT_NE(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
    EXPECT_TRUE(scan_.fake.reported("apt.lists_broken"));
  }
}

class NarrowList : public testing::Test {
 protected:
  std::optional<std::string> narrowed(const std::string& text) const {
    std::ofstream(from_) << text;
    if (apt::narrowList(from_, to_, {"a", "c"}) != apt::NarrowedList::kWritten) return std::nullopt;
    return read(to_);
  }
  AptRoot root_;
  std::string from_ = root_.path() / "from";
  std::string to_ = root_.path() / "to";
};

TEST_F(NarrowList, keeps_stanzas_byte_by_byte) {
  const std::string a = "Package: a\nVersion: 1\nDescription: x\n .\n Package: y\n\n";
  EXPECT_EQ(narrowed(a + "\n\nPackage: b\nVersion: 1\n\nPackage: c\nVersion: 2\n"),
            a + "Package: c\nVersion: 2\n");
  EXPECT_EQ(narrowed(""), "");
  EXPECT_EQ(narrowed("\n\n"), "");
}

TEST_F(NarrowList, knows_stanzas_wherever_a_piece_of_the_file_ends) {
  std::string text;
  std::string wanted;
  for (int i = 0; i < 20'000; ++i) {
    const std::string one =
        "Package: " + std::string(i % 3 == 0 ? "c" : "bb") + "\nN: " + std::to_string(i) + "\n\n";
    text += one;
    if (i % 3 == 0) wanted += one;
  }
  EXPECT_EQ(narrowed(text), wanted);
}

TEST_F(NarrowList, tells_a_full_disk_from_what_it_does_not_understand) {
  std::ofstream(from_) << "Package: a\nVersion: 1\n\n";
  EXPECT_EQ(apt::narrowList(from_, "/dev/full", {"a"}), apt::NarrowedList::kNoRoom);
  std::ofstream(from_) << "no field\n";
  EXPECT_EQ(apt::narrowList(from_, to_, {"a"}), apt::NarrowedList::kNotUnderstood);
}

TEST_F(NarrowList, understands_nothing_else) {
  for (const char* text : {"Version: 1\nPackage: a\n\n", "Package: a\nPackage: b\n\n", "Package: a \n\n",
                           "package: a\n\n", "Package: a\r\n\r\nPackage: b\r\n", "Package: \n\n",
                           "no field\n", "Package: a\nno field\n\nPackage: c\n", "Package: b\npackage: a\n\n",
                           "Package: a\n: x\n\n", "Package: a\f\n\n", "Package: \va\n\n"})
    EXPECT_EQ(narrowed(text), std::nullopt) << text;
}

}  // namespace
}  // namespace redflag::test
