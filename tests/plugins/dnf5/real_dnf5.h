#pragma once
// A root of a Debian that has dnf5, with a machine in it for each test: an rpm database of its own, and
// repositories made there by createrepo_c.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/rpm_factory.h"
#include "support/signing_key.h"

namespace redflag::test {

using Rows = std::set<std::string>;

class RealDnf5 : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  RealDnf5();

  static void write(const std::string& file, const std::string& content);
  static Ended inside(std::vector<std::string> argv);
  // Into the rpm database, without looking at dependencies.
  static void install(const std::vector<Rpm>& rpms);
  // What was in it before is gone. `lines`: further ones of its section; `signer`: of all its packages.
  static void addRepository(const std::string& id, const std::vector<Rpm>& rpms,
                            const std::string& lines = "", const SigningKey* signer = nullptr);
  static void refresh();
  // "name.arch evr repository", by dnf5's own table.
  static Rows upgradable();
  // "name-[epoch:]version-release.arch", by rpm.
  static Rows installed();

  static std::filesystem::path root_;
};

}  // namespace redflag::test
