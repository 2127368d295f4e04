#include "store/errors.h"

#include <cctype>
#include <string_view>

#include "base/encoding.h"

namespace redflag::store {
namespace {

// Numbers, ids and what stands in quotes differ from time to time; the sentence around them does not.
std::string shapeOf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < 300;) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const std::size_t end = text.find(c, i + 1);
      if (end != std::string_view::npos && end - i < 200) {
        out += "\"\"";
        i = end + 1;
        continue;
      }
    }
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      out += c;
      ++i;
      continue;
    }
    std::size_t end = i;
    bool number = false;
    for (; end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])) != 0; ++end)
      number = number || std::isdigit(static_cast<unsigned char>(text[end])) != 0;
    number ? out += '#' : out += text.substr(i, end - i);
    i = end;
  }
  return out;
}

}  // namespace

std::string fingerprintOf(const ErrorNote& note) {
  std::string all;
  for (const std::string& part :
       {note.source, note.subsystem, note.kind, note.code, note.severity, shapeOf(note.text)}) {
    all += part + '\0';
  }
  std::string id = toHex(sha256(all)).substr(0, 26);
  for (char& c : id)  // the letters of an id are capital ones
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return id;
}

}  // namespace redflag::store
