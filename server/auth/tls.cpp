#include "auth/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <stdexcept>
#include <string_view>

namespace redflag::auth {
namespace {

void require(bool ok, const std::filesystem::path& file) {
  if (ok) return;
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  throw std::runtime_error(file.string() + ": " + reason.data());
}

// A client that names protocols and not this one was sent here by mistake, or by somebody who mixes protocols
// up.
int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                   unsigned int offered_size, void*) {
  static constexpr std::string_view ours = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                                           static_cast<unsigned int>(ours.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsContext::Owned TlsContext::make(const std::filesystem::path& chain, const std::filesystem::path& key) {
  Owned owned(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = owned.get();
  require(context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1, "TLS");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  // A parked connection keeps no buffers, and no session is remembered for one that may never come back.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nullptr);
  require(SSL_CTX_use_certificate_chain_file(context, chain.c_str()) == 1, chain);
  require(SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1, key);
  require(SSL_CTX_check_private_key(context) == 1, key);
  return owned;
}

TlsContext::TlsContext(const std::filesystem::path& chain, const std::filesystem::path& key)
    : context_(make(chain, key)) {
  SSL_CTX_set_client_hello_cb(context_.get(), &TlsContext::chooseNewest, this);
}

void TlsContext::replace(const std::filesystem::path& chain, const std::filesystem::path& key) {
  Owned made = make(chain, key);
  const std::lock_guard lock(mutex_);
  newest_ = std::move(made);
}

// A context must not change while connections are made of it; a connection may change its context.
int TlsContext::chooseNewest(SSL* connection, int*, void* self) {
  auto& us = *static_cast<TlsContext*>(self);
  const std::lock_guard lock(us.mutex_);
  if (us.newest_) SSL_set_SSL_CTX(connection, us.newest_.get());
  return SSL_CLIENT_HELLO_SUCCESS;
}

}  // namespace redflag::auth
