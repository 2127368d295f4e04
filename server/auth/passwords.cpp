#include "auth/passwords.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/encoding.h"
#include "http/message.h"

namespace redflag::auth {
namespace {

constexpr std::size_t kAtOnce = 2;
constexpr std::size_t kMayWait = 2;  // each holds a worker of the front
constexpr std::size_t kMinPassword = 12;
constexpr std::size_t kMaxPassword = 1024;
constexpr std::size_t kMaxName = 64;

}  // namespace

// One of the places to compute in.
class Passwords::Turn {
 public:
  explicit Turn(Passwords& passwords) : passwords_(passwords) {
    std::unique_lock lock(passwords_.mutex_);
    if (passwords_.running_ >= kAtOnce && passwords_.waiting_ >= kMayWait) {
      throw http::Problem{429, "sign_in.busy", "too many people sign in at once", "", 1};
    }
    ++passwords_.waiting_;
    passwords_.freed_.wait(lock, [this] { return passwords_.running_ < kAtOnce; });
    --passwords_.waiting_;
    ++passwords_.running_;
  }
  ~Turn() {
    {
      const std::lock_guard lock(passwords_.mutex_);
      --passwords_.running_;
    }
    passwords_.freed_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Passwords& passwords_;
};

Passwords::Passwords(const PasswordCost& cost) : cost_(cost), nobodys_(compute(randomBytes(32))) {}

std::string Passwords::compute(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost_.operations,
                            cost_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::runtime_error("a password could not be hashed: not enough memory");
  }
  return out.data();
}

std::string Passwords::hash(const std::string& password) {
  const Turn turn(*this);
  return compute(password);
}

bool Passwords::verify(const std::string& password, const std::optional<std::string>& hash) {
  if (password.size() > kMaxPassword) return false;
  const Turn turn(*this);
  const std::string& stored = hash ? *hash : nobodys_;
  return crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0 && hash.has_value();
}

void Passwords::checkNew(const std::string& password) {
  if (password.size() < kMinPassword || password.size() > kMaxPassword || !isUtf8(password)) {
    throw http::Problem{400, "password.too_short", "a password has 12 to 1024 characters", "password"};
  }
}

std::string Passwords::normalName(const std::string& username) {
  std::string out = username;
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool plain = std::all_of(out.begin(), out.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("._@+-").find(c) != std::string_view::npos;
  });
  if (out.empty() || out.size() > kMaxName || !plain) {
    throw http::Problem{400, "username.malformed", "a name has 1 to 64 of a-z 0-9 . _ @ + -", "username"};
  }
  return out;
}

}  // namespace redflag::auth
