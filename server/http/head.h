#pragma once
// The head of a request, read by one strict grammar: what two readers could understand differently is
// refused, so that no proxy in front and no handler behind can be led to disagree about where a request ends
// or who sent it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace redflag::http {

struct HeadLimits {
  std::size_t bytes = 16U << 10;        // everything up to and with the empty line; past it 431
  std::size_t target_bytes = 8U << 10;  // past it 414; a long cursor fits into it
  std::size_t header_count = 64;        // past it 431
};

struct RequestHead {
  std::string method;
  std::string target;  // path and query as sent: what an agent signed
  std::vector<std::string>
      segments;  // of the path, decoded one by one: an encoded slash stays inside its segment
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // lower-case names; lists joined by ", "
  std::optional<std::uint64_t> content_length;
  bool keep_alive = true;
  bool expects_continue = false;

  std::string header(const std::string& lower_case_name) const;  // empty when absent
  std::string path() const;                                      // decoded
};

// The length of the head in `bytes`, with its empty line; nullopt while that has not arrived.
// Throws Problem 414 or 431 as soon as a limit is passed.
std::optional<std::size_t> findHeadEnd(std::string_view bytes, const HeadLimits& limits);

// Parses exactly one head. Throws Problem.
RequestHead parseHead(std::string_view bytes, const HeadLimits& limits);

}  // namespace redflag::http
