#pragma once
// Certificate authorities and server certificates for loopback servers, made on the spot.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace redflag::kernel::test {

struct Issued {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
  std::string der() const;
};

Issued makeAuthority(const std::string& name);

struct ServerName {
  std::string alternative = "IP:127.0.0.1";  // an OpenSSL subjectAltName
  long valid_from_s = -3600;                 // relative to now
  long valid_until_s = 3600;
};
Issued issueServer(const Issued& authority, const ServerName& name = {});

}  // namespace redflag::kernel::test
