#include "auth/x509.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <stdexcept>

#include "base/encoding.h"

namespace redflag::auth {
namespace {

using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
constexpr std::size_t kSerialBytes = 16;

[[noreturn]] void openSslFailed(const std::string& what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  throw std::runtime_error(what + ": " + reason.data());
}

void require(bool ok, const char* what) {
  if (!ok) openSslFailed(what);
}

Bio reader(const std::string& text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  require(bio != nullptr, "memory");
  return bio;
}

std::string contents(BIO& bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void setSerial(X509& certificate) {
  std::string bytes = randomBytes(kSerialBytes);
  bytes[0] =
      static_cast<char>((static_cast<unsigned char>(bytes[0]) & 0x3f) | 0x40);  // positive, of full length
  const std::unique_ptr<BIGNUM, Release<BN_free>> number(BN_bin2bn(
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr,
          "serial number");
}

void setName(X509& certificate, const std::string& common_name) {
  const std::string shortened =
      common_name.substr(0, 64);  // the field's limit; servers are known by their alternatives
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(shortened.data()),
                                     static_cast<int>(shortened.size()), -1, 0) == 1,
          "name");
}

void addExtension(X509& certificate, X509& issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, OBJ_nid2sn(nid));
}

bool isAddress(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

std::string alternatives(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:_*") !=
        std::string::npos) {
      throw std::runtime_error("not a host name or address: " + name);
    }
    out += (out.empty() ? "" : ",") + std::string(isAddress(name) ? "IP:" : "DNS:") + name;
  }
  return out;
}

Certificate blank(const Subject& subject, EVP_PKEY& key) {
  Certificate out(X509_new());
  require(out && X509_set_version(out.get(), X509_VERSION_3) == 1, "certificate");
  setSerial(*out);
  setName(*out, subject.common_name);
  const std::time_t from = subject.not_before_s;
  const std::time_t until = subject.not_after_s;
  require(ASN1_TIME_set(X509_getm_notBefore(out.get()), from) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(out.get()), until) != nullptr &&
              X509_set_pubkey(out.get(), &key) == 1,
          "certificate");
  return out;
}

void sign(X509& certificate, X509& issuer, EVP_PKEY& issuer_key) {
  require(X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) == 1 &&
              X509_sign(&certificate, &issuer_key, EVP_sha256()) > 0,
          "signing a certificate");
}

std::string addressText(const ASN1_OCTET_STRING& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(&bytes) == 4 ? AF_INET : AF_INET6;
  return ::inet_ntop(family, ASN1_STRING_get0_data(&bytes), text.data(), text.size()) == nullptr
             ? ""
             : text.data();
}

}  // namespace

Key makeKey() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "making a key");
  return key;
}

Key keyFromPem(const std::string& pem) {
  const Bio in = reader(pem);
  Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  require(key != nullptr, "reading a private key");
  return key;
}

std::string toPem(const EVP_PKEY& key) {
  const Bio out(BIO_new(BIO_s_secmem()));
  require(out && PEM_write_bio_PKCS8PrivateKey(out.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "writing a private key");
  return contents(*out);
}

Certificate makeAuthority(const Subject& subject, EVP_PKEY& key) {
  Certificate out = blank(subject, key);
  addExtension(*out, *out, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  addExtension(*out, *out, NID_key_usage, "critical,keyCertSign,cRLSign");
  addExtension(*out, *out, NID_subject_key_identifier, "hash");
  sign(*out, *out, key);
  return out;
}

Certificate signServer(const Subject& subject, EVP_PKEY& key, X509& issuer, EVP_PKEY& issuer_key) {
  Certificate out = blank(subject, key);
  addExtension(*out, issuer, NID_basic_constraints, "critical,CA:FALSE");
  addExtension(*out, issuer, NID_key_usage, "critical,digitalSignature");
  addExtension(*out, issuer, NID_ext_key_usage, "serverAuth");
  addExtension(*out, issuer, NID_subject_key_identifier, "hash");
  addExtension(*out, issuer, NID_authority_key_identifier, "keyid:always");
  addExtension(*out, issuer, NID_subject_alt_name, alternatives(subject.names));
  sign(*out, issuer, issuer_key);
  return out;
}

Certificate certificateFromPem(const std::string& pem) {
  const Bio in = reader(pem);
  Certificate out(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  require(out != nullptr, "reading a certificate");
  return out;
}

std::string toPem(const X509& certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  require(out && PEM_write_bio_X509(out.get(), &certificate) == 1, "writing a certificate");
  return contents(*out);
}

std::string toDer(const X509& certificate) {
  const int size = i2d_X509(&certificate, nullptr);
  require(size > 0, "encoding a certificate");
  std::string out(static_cast<std::size_t>(size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  i2d_X509(&certificate, &at);
  return out;
}

std::set<std::string> namesOf(const X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::set<std::string> out;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_IPADD) out.insert(addressText(*name->d.iPAddress));
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    out.emplace(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return out;
}

std::int64_t notAfter(const X509& certificate) {
  std::tm parts{};
  require(ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) == 1, "reading a certificate's end");
  return ::timegm(&parts);
}

bool isSignedBy(X509& certificate, EVP_PKEY& issuer_key) {
  const bool valid = X509_verify(&certificate, &issuer_key) == 1;
  ERR_clear_error();
  return valid;
}

bool belongTogether(const X509& certificate, const EVP_PKEY& key) {
  const bool match = X509_check_private_key(&certificate, &key) == 1;
  ERR_clear_error();
  return match;
}

}  // namespace redflag::auth
