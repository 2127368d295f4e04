#include "apt_errors.h"

#include <apt-pkg/error.h>

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
    append(is_error ? errors : warnings, message);
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

}  // namespace redflag::apt
