#include "pki.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace redflag::kernel::test {
namespace {

void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL could not make a test certificate");
}

void addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Issued makeCertificate(const std::string& name, const Issued* issuer, long from_s, long until_s) {
  static long serial = 1000;
  Issued out{{EVP_EC_gen("P-256"), &EVP_PKEY_free}, {X509_new(), &X509_free}};
  X509* certificate = out.certificate.get();
  require(out.key != nullptr && certificate != nullptr);
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
  X509_set_pubkey(certificate, out.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* parent = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(parent));
  return out;
}

void sign(const Issued& subject, const Issued& issuer) {
  require(X509_sign(subject.certificate.get(), issuer.key.get(), EVP_sha256()) > 0);
}

}  // namespace

std::string Issued::der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate.get(), &bytes);
  require(size > 0);
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

Issued makeAuthority(const std::string& name) {
  Issued out = makeCertificate(name, nullptr, -7200, 7200);
  X509* certificate = out.certificate.get();
  addExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  addExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign");
  sign(out, out);
  return out;
}

Issued issueServer(const Issued& authority, const ServerName& name) {
  Issued out = makeCertificate("server", &authority, name.valid_from_s, name.valid_until_s);
  addExtension(out.certificate.get(), authority.certificate.get(), NID_subject_alt_name, name.alternative);
  addExtension(out.certificate.get(), authority.certificate.get(), NID_ext_key_usage, "serverAuth");
  sign(out, authority);
  return out;
}

}  // namespace redflag::kernel::test
