#pragma once
// A list of packages, cut down to some of them.

#include <string>
#include <string_view>
#include <unordered_set>

namespace redflag::apt {

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};
using Names = std::unordered_set<std::string, NameHash, std::equal_to<>>;

// The names of the packages that dpkg's database knows, whatever their state.
Names namesIn(const std::string& status_file);

enum class NarrowedList {
  kWritten,
  kNotUnderstood,  // not written as archives and dpkg write: nobody knows what libapt would make of it
  kNoRoom,         // it could not be written
};

// Writes to `to` the stanzas of `from` (compressed or not) whose package is one of `names`, byte by byte.
NarrowedList narrowList(const std::string& from, const std::string& to, const Names& names);

}  // namespace redflag::apt
