#include "host/sha256.h"

// The plain functions, not the EVP ones: linked statically into redflag-host they are 30 KB without any
// start-up work, where loading libcrypto costs every run several milliseconds.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/encoding.h"

namespace redflag::host {

struct Sha256::Context {
  SHA256_CTX sha{};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  SHA256_Init(&context_->sha);
}
Sha256::~Sha256() = default;

void Sha256::add(const unsigned char* bytes, std::size_t size) {
  SHA256_Update(&context_->sha, bytes, size);
}

std::string Sha256::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_Final(digest.data(), &context_->sha);
  return toHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace redflag::host
