#include "http/head.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "http/target.h"

namespace redflag::http {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

[[noreturn]] void refuse(int status, const char* code, const std::string& detail) {
  throw Problem{status, code, detail};
}

bool isTokenByte(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         marks.find(c) != std::string_view::npos;
}

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isTokenByte);
}

char lowerByte(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lowerByte);
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// Takes one line without its CR LF off the front.
std::string_view takeLine(std::string_view& rest) {
  const auto end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 2));
  return line;
}

void parseRequestLine(std::string_view line, const HeadLimits& limits, RequestHead& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    refuse(400, "request.line", "the request line is not METHOD SP target SP version");
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (target.size() > limits.target_bytes) refuse(414, "request.target_too_long", "the address is too long");
  const bool visible =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!isToken(line.substr(0, first)) || !visible || target.find('#') != std::string_view::npos) {
    refuse(400, "request.line", "the request line holds characters that do not belong there");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    refuse(505, "request.version", "HTTP/1.1 is spoken here");
  head.keep_alive = version == "HTTP/1.1";
  head.method = std::string(line.substr(0, first));
  head.target = std::string(target);
}

void addHeader(std::string_view line, RequestHead& head) {
  // Those that mean a list, and cannot change what a request is or who sent it.
  static const std::set<std::string, std::less<>> lists = {
      "accept",     "accept-charset", "accept-encoding", "accept-language", "cache-control",
      "connection", "forwarded",      "if-none-match",   "pragma",          "te",
      "via",        "x-forwarded-for"};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
    refuse(400, "request.header", "a header's name is malformed");
  }
  const std::string name = lower(line.substr(0, colon));
  const std::string value(trim(line.substr(colon + 1)));
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  if (std::any_of(value.begin(), value.end(), is_control)) {
    throw Problem{400, "request.header", "a header's value holds a control byte", name};
  }
  const auto [place, added] = head.headers.emplace(name, value);
  if (added) return;
  if (!lists.contains(name)) throw Problem{400, "request.header_twice", "a header is given twice", name};
  place->second += ", " + value;
}

void interpretLength(RequestHead& head) {
  const auto length = head.headers.find("content-length");
  if (head.headers.contains("transfer-encoding")) {
    if (length != head.headers.end()) {
      refuse(400, "request.two_lengths", "Transfer-Encoding and Content-Length contradict each other");
    }
    refuse(411, "request.length_required", "send a Content-Length: chunks are not taken");
  }
  if (length == head.headers.end()) return;
  const std::string& digits = length->second;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    throw Problem{400, "request.length", "Content-Length is not a number", "content-length"};
  }
  head.content_length = value;
}

void interpretConnection(RequestHead& head) {
  std::string rest = lower(head.header("connection"));
  for (std::string_view text = rest; !text.empty();) {
    const auto comma = text.find(',');
    const std::string_view option = trim(text.substr(0, comma));
    if (option == "close") head.keep_alive = false;
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  const std::string expect = lower(head.header("expect"));
  if (expect.empty()) return;
  if (expect != "100-continue") refuse(417, "request.expectation", "this expectation is not known here");
  head.expects_continue = true;
}

}  // namespace

std::string RequestHead::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

std::string RequestHead::path() const {
  std::string out;
  for (const std::string& segment : segments)
    out += '/' + segment;
  return out;
}

std::optional<std::size_t> findHeadEnd(std::string_view bytes, const HeadLimits& limits) {
  const auto end = bytes.find(kHeadEnd);
  if (end != std::string_view::npos && end + kHeadEnd.size() <= limits.bytes) return end + kHeadEnd.size();
  if (bytes.size() <= limits.bytes) return std::nullopt;
  // Whatever is longer than a target can be, before the first line's end, is a target.
  if (bytes.find("\r\n") > limits.target_bytes + 32) {
    refuse(414, "request.target_too_long", "the address is too long");
  }
  refuse(431, "request.head_too_large", "the headers are too large");
}

RequestHead parseHead(std::string_view bytes, const HeadLimits& limits) {
  RequestHead head;
  std::string_view rest = bytes;
  parseRequestLine(takeLine(rest), limits, head);
  std::size_t count = 0;
  for (std::string_view line = takeLine(rest); !line.empty(); line = takeLine(rest)) {
    if (++count > limits.header_count) refuse(431, "request.too_many_headers", "there are too many headers");
    addHeader(line, head);
  }
  if (head.header("host").empty()) refuse(400, "request.host", "a Host header is required");
  interpretLength(head);
  interpretConnection(head);
  Target target = parseTarget(head.target);
  head.segments = std::move(target.segments);
  head.query = std::move(target.query);
  return head;
}

}  // namespace redflag::http
