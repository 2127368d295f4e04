#pragma once
// A Debian root made by scripts/make-sandbox, with a signed repository beside it, and orders for it.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "refresh.h"
#include "support/program.h"
#include "updater_of.h"

namespace redflag::test {

class AptInstall : public testing::Test {
 protected:
  using AptUpdater = apt::AptUpdater;

  AptInstall() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-sandbox-XXXXXX").string();
    sandbox_ = mkdtemp(pattern.data());
    outputOf({REDFLAG_MAKE_SANDBOX, sandbox_});
    updater_.settings.root = root();
  }
  ~AptInstall() override { std::filesystem::remove_all(sandbox_); }

  std::filesystem::path root() const { return sandbox_ / "root"; }

  // An order with the plan that its confirmation would carry.
  Json planned(const std::string& name, const std::string& version) {
    auto order = UpdaterOf::order(name, version, "all");
    EXPECT_EQ(updater_.run(&AptUpdater::plan, order), rf::Status::kOk) << updater_.lastCode();
    order["plan"] = updater_.result();
    return order;
  }
  std::map<std::string, std::string> results() const {
    std::map<std::string, std::string> found;
    const auto written = updater_.result();
    for (const auto& step : written.at("steps"))
      found[step.at("name")] = step.at("result");
    return found;
  }
  std::string installed(const std::string& name) const {
    return outputOf({"dpkg-query", "--admindir=" + (root() / "var/lib/dpkg").string(), "-W", "-f",
                     "${db:Status-Abbrev}${Version}", name});
  }
  bool said(const std::string& line) const {
    return std::find(updater_.fake.lines.begin(), updater_.fake.lines.end(), line) !=
           updater_.fake.lines.end();
  }
  // Every file of dpkg's database: nothing was changed if it is the same.
  std::string database() const {
    std::ostringstream text;
    text << std::ifstream(root() / "var/lib/dpkg/status").rdbuf();
    return text.str();
  }

  rf::Status refresh(Json& written, std::int64_t seconds = 120) {
    std::string text;
    rf::Run run(updater_.fake.newRun(RF_PURPOSE_UPDATES, seconds));
    rf::Output output(rf::detail::sinkInto(text));
    const auto status = apt::AptRefresh(updater_.settings, updater_.fake.host(), run).run(output);
    written = text.empty() ? Json() : Json::parse(text);
    return status;
  }
  // A package of the test's own: `files` below its tree, by their paths.
  void build(const std::string& name, const std::string& version,
             const std::map<std::string, std::string>& files) const {
    const auto tree = sandbox_ / (name + "-" + version);
    auto all = files;
    all["DEBIAN/control"] = "Package: " + name + "\nVersion: " + version +
                            "\nArchitecture: all\nMaintainer: Test <t@example.org>\nDescription: test\n";
    for (const auto& [path, content] : all) {
      std::filesystem::create_directories((tree / path).parent_path());
      std::ofstream(tree / path) << content;
      if (path == "DEBIAN/postinst") std::filesystem::permissions(tree / path, std::filesystem::perms(0755));
    }
    std::filesystem::create_directories(sandbox_ / "own");
    outputOf({"dpkg-deb", "--build", "--root-owner-group", tree,
              sandbox_ / "own" / (name + "_" + version + "_all.deb")});
  }
  void installByHand(const std::string& name, const std::string& version) const {
    std::filesystem::copy_file(sandbox_ / "own" / (name + "_" + version + "_all.deb"),
                               root() / "tmp/own.deb");
    outputOf({"chroot", root(), "dpkg", "-i", "/tmp/own.deb"});
  }
  // In a repository of their own, trusted by its entry.
  void offerOwn() const { offerOwn("file:" + (sandbox_ / "own").string()); }
  void offerOwn(const std::string& url) const {
    outputOf({"sh", "-c", "cd '" + (sandbox_ / "own").string() + "' && apt-ftparchive packages . >Packages"});
    std::ofstream(root() / "etc/apt/sources.list", std::ios::app) << "deb [trusted=yes] " << url << " ./\n";
    const auto dir = root().string();
    outputOf({"apt-get", "-qq", "-o", "Dir=" + dir, "-o",
              "Dir::State::status=" + dir + "/var/lib/dpkg/status", "-o", "APT::Sandbox::User=root",
              "update"});
  }

  std::filesystem::path sandbox_;
  UpdaterOf updater_;
};

}  // namespace redflag::test
