#include "link/tls_trust.h"

#include <Poco/Net/SSLException.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace redflag::kernel {
namespace {

using Poco::Net::Context;
constexpr int kChainDepth = 4;

thread_local std::string certificate_error;

// Remembers the reason, which the handshake's error does not carry; never changes the verdict.
int noteVerdict(int ok, X509_STORE_CTX* store) {
  if (ok != 1) certificate_error = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  return ok;
}

Result<> addAuthority(X509_STORE* store, const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
  if (!certificate || at != end)
    return fail(Code::kInvalid, "a CA certificate of the enrolment bundle is damaged");
  if (X509_check_ca(certificate.get()) == 0) {
    return fail(Code::kInvalid, "a certificate of the enrolment bundle is not a CA's");
  }
  if (X509_STORE_add_cert(store, certificate.get()) != 1) {
    return fail(Code::kInternal, "OpenSSL refused a CA certificate");
  }
  return {};
}

void expectName(SSL_CTX* ssl, const std::string& host) {
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const bool known = X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1 ||
                     X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1;
  if (!known) throw Poco::Net::SSLContextException("no name to expect of the server");
}

}  // namespace

Result<TlsTrust> TlsTrust::make(const std::vector<std::string>& authorities) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  if (!store) return fail(Code::kInternal, "OpenSSL has no memory");
  for (const auto& der : authorities) {
    if (auto ok = addAuthority(store.get(), der); !ok) return tl::unexpected<Error>(ok.error());
  }
  return TlsTrust(std::move(store));
}

Result<TlsTrust> TlsTrust::ofThisMachine() {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  if (!store || X509_STORE_set_default_paths(store.get()) != 1) {
    return fail(Code::kIo, "this machine's certificate authorities cannot be read");
  }
  return TlsTrust(std::move(store));
}

Context::Ptr TlsTrust::contextFor(const std::string& host) const {
  // VERIFY_STRICT: with less, Poco does not check the name of a server on this machine.
  Context::Ptr context = new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, kChainDepth, false);
  context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
  SSL_CTX* ssl = context->sslContext();
  // Poco's own callback lets an event handler overrule OpenSSL; ours cannot.
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, &noteVerdict);
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set1_cert_store(ssl, store_.get());
  expectName(ssl, host);
  return context;
}

std::string takeCertificateError() {
  return std::exchange(certificate_error, {});
}

}  // namespace redflag::kernel
