// The head of a request, as it comes: in pieces, and believed only as a whole.
#include "http/head.h"

#include "fuzz.h"

namespace redflag::fuzz {
namespace {

std::optional<std::size_t> endOf(std::string_view bytes, int& refused) {
  try {
    return http::findHeadEnd(bytes, {});
  } catch (const http::Problem& problem) {
    refused = problem.status;
    return std::nullopt;
  }
}

}  // namespace

REDFLAG_FUZZ(http_head) {
  int refused = 0;
  const auto end = endOf(input, refused);
  claim(refused == 0 || refused == 414 || refused == 431, "a head without an end is too long, nothing else");
  if (!end) return;
  claim(*end <= input.size(), "a head ends where it is");
  int early = 0;
  claim(!endOf(input.substr(0, *end - 1), early), "and not before");
  try {
    const auto head = http::parseHead(input.substr(0, *end), {});
    claim(!head.method.empty() && !head.target.empty() && !head.segments.empty(),
          "a request asks for something");
    claim(head.headers.size() <= http::HeadLimits{}.header_count, "its headers are within the limit");
    for (const auto& [name, value] : head.headers)
      claim(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a header is one line");
    claim(!head.headers.contains("transfer-encoding") || !head.content_length,
          "one way to say how long it is");
  } catch (const http::Problem& problem) {
    claim(problem.status >= 400 && problem.status < 600 && !problem.code.empty(), "a refusal is a problem");
  }
}

}  // namespace redflag::fuzz
