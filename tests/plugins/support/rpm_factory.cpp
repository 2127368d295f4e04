#include "support/rpm_factory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "support/program.h"

namespace redflag::test {
namespace {

std::string specOf(const Rpm& rpm) {
  const auto colon = rpm.evr.find(':');
  const auto dash = rpm.evr.rfind('-');
  const auto begin = colon == std::string::npos ? 0 : colon + 1;
  return "Name: " + rpm.name + "\n" +
         (colon == std::string::npos ? "" : "Epoch: " + rpm.evr.substr(0, colon) + "\n") +
         "Version: " + rpm.evr.substr(begin, dash - begin) + "\nRelease: " + rpm.evr.substr(dash + 1) +
         "\nSummary: test\nLicense: MIT\n" + (rpm.arch == "noarch" ? "BuildArch: noarch\n" : "") +
         rpm.header + "%description\ntest\n" +
         (rpm.file.empty() ? "" : "%install\ninstall -D /dev/null %{buildroot}" + rpm.file + "\n") +
         rpm.sections + "%files\n" + rpm.file + "\n" + rpm.files;
}

}  // namespace

std::filesystem::path rpmFile(const Rpm& rpm) {
  const auto spec = specOf(rpm);
  const auto store = std::filesystem::path(REDFLAG_BUILD) / "tests/rpms" /
                     std::to_string(std::hash<std::string>()(spec + rpm.arch));
  const auto file =
      store / (rpm.name + "-" + rpm.evr.substr(rpm.evr.find(':') + 1) + "." + rpm.arch + ".rpm");
  if (std::filesystem::exists(file)) return file;
  std::filesystem::create_directories(store);
  // In a folder of its own and then moved: another test may be building the same.
  auto pattern = (store / "build-XXXXXX").string();
  const std::filesystem::path work = mkdtemp(pattern.data());
  std::ofstream(work / "package.spec") << spec;
  outputOf({"rpmbuild", "-bb", "--quiet", "--target", rpm.arch, "--define", "_topdir " + work.string(),
            "--define", "_rpmdir " + work.string(), "--define", "_rpmfilename " + file.filename().string(),
            (work / "package.spec").string()},
           {"LC_ALL=C.UTF-8"});
  std::error_code error;
  std::filesystem::rename(work / file.filename(), file, error);
  EXPECT_TRUE(std::filesystem::exists(file)) << file << ": " << error.message();
  std::filesystem::remove_all(work);
  return file;
}

}  // namespace redflag::test
