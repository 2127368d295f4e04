#pragma once
// Who asks, where proxies stand in front: what X-Forwarded-For or Forwarded (RFC 7239) say counts only as far
// as a proxy that is trusted has said it.

#include <array>
#include <string>
#include <vector>

#include "http/head.h"

namespace redflag::http {

class TrustedProxies {
 public:
  TrustedProxies() = default;
  // Networks such as "10.0.0.0/8", "2001:db8::/32" or a single address. Throws std::invalid_argument, naming
  // the one that is none.
  explicit TrustedProxies(const std::vector<std::string>& networks);

  // The right-most address that is no trusted proxy's; `peer` itself when it is none, or says nothing
  // readable. X-Forwarded-For goes first where both are there. [any thread]
  std::string clientOf(const std::string& peer, const RequestHead& head) const;

 private:
  struct Network {
    std::array<unsigned char, 16> bytes{};
    unsigned bits = 0;
  };
  bool trusts(const std::array<unsigned char, 16>& address) const;

  std::vector<Network> networks_;
};

}  // namespace redflag::http
