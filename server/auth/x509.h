#pragma once
// The little of OpenSSL's X.509 that a small authority needs, with owners for its handles.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace redflag::auth {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* handle) const {
    release(handle);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;

// All throw std::runtime_error with OpenSSL's reason.

Key makeKey();  // ECDSA P-256
Key keyFromPem(const std::string& pem);
std::string toPem(const EVP_PKEY& key);  // PKCS#8, not encrypted

struct Subject {
  std::string common_name;
  std::set<std::string> names;  // of a server: hosts and addresses; empty for an authority
  std::int64_t not_before_s = 0;
  std::int64_t not_after_s = 0;
};
// Self-signed, may sign servers and no further authority.
Certificate makeAuthority(const Subject& subject, EVP_PKEY& key);
Certificate signServer(const Subject& subject, EVP_PKEY& key, X509& issuer, EVP_PKEY& issuer_key);

Certificate certificateFromPem(const std::string& pem);  // the first one in it
std::string toPem(const X509& certificate);
std::string toDer(const X509& certificate);
std::set<std::string> namesOf(const X509& certificate);
std::int64_t notAfter(const X509& certificate);  // seconds since the epoch
bool isSignedBy(X509& certificate, EVP_PKEY& issuer_key);
bool belongTogether(const X509& certificate, const EVP_PKEY& key);

}  // namespace redflag::auth
