#include "http/proxies.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace redflag::http {
namespace {

using Address = std::array<unsigned char, 16>;  // IPv4 as ::ffff:a.b.c.d

std::optional<Address> parseAddress(const std::string& text) {
  Address out{};
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    out[10] = out[11] = 0xFF;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&v4);
    std::copy(bytes, bytes + 4, out.begin() + 12);
    return out;
  }
  if (::inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  return std::nullopt;
}

std::string textOf(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  static constexpr Address mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(address.begin(), address.begin() + 12, mapped.begin())) {
    ::inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, address.data(), text, sizeof text);
  }
  return text;
}

std::string_view bare(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1"
std::optional<Address> parseNode(std::string_view text) {
  text = bare(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : parseAddress(std::string(text.substr(1, end - 1)));
  }
  if (const auto whole = parseAddress(std::string(text))) return whole;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
    return std::nullopt;
  return parseAddress(std::string(text.substr(0, colon)));
}

// The node of one element of Forwarded: "for=192.0.2.1;proto=https".
std::string_view forIn(std::string_view element) {
  while (!element.empty()) {
    const auto end = element.find(';');
    const std::string_view pair = bare(element.substr(0, end));
    if (pair.size() > 4 && (pair[0] == 'f' || pair[0] == 'F') && (pair[1] == 'o' || pair[1] == 'O') &&
        (pair[2] == 'r' || pair[2] == 'R') && pair[3] == '=') {
      return pair.substr(4);
    }
    if (end == std::string_view::npos) break;
    element.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
  for (const std::string& text : networks) {
    const auto slash = text.find('/');
    const auto address = parseAddress(text.substr(0, slash));
    const bool is_v4 = text.find(':') == std::string::npos;
    unsigned bits = is_v4 ? 32 : 128;
    bool readable = address.has_value();
    if (slash != std::string::npos) {
      const char* begin = text.data() + slash + 1;
      const char* end = text.data() + text.size();
      unsigned given = 0;
      const auto read = std::from_chars(begin, end, given);
      readable = readable && read.ec == std::errc{} && read.ptr == end && given <= bits;
      bits = given;
    }
    if (!readable)
      throw std::invalid_argument("expected a network such as 10.0.0.0/8 or 2001:db8::/32, not \"" + text +
                                  "\"");
    networks_.push_back({*address, is_v4 ? bits + 96 : bits});
  }
}

bool TrustedProxies::trusts(const Address& address) const {
  for (const Network& network : networks_) {
    const unsigned whole = network.bits / 8;
    const unsigned rest = network.bits % 8;
    if (!std::equal(address.begin(), address.begin() + whole, network.bytes.begin())) continue;
    if (rest == 0) return true;
    const auto mask = static_cast<unsigned char>(0xFFU << (8 - rest));
    if (((address[whole] ^ network.bytes[whole]) & mask) == 0) return true;
  }
  return false;
}

std::string TrustedProxies::clientOf(const std::string& peer, const RequestHead& head) const {
  if (networks_.empty()) return peer;
  auto client = parseAddress(peer);
  if (!client || !trusts(*client)) return peer;
  std::string said = head.header("x-forwarded-for");
  const bool is_forwarded = said.empty();
  if (is_forwarded) said = head.header("forwarded");
  std::string_view rest = said;
  while (!rest.empty() && trusts(*client)) {
    const auto comma = rest.rfind(',');
    const std::string_view element = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
    const auto node = parseNode(is_forwarded ? forIn(element) : element);
    if (!node) break;
    client = node;
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
  }
  return textOf(*client);
}

}  // namespace redflag::http
