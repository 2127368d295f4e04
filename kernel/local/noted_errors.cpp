#include "local/noted_errors.h"

#include <algorithm>

#include "base/logged_error.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxWord = 64;

// Ids, numbers and names make no other kind.
std::string kindOf(const NotedError& error) {
  std::string out = error.subsystem + ' ' + error.code + ' ' + error.text;
  std::erase_if(out, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
  return out;
}

NotedError tooMany(std::int64_t at_ns, std::int64_t times) {
  return {"agent", "errors.too_many", "more kinds of errors at once than are told; the agent's log has them",
          at_ns, times};
}

}  // namespace

void NotedErrors::add(const NotedError& error) {
  const auto known = noted_.find(kindOf(error));
  if (known != noted_.end()) {
    known->second.times += error.times;
    known->second.at_ns = std::max(known->second.at_ns, error.at_ns);
    return;
  }
  const bool room = noted_.size() + 1 < protocol::kMaxToldErrors;
  if (!room && error.code != "errors.too_many") return add(tooMany(error.at_ns, error.times));
  noted_.emplace(kindOf(error), error);
}

void NotedErrors::note(std::string_view line, std::int64_t now_ns) {
  LoggedError said = readLoggedError(line);
  if (said.text.size() > kMaxText) said.text.resize(kMaxText);
  if (said.subsystem.empty() || said.subsystem.size() > kMaxWord) said.subsystem = "agent";
  if (said.code.size() > kMaxWord) said.code.clear();
  const std::lock_guard lock(mutex_);
  add({said.subsystem, said.code, said.text, now_ns, 1});
}

std::vector<NotedError> NotedErrors::take() {
  std::map<std::string, NotedError> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(noted_);
  }
  std::vector<NotedError> out;
  for (auto& [kind, error] : taken)
    out.push_back(std::move(error));
  return out;
}

void NotedErrors::putBack(const std::vector<NotedError>& errors) {
  const std::lock_guard lock(mutex_);
  for (const NotedError& error : errors)
    add(error);
}

std::shared_ptr<NotedErrors> notedErrors() {
  static const auto noted = std::make_shared<NotedErrors>();
  return noted;
}

}  // namespace redflag::kernel
