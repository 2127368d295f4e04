#pragma once
// The agent's requests as functions: signed, retried once where a new signature helps, answers checked before
// they are believed. Threads: one owner, but for interrupt().

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "link/backoff.h"
#include "link/https_client.h"
#include "protocol/keys.h"

namespace redflag::kernel {

// What a request came to when it did not come to its answer.
struct Failure {
  enum class Kind {
    kUnreachable,  // no connection, TLS, cut off; or something that is not our server answered
    kBusy,         // 429, 5xx: later
    kDenied,       // 401, 403: the server does not know this agent, or its clock is not ours
    kTooLarge,     // 413
    kRefused,      // other 4xx with a problem document: this request will never be taken
    kStopping,
  };
  Kind kind = Kind::kUnreachable;
  int status = 0;
  std::string code;  // of the problem document
  std::string text;  // for people
  std::int64_t retry_after_s = 0;
  std::string request_id = {};  // by which the server's log knows it; "": nothing of ours answered

  // The server itself, and not a proxy before it, says when to come again.
  bool putsOff() const {
    return kind == Kind::kBusy && !code.empty() && !request_id.empty() && retry_after_s > 0;
  }
};
template <class T>
using Answer = tl::expected<T, Failure>;

// What an answer is that was not the one asked for.
Failure failureOf(const HttpReply& reply);
// Leaves the server alone for as long as a failure of this kind asks for.
void backOff(Backoff& backoff, const Failure& failure, std::int64_t now_ns);

// How far the server's clock is from ours; the links of one agent share it. [any thread]
class ServerClock {
 public:
  explicit ServerClock(const Clock& clock) : clock_(clock) {}
  void heard(std::int64_t date_s);
  std::int64_t nowS() const { return clock_.epochNs() / kSecondNs + offset_s_; }
  std::int64_t offsetS() const { return offset_s_; }

 private:
  const Clock& clock_;
  std::atomic<std::int64_t> offset_s_ = 0;
};

class Access;

struct Signer {
  std::string key_id;  // the agent's id; at enrolment the public key in base64url
  const protocol::SigningKey& key;
  ServerClock& clock;
  Access* access = nullptr;  // nullptr: requests have no access token, as at the enrolment
};

struct Fetched {
  std::vector<Json> envelopes;  // in their transport form, not verified
  std::string held_state;       // why the server gives this agent none; "" when it would
  std::string held_reason;
};

struct UploadAnswer {
  struct Rejected {
    std::string id;
    std::string code;
    std::string text;
  };
  std::vector<std::string> acknowledged;
  std::vector<Rejected> rejected;
  struct Part {
    std::string id;
    std::size_t next = 0;
  };
  std::vector<Part> parts;  // of items that are not whole yet: which part it wants next
};

class ServerApi {
 public:
  ServerApi(std::unique_ptr<HttpsClient> client, Signer signer)
      : client_(std::move(client)), signer_(std::move(signer)) {}

  // The bodies of items, each one JSON object as the spool holds it.
  Answer<UploadAnswer> upload(const std::vector<std::string>& items);
  Answer<Fetched> fetch();
  // CommandTrust::files(), for a server whose own are older. True: it sees that now.
  Answer<bool> handTrust(const Json& files);
  Answer<Json> enroll(const Json& request);
  Answer<Json> renew(const Json& request);  // of the access token: signed with the key alone
  // Signed with this key alone, which may be another than the signer's.
  Answer<Json> handOverKey(const Json& request, const protocol::SigningKey& key);

  struct Doorbell {
    std::function<void()> opened;
    std::function<void()> ring;
    std::function<void(std::int64_t after_ms)> retry;
  };
  // Returns when the stream ends; it ended by itself when there is a value.
  Answer<bool> doorbell(const Doorbell& doorbell, std::int64_t idle_ns);

  void interrupt() { client_->interrupt(); }
  HttpsClient& client() { return *client_; }

 private:
  using Attempt = std::function<Result<HttpReply>(const std::string& authorization)>;

  HttpRequest sign(const std::string& method, const std::string& target, std::string body,
                   const std::string& authorization, const protocol::SigningKey& key) const;
  Answer<Json> post(const std::string& target, const std::string& body, const char* encoding,
                    std::size_t max_answer, Access* access);
  Answer<Json> postWith(const protocol::SigningKey& key, const std::string& target, const std::string& body,
                        const char* encoding, std::size_t max_answer, Access* access);
  Answer<HttpReply> send(const Attempt& attempt, Access* access);

  std::unique_ptr<HttpsClient> client_;
  Signer signer_;
};

}  // namespace redflag::kernel
