// The head of a Release file, by which a list that was cut off, or never fetched, is known for one.
#include "release_head.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(apt_release) {
  static const std::string kFile = std::filesystem::temp_directory_path() / "Release";
  std::ofstream(kFile, std::ios::binary | std::ios::trunc) << input;
  const apt::ReleaseHead head(kFile);
  static_cast<void>(head.time("Valid-Until"));
  for (const auto* list : {"Packages", "main/binary-all/Packages", "main/binary-amd64/Packages"}) {
    const auto size = head.sizeOf(list);
    claim(!size || input.find(std::string(" ") + list) != std::string_view::npos, "no list is made up");
    claim(!size || input.find(std::to_string(*size)) != std::string_view::npos, "no size is made up");
  }
  for (const auto* field : {"Components", "Architectures", "No-Support-for-Architecture-all"})
    claim(!head.lists(field, "main") || input.find(std::string(field) + ":") != std::string_view::npos,
          "no field is made up");
}

}  // namespace redflag::fuzz
