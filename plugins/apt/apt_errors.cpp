#include "apt_errors.h"

#include <apt-pkg/error.h>

#include <algorithm>
#include <string_view>

namespace redflag::apt {
namespace {

constexpr std::size_t kMaxTextBytes = 2000;

void append(std::string& text, const std::string& message) {
  if (message.empty()) return;
  if (!text.empty()) text += "; ";
  text += message;
}

}  // namespace

std::string takeAptErrors() {
  std::string errors;
  std::string warnings;
  std::string message;
  while (!_error->empty(GlobalError::DEBUG)) {
    const bool is_error = _error->PopMessage(message);
    append(is_error ? errors : warnings, withoutPasswords(message));
  }
  _error->Discard();
  append(errors, warnings);
  if (errors.size() > kMaxTextBytes) errors.resize(kMaxTextBytes);
  return errors;
}

bool aptFailed() {
  return _error->PendingError();
}

void forgetAptErrors() {
  _error->Discard();
}

std::string withoutPasswords(std::string text) {
  constexpr std::string_view kBegin = "://";
  for (auto at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at)) {
    at += kBegin.size();
    const auto end = std::min(text.find_first_of("/ \t\n", at), text.size());
    const auto sign = text.rfind('@', end);
    if (sign != std::string::npos && sign >= at) text.erase(at, sign + 1 - at);
  }
  return text;
}

}  // namespace redflag::apt
