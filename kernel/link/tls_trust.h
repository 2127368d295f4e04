#pragma once
// TLS that believes exactly the certificate authorities it was made with: 1.2 or newer, the peer's
// certificate and name always checked. There is no switch.

#include <Poco/Net/Context.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace redflag::kernel {

// Cheap to copy. [any thread]
class TlsTrust {
 public:
  // `authorities`: DER.
  static Result<TlsTrust> make(const std::vector<std::string>& authorities);

  // The authorities that this machine's administrator trusts.
  static Result<TlsTrust> ofThisMachine();

  // For connections to `host`, a name or an address, and to nobody else: the name is part of OpenSSL's own
  // verdict, because Poco skips its check when a peer lets the handshake stall past a timeout. Throws
  // Poco::Exception.
  Poco::Net::Context::Ptr contextFor(const std::string& host) const;

 private:
  explicit TlsTrust(std::shared_ptr<X509_STORE> store) : store_(std::move(store)) {}
  std::shared_ptr<X509_STORE> store_;
};

// Why OpenSSL last refused a certificate on this thread ("certificate has expired"), once; "" when it did
// not.
std::string takeCertificateError();

}  // namespace redflag::kernel
