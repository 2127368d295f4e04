#include "http/target.h"

#include "base/encoding.h"
#include "http/message.h"

namespace redflag::http {
namespace {

[[noreturn]] void refuse(const std::string& detail) {
  throw Problem{400, "request.target", detail};
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto byte = fromHex(text.substr(i + 1, 2));
      if (i + 2 >= text.size() || !byte)
        refuse("the address holds a % that no two hexadecimal digits follow");
      out += *byte;
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  if (out.find('\0') != std::string::npos || !isUtf8(out)) refuse("the address is not UTF-8 text");
  return out;
}

// Calls `each` with the parts between separators; at least one, possibly empty.
template <class Each>
void split(std::string_view text, char separator, Each each) {
  for (;;) {
    const auto at = text.find(separator);
    each(text.substr(0, at));
    if (at == std::string_view::npos) return;
    text.remove_prefix(at + 1);
  }
}

}  // namespace

Target parseTarget(std::string_view target) {
  if (target.empty() || target.front() != '/') refuse("the address must begin with a slash");
  Target out;
  const auto question = target.find('?');
  const std::string_view path =
      target.substr(1, question == std::string_view::npos ? question : question - 1);
  split(path, '/', [&](std::string_view part) { out.segments.push_back(decode(part, false)); });
  if (question == std::string_view::npos) return out;
  split(target.substr(question + 1), '&', [&](std::string_view part) {
    if (part.empty()) return;
    const auto equals = part.find('=');
    const std::string name = decode(part.substr(0, equals), true);
    std::string value = equals == std::string_view::npos ? "" : decode(part.substr(equals + 1), true);
    if (!out.query.emplace(name, std::move(value)).second) {
      throw Problem{400, "request.target", "a query parameter is given twice", name.substr(0, 64)};
    }
  });
  return out;
}

}  // namespace redflag::http
