// Lists of packages cut down to some of them: what is left is what libapt would have read of those.
#include <apt-pkg/fileutl.h>
#include <apt-pkg/tagfile.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "apt_errors.h"
#include "fuzz.h"
#include "narrow_list.h"

namespace redflag::fuzz {
namespace {

const apt::Names kNames{"a", "tool", "libc6"};

// Of the packages in question each stanza, without what is between them; false: libapt does not understand
// the list.
bool readAsLibapt(const std::string& file, std::vector<std::string>& out) {
  FileFd input(file, FileFd::ReadOnly);
  pkgTagFile stanzas(&input);
  pkgTagSection stanza;
  while (stanzas.Step(stanza)) {
    const char* begin = nullptr;
    const char* end = nullptr;
    stanza.GetSection(begin, end);
    while (begin < end && *begin == '\n')
      ++begin;
    while (end > begin && end[-1] == '\n')
      --end;
    if (kNames.contains(stanza.FindS("Package"))) out.emplace_back(begin, end);
  }
  const bool understood = !apt::aptFailed();
  apt::forgetAptErrors();
  return understood;
}

}  // namespace

REDFLAG_FUZZ(apt_lists) {
  static const auto kFolder = std::filesystem::temp_directory_path() / "lists";
  std::filesystem::create_directories(kFolder);
  const std::string from = kFolder / "from";
  const std::string to = kFolder / "to";
  std::ofstream(from, std::ios::binary | std::ios::trunc) << input;
  std::vector<std::string> all;
  std::vector<std::string> kept;
  if (apt::narrowList(from, to, kNames) != apt::NarrowedList::kWritten || !readAsLibapt(from, all)) return;
  claim(readAsLibapt(to, kept) && kept == all, "nothing is lost or made up");
}

}  // namespace redflag::fuzz
