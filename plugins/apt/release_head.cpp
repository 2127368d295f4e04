#include "release_head.h"

#include <apt-pkg/strutl.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <string_view>

namespace redflag::apt {

ReleaseHead::ReleaseHead(const std::string& file) {
  std::ifstream input(file);
  for (std::string line; std::getline(input, line);) {
    if (line.starts_with(' ')) {
      if (line.ends_with("Packages")) noteSize(line);
      continue;
    }
    if (const auto colon = line.find(':'); colon != std::string::npos)
      fields_[line.substr(0, colon)] = " " + APT::String::Strip(line.substr(colon + 1)) + " ";
  }
}

// "checksum size name", in columns. Lines are many, and a stream for each takes longer than all the rest.
void ReleaseHead::noteSize(const std::string& line) {
  const auto word = [&line](std::size_t& at) {
    const auto begin = std::min(line.find_first_not_of(' ', at), line.size());
    at = std::min(line.find(' ', begin), line.size());
    return std::string_view(line).substr(begin, at - begin);
  };
  std::size_t at = 0;
  word(at);
  const auto digits = word(at);
  const auto name = word(at);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error == std::errc() && end == digits.data() + digits.size() && !name.empty())
    sizes_.insert_or_assign(std::string(name), size);
}

std::int64_t ReleaseHead::time(const std::string& field) const {
  time_t parsed = 0;
  const auto found = fields_.find(field);
  return found != fields_.end() && RFC1123StrToTime(APT::String::Strip(found->second), parsed) ? parsed : 0;
}

std::optional<std::uint64_t> ReleaseHead::sizeOf(const std::string& list) const {
  const auto found = sizes_.find(list);
  return found == sizes_.end() ? std::nullopt : std::optional(found->second);
}

bool ReleaseHead::lists(const std::string& field, const std::string& word) const {
  const auto found = fields_.find(field);
  return found != fields_.end() && found->second.find(" " + word + " ") != std::string::npos;
}

}  // namespace redflag::apt
