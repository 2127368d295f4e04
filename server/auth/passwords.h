#pragma once
// Argon2id with a bound on how many are computed at once: each takes tens of megabytes and a core for a
// while, which is what makes guessing dear and a flood of sign-ins dangerous.

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

namespace redflag::auth {

struct PasswordCost {
  unsigned long long operations = 3;
  std::size_t memory_bytes = 64U << 20;
};

class Passwords {
 public:
  // Throws std::runtime_error when the cost cannot be met.
  explicit Passwords(const PasswordCost& cost = {});

  // libsodium's text form. Throws Problem 429 when too many are waiting. [any thread]
  std::string hash(const std::string& password);
  // Takes the same time for a user who does not exist (nullopt). Throws Problem 429. [any thread]
  bool verify(const std::string& password, const std::optional<std::string>& hash);

  // Throws Problem 400, field "password": 12 to 1024 bytes of UTF-8.
  static void checkNew(const std::string& password);
  // Lower case; throws Problem 400, field "username": 1 to 64 of a-z 0-9 . _ @ + -
  static std::string normalName(const std::string& username);

 private:
  class Turn;
  std::string compute(const std::string& password);

  const PasswordCost cost_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  std::string nobodys_;  // the hash of a password nobody knows
};

}  // namespace redflag::auth
