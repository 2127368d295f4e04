#pragma once
// TLS as an agent has it: exactly the authorities of the bundle, 1.2 or newer, the server's name checked.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace redflag::swarm {

// Where the server is, as a bundle's URL says it.
struct Origin {
  std::string host;
  std::uint16_t port = 443;
  std::string authority;  // of the Host header
};
Result<Origin> parseOrigin(const std::string& url);

class Trust {
 public:
  // `authorities`: DER.
  static Result<Trust> make(const std::vector<std::string>& authorities, const Origin& origin);

  // A client's end of a connection to the origin; the caller frees it.
  ssl_st* open(int fd) const;

 private:
  explicit Trust(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace redflag::swarm
