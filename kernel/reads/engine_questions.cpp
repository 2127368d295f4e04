#include "reads/engine_questions.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxName = 512;

struct Question {
  std::string_view path;
  std::array<std::string_view, 2> keys;
};
constexpr std::array<Question, 5> kQuestions{{{"/_ping", {}},
                                              {"/version", {}},
                                              {"/info", {}},
                                              {"/images/json", {"all", "digests"}},
                                              {"/containers/json", {"all"}}}};

bool isNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == ':' || c == '@';
}

// A name or number, for images with the registry and folders it came from; nothing that leads elsewhere.
bool isName(std::string_view name, bool with_folders) {
  if (name.empty() || name.size() > kMaxName || name.find("..") != std::string_view::npos) return false;
  if (name.front() == '/' || name.back() == '/' || name.find("//") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return isNameByte(c) || (with_folders && c == '/'); });
}

bool isInspection(std::string_view path, std::string_view start, bool with_folders) {
  constexpr std::string_view kEnd = "/json";
  if (!path.starts_with(start) || !path.ends_with(kEnd) || path.size() <= start.size() + kEnd.size())
    return false;
  return isName(path.substr(start.size(), path.size() - start.size() - kEnd.size()), with_folders);
}

// "all=1&digests=1": known keys, each once, each 0 or 1.
bool isQuery(std::string_view query, const std::array<std::string_view, 2>& keys) {
  std::set<std::string_view> seen;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query = end == query.size() ? std::string_view() : query.substr(end + 1);
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    const auto key = pair.substr(0, equals);
    const auto value = pair.substr(equals + 1);
    if (std::find(keys.begin(), keys.end(), key) == keys.end() || !seen.insert(key).second) return false;
    if (value != "0" && value != "1") return false;
  }
  return true;
}

}  // namespace

bool isEngineQuestion(std::string_view target) {
  const auto mark = target.find('?');
  const auto path = target.substr(0, mark);
  const auto query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  for (const auto& question : kQuestions) {
    if (path == question.path) return isQuery(query, question.keys);
  }
  if (mark != std::string_view::npos) return false;
  return isInspection(path, "/images/", true) || isInspection(path, "/containers/", false);
}

void removeEnvironments(Json& answer) {
  if (answer.is_object()) answer.erase("Env");
  if (!answer.is_structured()) return;
  for (auto& value : answer)
    removeEnvironments(value);
}

void maskProxyPasswords(Json& answer) {
  if (!answer.is_object()) return;
  for (const char* key : {"HttpProxy", "HttpsProxy"}) {
    const auto found = answer.find(key);
    if (found == answer.end() || !found->is_string()) continue;
    const auto text = found->get<std::string>();
    const auto at = text.rfind('@');
    if (at == std::string::npos) continue;
    // What stands before the first colon is a scheme, or a name.
    const auto colon = text.find(':');
    const bool has_scheme = colon != std::string::npos && text.compare(colon, 3, "://") == 0;
    *found = (has_scheme ? text.substr(0, colon + 3) : "") + "xxxxx:xxxxx" + text.substr(at);
  }
}

}  // namespace redflag::kernel
