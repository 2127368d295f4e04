#include "services/upload_text.h"

namespace redflag::services {
namespace {

constexpr std::size_t kItemDepth = 3;  // {"items":[{…
constexpr std::size_t npos = std::string_view::npos;

// Walks over JSON without believing it: npos wherever the text is not what it should be.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  // Behind the string that begins at `at`.
  std::size_t behindString(std::size_t at) const {
    for (std::size_t i = at + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') return i + 1;
      if (text_[i] == '\\') ++i;
    }
    return npos;
  }

  // Behind the list or object that begins at `at`.
  std::size_t behindNested(std::size_t at) const {
    std::size_t depth = 0;
    for (std::size_t i = at; i < text_.size();) {
      switch (text_[i]) {
        case '"':
          i = behindString(i);
          if (i == npos) return npos;
          continue;
        case '[':
        case '{':
          ++depth;
          break;
        case ']':
        case '}':
          if (--depth == 0) return i + 1;
          break;
        default:
          break;
      }
      ++i;
    }
    return npos;
  }

  // Where the value of a key begins whose string ends before `at`; npos when that string is no key.
  std::size_t valueOf(std::size_t at) const {
    at = text_.find_first_not_of(" \t\r\n", at);
    if (at == npos || text_[at] != ':') return npos;
    return text_.find_first_not_of(" \t\r\n", at + 1);
  }

 private:
  std::string_view text_;
};

}  // namespace

UploadText cutRecords(std::string_view body, std::size_t min_bytes) {
  const Walker walker(body);
  UploadText cut;
  std::size_t depth = 0;
  std::size_t items = 0;
  bool in_items = false;  // of the body's own list: another one's objects are no items
  std::size_t copied = 0;
  for (std::size_t i = 0; i < body.size();) {
    const char c = body[i];
    if (c == '[' || c == '{') {
      ++depth;
      if (depth == kItemDepth && in_items) ++items;
    } else if (c == ']' || c == '}') {
      if (depth == 0) break;
      --depth;
    } else if (c == '"') {
      const std::size_t end = walker.behindString(i);
      if (end == npos) break;
      if (depth == 1 && walker.valueOf(end) != npos) in_items = body.substr(i, end - i) == "\"items\"";
      const bool key = depth == kItemDepth && in_items && body.substr(i, end - i) == "\"records\"";
      const std::size_t begin = key ? walker.valueOf(end) : npos;
      const std::size_t behind = begin != npos && body[begin] == '[' ? walker.behindNested(begin) : npos;
      if (behind != npos && behind - begin >= min_bytes) {
        cut.skeleton.append(body, copied, begin - copied).append("[]");
        cut.records[items - 1] = body.substr(begin, behind - begin);
        copied = behind;
        i = behind;
        continue;
      }
      i = end;
      continue;
    }
    ++i;
  }
  cut.skeleton.append(body, copied);
  return cut;
}

}  // namespace redflag::services
