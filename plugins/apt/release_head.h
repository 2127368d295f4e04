#pragma once
// What stands above the checksums of a Release file, which are nearly all of it, and of those the sizes of
// package lists. Whether anybody signed it is libapt's to find out.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace redflag::apt {

class ReleaseHead {
 public:
  // A file that is not there has neither fields nor lists.
  explicit ReleaseHead(const std::string& file);

  // Seconds since the epoch; 0: it has no such field, or no time in it.
  std::int64_t time(const std::string& field) const;
  // Of a list as the archive signed it, not compressed.
  std::optional<std::uint64_t> sizeOf(const std::string& list) const;
  bool namesLists() const { return !sizes_.empty(); }
  bool lists(const std::string& field, const std::string& word) const;

 private:
  void noteSize(const std::string& line);

  std::map<std::string, std::string> fields_;
  std::unordered_map<std::string, std::uint64_t> sizes_;
};

}  // namespace redflag::apt
