#pragma once
// A person's session with the server's API, for the orders of a run and for its judge. Blocks. Threads: one.

#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "swarm/exchange.h"

namespace redflag::swarm {

struct Credentials {
  std::string username;
  std::string password;
};

// When to ask again: soon, but no sooner than the server itself said. At once after an answer that was good.
std::int64_t askAgainNs(const Result<Reply>& reply, std::int64_t now_ns);

class Person {
 public:
  Person(const Target& target, Credentials credentials)
      : exchange_(target), credentials_(std::move(credentials)) {}

  // The body of an answer of 2xx. Signs in where that is needed. kUnavailable: no answer, or a server that
  // cannot answer now; ask again. kDenied: the name or the password. kInvalid: anything else, with its code.
  Result<Json> get(const std::string& path) { return call("GET", path, "", ""); }
  // `key`: of idempotency, the same each time the same thing is asked again.
  Result<Json> post(const std::string& path, const Json& body, const std::string& key) {
    return call("POST", path, dumpJson(body), key);
  }
  // As long as it is kUnavailable, but not for longer than that; no sooner each time than againNs().
  Result<Json> patiently(const std::function<Result<Json>()>& attempt, std::int64_t ns);
  // Before this moment of the monotonic clock the next request is not to leave.
  std::int64_t againNs() const { return again_ns_; }
  // Calls `each` for every item of a list, page by page.
  Result<> list(const std::string& path, const std::function<void(const Json&)>& each);

  // The answer to the next request is thrown away, as if the connection had broken.
  void loseNextReply() { exchange_.loseNextReply(); }

 private:
  Result<Json> call(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& key);
  Result<Reply> ask(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& key);
  Result<> signIn();

  Exchange exchange_;
  const Credentials credentials_;
  std::string cookie_;
  std::string csrf_;
  std::int64_t again_ns_ = 0;
};

}  // namespace redflag::swarm
