#include "base/logged_error.h"

#include <algorithm>

namespace redflag {
namespace {

bool isWord(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || more.find(c) != std::string_view::npos;
  });
}

// "word: rest" gives the word, and leaves the rest.
std::string_view takeWord(std::string_view& text, std::string_view more) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos || !isWord(text.substr(0, colon), more)) return {};
  const std::string_view word = text.substr(0, colon);
  text.remove_prefix(colon + 2);
  return word;
}

}  // namespace

LoggedError readLoggedError(std::string_view line) {
  LoggedError out;
  out.subsystem = takeWord(line, "");
  std::string_view after = line;
  const std::string_view code = takeWord(after, ".");
  if (code.find('.') != std::string_view::npos) {
    out.code = code;
    line = after;
  }
  out.text = line;
  return out;
}

}  // namespace redflag
