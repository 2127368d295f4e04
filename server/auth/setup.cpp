#include "auth/setup.h"

#include "base/encoding.h"
#include "http/message.h"

namespace redflag::auth {
namespace {

constexpr std::size_t kTokenBytes = 32;

char lowerByte(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

Setup::Setup(UserStore& users) : users_(users) {
  if (open()) token_ = toBase64Url(randomBytes(kTokenBytes));
}

bool Setup::open() const {
  if (closed_) return false;
  if (users_.anyUser()) closed_ = true;
  return !closed_;
}

void Setup::check(const std::string& token) const {
  if (!open()) throw http::Problem{404, "request.no_such_address", "there is nothing at this address", ""};
  if (token_.empty() || !equalSecrets(token, token_)) {
    throw http::Problem{401, "setup.token", "this is not the link on the server's console", "token"};
  }
}

void Setup::complete(const std::string& token, const User& user) {
  check(token);
  const bool first = users_.createFirstUser(user);
  closed_ = true;
  if (!first) throw http::Problem{404, "request.no_such_address", "there is nothing at this address", ""};
}

bool Setup::isSetupPath(const std::string& decoded_path) {
  std::string first;
  for (const char c : decoded_path) {
    if (c == '/' && !first.empty()) break;
    if (c != '/') first += lowerByte(c);
  }
  return first == "setup";
}

}  // namespace redflag::auth
