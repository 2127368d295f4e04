#include "http/answer.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/request_id.h"
#include "http/problem.h"

namespace redflag::http {
namespace {

constexpr const char* kStandingHeaders =
    "Strict-Transport-Security: max-age=31536000\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

bool has(const Response& response, const char* name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [name](const auto& header) { return header.first == name; });
}

// A handler that copies outside text into a header must not be able to end it.
std::string headerValue(const std::string& value) {
  std::string out = value;
  std::erase_if(out, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  return out;
}

}  // namespace

std::string httpDate(std::int64_t epoch_s) {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = epoch_s;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), ", %d ??? %Y %H:%M:%S GMT", &parts);
  std::string out = days[static_cast<std::size_t>(parts.tm_wday)] + std::string(text.data(), size);
  return out.replace(out.find('?'), 3,
                     months[static_cast<std::size_t>(parts.tm_mon)]);  // whatever the locale
}

std::string serializeResponse(const Response& response, Framing framing, bool keep_alive, std::int64_t date_s,
                              const std::string& request_id) {
  const bool bodiless = response.status == 204 || response.status == 304;
  std::string out =
      "HTTP/1.1 " + std::to_string(response.status) + ' ' + reasonPhrase(response.status) + "\r\n";
  out.reserve(1024 + response.body.size());
  out += "Date: " + httpDate(date_s) + "\r\n";
  out += std::string(kRequestIdHeader) + ": " + request_id + "\r\n";
  if (!bodiless) out += "Content-Type: " + headerValue(response.content_type) + "\r\n";
  if (framing != Framing::kStream && !bodiless) {
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  for (const auto& [name, value] : response.headers)
    out += name + ": " + headerValue(value) + "\r\n";
  if (!has(response, "Cache-Control")) out += "Cache-Control: no-store\r\n";
  if (!has(response, "Content-Security-Policy")) {
    out += "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
  }
  out += kStandingHeaders;
  out += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (framing == Framing::kWhole && !bodiless) out += response.body;
  return out;
}

}  // namespace redflag::http
