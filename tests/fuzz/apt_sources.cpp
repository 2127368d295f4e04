// apt's sources in both of their forms, read so that one bad entry costs only itself, and Debian's notes on
// reboots.
#include <filesystem>
#include <fstream>

#include "fuzz.h"
#include "reboot.h"
#include "session.h"
#include "source_list.h"

#include <apt-pkg/sourcelist.h>

namespace redflag::fuzz {

REDFLAG_FUZZ(apt_sources) {
  static const auto kRoot = [] {
    auto root = std::filesystem::temp_directory_path() / "root";
    for (const char* folder : {"etc/apt/sources.list.d", "var/lib/dpkg", "var/lib/apt/lists/partial", "run"})
      std::filesystem::create_directories(root / folder);
    std::ofstream(root / "var/lib/dpkg/status");
    claim(apt::configureApt({.root = root}, apt::CacheUse::kMemory).has_value(),
          "apt reads its configuration");
    return root;
  }();
  auto texts = parts(input, 3);
  texts.resize(3);
  std::size_t i = 0;
  for (const char* file :
       {"etc/apt/sources.list", "etc/apt/sources.list.d/a.sources", "run/reboot-required.pkgs"})
    std::ofstream(kRoot / file, std::ios::binary | std::ios::trunc) << texts[i++];
  std::ofstream(kRoot / "run/reboot-required");
  std::vector<apt::BrokenSource> broken;
  claim(apt::readSources(broken) != nullptr, "there is always a list");
  claim(apt::readRebootRequest(kRoot).required, "a note is a request");
}

}  // namespace redflag::fuzz
