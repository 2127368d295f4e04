#pragma once
// How connections are secured: TLS 1.2 or newer, nothing to switch off.

#include <filesystem>
#include <memory>
#include <mutex>

struct ssl_ctx_st;
struct ssl_st;

namespace redflag::auth {

class TlsContext {
 public:
  // `chain`: the server's certificate and its issuer, PEM. Throws std::runtime_error with the file and the
  // reason.
  TlsContext(const std::filesystem::path& chain, const std::filesystem::path& key);

  ssl_ctx_st* get() const { return context_.get(); }

  // Connections from now on see this pair; those that are open stay as they are. Throws as the constructor,
  // and then nothing has changed. [any thread]
  void replace(const std::filesystem::path& chain, const std::filesystem::path& key);

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  using Owned = std::unique_ptr<ssl_ctx_st, Free>;
  static Owned make(const std::filesystem::path& chain, const std::filesystem::path& key);
  static int chooseNewest(ssl_st* connection, int* alert, void* self);

  Owned context_;
  std::mutex mutex_;  // of newest_
  Owned newest_;      // null until replace()
};

}  // namespace redflag::auth
