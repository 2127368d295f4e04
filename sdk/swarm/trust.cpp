#include "swarm/trust.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <charconv>

namespace redflag::swarm {

Result<Origin> parseOrigin(const std::string& url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return fail(Code::kInvalid, url + ": expected https://host:port");
  Origin origin;
  origin.authority = url.substr(kScheme.size());
  const std::size_t bracket = origin.authority.find(']');
  const std::size_t colon = origin.authority.find(':', bracket == std::string::npos ? 0 : bracket);
  origin.host = origin.authority.substr(0, colon);
  if (origin.host.starts_with('[')) origin.host = origin.host.substr(1, origin.host.size() - 2);
  if (colon != std::string::npos) {
    const char* end = origin.authority.data() + origin.authority.size();
    const auto [at, error] = std::from_chars(origin.authority.data() + colon + 1, end, origin.port);
    if (error != std::errc{} || at != end || origin.port == 0)
      return fail(Code::kInvalid, url + ": expected a port from 1 to 65535");
  }
  if (origin.host.empty()) return fail(Code::kInvalid, url + ": expected a host");
  return origin;
}

Result<Trust> Trust::make(const std::vector<std::string>& authorities, const Origin& origin) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (!context) return fail(Code::kInternal, "OpenSSL has no memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  X509_STORE* store = SSL_CTX_get_cert_store(context.get());
  for (const std::string& der : authorities) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
    if (!certificate || X509_check_ca(certificate.get()) == 0 ||
        X509_STORE_add_cert(store, certificate.get()) != 1)
      return fail(Code::kInvalid, "a CA certificate of the bundle cannot be used");
  }
  X509_VERIFY_PARAM* expected = SSL_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_hostflags(expected,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, origin.host.c_str()) != 1 &&
      X509_VERIFY_PARAM_set1_host(expected, origin.host.data(), origin.host.size()) != 1) {
    return fail(Code::kInvalid, origin.host + ": no name to expect of the server");
  }
  return Trust(std::move(context));
}

ssl_st* Trust::open(int fd) const {
  SSL* ssl = SSL_new(context_.get());
  if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
    SSL_free(ssl);
    return nullptr;
  }
  SSL_set_connect_state(ssl);
  return ssl;
}

}  // namespace redflag::swarm
