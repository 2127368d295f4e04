#include "narrow_list.h"

#include <apt-pkg/fileutl.h>
#include <strings.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "apt_errors.h"

namespace redflag::apt {
namespace {

constexpr std::size_t kAtOnce = std::size_t{1} << 18;
constexpr std::size_t kLongestStanza = std::size_t{1} << 22;
constexpr std::string_view kField = "Package: ";

// A field or the continuation of one; no second name of the package, in whatever case.
bool isOrdinary(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) return true;
  const auto colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  return colon != kField.size() - 2 || strncasecmp(line.data(), kField.data(), colon) != 0;
}

// The value of the one field Package, which comes first; "" for a stanza that is not like that. libapt takes
// every kind of white space off a value.
std::string_view packageOf(std::string_view stanza) {
  if (!stanza.starts_with(kField)) return {};
  const auto end = std::min(stanza.find('\n'), stanza.size());
  for (auto at = end + 1; at < stanza.size();) {
    const auto behind = std::min(stanza.find('\n', at), stanza.size());
    if (behind > at && !isOrdinary(stanza.substr(at, behind - at))) return {};
    at = behind + 1;
  }
  const auto name = stanza.substr(kField.size(), end - kField.size());
  return name.find_first_of(" \t\v\f") == std::string_view::npos ? name : std::string_view();
}

// Calls `take` with each stanza, with the empty line behind it where there is one. False: it is not laid out
// as expected, or `take` did not want it.
template <class Take>
bool eachStanza(FileFd& file, const Take& take) {
  std::string buffer;
  bool more = true;
  while (more) {
    const auto before = buffer.size();
    buffer.resize(before + kAtOnce);
    unsigned long long got = 0;
    if (!file.Read(buffer.data() + before, kAtOnce, &got)) return false;
    buffer.resize(before + got);
    more = got > 0;
    // libapt lets carriage returns end a stanza, too.
    if (buffer.find('\r', before) != std::string::npos) return false;
    std::size_t begin = 0;
    while (begin < buffer.size()) {
      begin = std::min(buffer.find_first_not_of('\n', begin), buffer.size());
      const auto end = buffer.find("\n\n", begin);
      if (end == std::string::npos && (more || begin == buffer.size())) break;
      const auto behind = end == std::string::npos ? buffer.size() : end + 2;
      if (!take(std::string_view(buffer).substr(begin, behind - begin))) return false;
      begin = behind;
    }
    buffer.erase(0, begin);
    if (buffer.size() > kLongestStanza) return false;
  }
  return true;
}

}  // namespace

Names namesIn(const std::string& status_file) {
  Names names;
  std::ifstream in(status_file, std::ios::binary);
  const std::string text = "\n" + std::string{std::istreambuf_iterator<char>(in), {}};
  const auto field = "\n" + std::string(kField);
  for (auto at = text.find(field); at != std::string::npos; at = text.find(field, at)) {
    at += field.size();
    names.insert(text.substr(at, std::min(text.find('\n', at), text.size()) - at));
  }
  return names;
}

NarrowedList narrowList(const std::string& from, const std::string& to, const Names& names) {
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  FileFd in(from, FileFd::ReadOnly, FileFd::Extension);
  const bool whole = in.IsOpen() && eachStanza(in, [&](std::string_view stanza) {
                       const auto name = packageOf(stanza);
                       if (names.contains(name))
                         out.write(stanza.data(), static_cast<std::streamsize>(stanza.size()));
                       return !name.empty();
                     });
  forgetAptErrors();
  out.close();
  if (out.fail()) return NarrowedList::kNoRoom;
  return whole ? NarrowedList::kWritten : NarrowedList::kNotUnderstood;
}

}  // namespace redflag::apt
