#pragma once
// A response as bytes.

#include <cstdint>
#include <string>

#include "http/message.h"

namespace redflag::http {

enum class Framing {
  kWhole,     // Content-Length and the body
  kHeadOnly,  // the answer to HEAD: the length, but no body
  kStream,    // no length: what follows ends with the connection
};

// Adds Date (agents sign by it: auth/signature_clock.h), the request's id, the length, the security headers
// and, where the response has none of its own, `Cache-Control: no-store` and a policy under which nothing
// loads.
std::string serializeResponse(const Response& response, Framing framing, bool keep_alive, std::int64_t date_s,
                              const std::string& request_id);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string httpDate(std::int64_t epoch_s);

}  // namespace redflag::http
