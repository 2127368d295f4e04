#pragma once
// Idempotency-Key: the same POST again gets the same answer and changes nothing.

#include <optional>
#include <string>

#include "http/message.h"
#include "store/store.h"

namespace redflag::api {

class Idempotency {
 public:
  // http::Problem 400 without the header, 409 when the key was used for another request, 429 when so many
  // answers are kept for this account already that no other one can be.
  Idempotency(store::Store& store, const http::Request& request);

  // What this request was answered before.
  const std::optional<http::Response>& previous() const { return previous_; }
  // In the transaction that does the work: two that race are one, the second gets http::Problem 409 and asks
  // again.
  void remember(store::WriteTransaction& tx, const http::Response& response, std::int64_t now) const;

 private:
  std::string user_id_;
  std::string key_;
  std::string request_hash_;
  std::optional<http::Response> previous_;
};

}  // namespace redflag::api
