#pragma once
// How the talk with the server goes, for status and log. Logs when it changes, not while it lasts: a day
// without a server is a few lines, and so is a day with one that comes and goes. Threads: any.

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "identity/sealed_key.h"
#include "link/server_api.h"
#include "link/uploader.h"

namespace redflag::kernel {

class Contact {
 public:
  explicit Contact(const Clock& clock) : clock_(clock) {}

  void succeeded(const std::string& url);
  // `next_ns`: monotonic, when it is tried again.
  void failed(const std::string& url, const Failure& failure, int failures, bool open, std::int64_t next_ns);
  // What keeps the link from starting at all; "" when nothing does.
  void notEnrolled(const std::string& why);
  // An agent whose key does not open on this machine, or not now.
  void notBound(const std::string& why);
  void enrolled(const std::string& agent_id, const Binding& binding);
  void doorbell(bool open);
  void orders(const char* state);
  // Why the server gives this agent no orders; `state` "" when it would.
  void held(const std::string& state, const std::string& reason);
  // Why nothing that the server orders is believed; "" while it is.
  void distrusted(const std::string& why);
  void rejected(const std::vector<Uploader::Rejection>& rejections);
  void stopped();

  // Of the key: "weak" or "machine"; "" before it was opened.
  std::string binding() const;
  Json status() const;

 private:
  bool maySay(const std::string& url);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::string state_ = "not_enrolled";
  std::string agent_id_;
  std::string server_;
  std::string last_error_;
  std::string last_request_id_;  // of the request that last_error_ is about
  std::string logged_error_;
  std::int64_t said_since_ns_ = 0;  // monotonic
  int said_ = 0;                    // lines since then
  std::int64_t last_contact_ns_ = 0;
  std::int64_t next_ns_ = 0;
  int failures_ = 0;
  bool open_ = false;
  bool doorbell_open_ = false;
  std::string orders_ = "ok";
  std::string held_state_;
  std::string held_reason_;
  std::string distrust_;
  std::uint64_t rejected_ = 0;
  Json last_rejection_;
  Json binding_;
};

}  // namespace redflag::kernel
