#include "support/certificate.h"

#include <stdlib.h>

#include <stdexcept>

#include "auth/authority.h"
#include "auth/tls.h"
#include "base/encoding.h"
#include "base/time.h"

namespace redflag::testing {

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "redflag-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ssl_ctx_st* testTlsContext() {
  static const auth::TlsContext context = [] {
    if (!initCrypto()) throw std::runtime_error("no crypto");
    const TemporaryFolder folder;
    auth::Authority authority(folder.path());
    authority.ensureServerCertificate({"localhost", "127.0.0.1"}, epochNow() / kSecondNs);
    return auth::TlsContext(authority.chainFile(), authority.keyFile());
  }();
  return context.get();
}

}  // namespace redflag::testing
