#pragma once
// How connections are secured: TLS 1.2 or newer, nothing to switch off.

#include <filesystem>
#include <memory>

struct ssl_ctx_st;

namespace redflag::auth {

class TlsContext {
 public:
  // `chain`: the server's certificate and its issuer, PEM. Throws std::runtime_error with the file and the
  // reason.
  TlsContext(const std::filesystem::path& chain, const std::filesystem::path& key);

  ssl_ctx_st* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Free> context_;
};

}  // namespace redflag::auth
