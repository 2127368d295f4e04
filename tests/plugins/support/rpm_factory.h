#pragma once
// Real packages, made by rpmbuild, each once for all tests: without files, so that installing one takes no
// time.

#include <filesystem>
#include <string>
#include <vector>

namespace redflag::test {

struct Rpm {
  std::string name;
  std::string evr;              // "[epoch:]version-release"
  std::string header = {};      // further lines of its preamble, each with its "\n": "Obsoletes: old < 2\n"
  std::string arch = "x86_64";  // or "noarch", "i686"
  std::string sections = {};    // "%post\nexit 1\n"
  std::string file = {};        // the path of one that it contains
  std::string files = {};       // further lines of its %files, each with its "\n"
};

// The package's file, built if no test before has.
std::filesystem::path rpmFile(const Rpm& rpm);

}  // namespace redflag::test
