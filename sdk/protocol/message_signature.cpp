#include "protocol/message_signature.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "protocol/limits.h"

namespace redflag::protocol {
namespace {

constexpr std::string_view kLabel = "sig1=";
constexpr std::string_view kDefaultPort = ":443";
constexpr std::size_t kRequestNonceBytes = 16;
constexpr std::size_t kMaxHeader = 1024;

Components profileComponents(const RequestParts& request, const std::string& content_digest,
                             bool with_authorization) {
  Components out = {{"@method", request.method},
                    {"@authority", normalizeAuthority(request.authority)},
                    {"@request-target", request.target},
                    {"content-digest", content_digest}};
  if (with_authorization) out.emplace_back("authorization", request.authorization);
  return out;
}

std::string innerList(const Components& components) {
  std::string out = "(";
  for (const auto& [name, value] : components) {
    if (out.size() > 1) out += ' ';
    out += '"' + name + '"';
  }
  return out + ')';
}

std::string profileParameters(std::int64_t created_s, std::string_view nonce, const std::string& key_id) {
  return ";created=" + std::to_string(created_s) + ";nonce=\"" + toBase64Url(nonce) + "\";keyid=\"" + key_id +
         "\";alg=\"ed25519\"";
}

// Takes text off the front of a header; after the first mismatch ok() is false.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  void expect(std::string_view literal) { ok_ = takes(literal) && ok_; }
  // Whether it stood there; else nothing is taken.
  bool takes(std::string_view literal) {
    if (!ok_ || !text_.starts_with(literal)) return false;
    text_.remove_prefix(literal.size());
    return true;
  }
  std::int64_t number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    // from_chars takes a sign and leading zeros; RFC 8941 integers of ours have neither.
    if (error != std::errc{} || value <= 0 ||
        std::to_string(value).size() != static_cast<std::size_t>(end - text_.data())) {
      ok_ = false;
      return 0;
    }
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }
  std::string until(char end) {
    const auto at = text_.find(end);
    if (!ok_ || at == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    std::string out(text_.substr(0, at));
    text_.remove_prefix(at + 1);
    return out;
  }
  bool finished() const { return ok_ && text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

bool isKeyId(const std::string& text) {
  return !text.empty() && text.size() <= kMaxIdBytes &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}

}  // namespace

std::string signatureInput(const Components& components, std::string_view parameters) {
  return innerList(components) + std::string(parameters);
}

std::string signatureBase(const Components& components, std::string_view parameters) {
  std::string out;
  for (const auto& [name, value] : components)
    out += '"' + name + "\": " + value + '\n';
  return out + "\"@signature-params\": " + signatureInput(components, parameters);
}

std::string contentDigest(std::string_view body) {
  return "sha-256=:" + toBase64(sha256(body)) + ":";
}

std::string normalizeAuthority(std::string_view host) {
  std::string out(host);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (out.ends_with(kDefaultPort)) out.resize(out.size() - kDefaultPort.size());
  return out;
}

SignatureHeaders signRequest(const RequestParts& request, const std::string& key_id, const SigningKey& key,
                             std::int64_t created_s, std::string_view nonce) {
  SignatureHeaders out;
  out.content_digest = contentDigest(request.body);
  const Components components =
      profileComponents(request, out.content_digest, !request.authorization.empty());
  const std::string parameters = profileParameters(created_s, nonce, key_id);
  out.signature_input = std::string(kLabel) + signatureInput(components, parameters);
  out.signature = std::string(kLabel) + ":" + toBase64(key.sign(signatureBase(components, parameters))) + ":";
  return out;
}

SignatureHeaders signRequest(const RequestParts& request, const std::string& key_id, const SigningKey& key,
                             std::int64_t created_s) {
  return signRequest(request, key_id, key, created_s, randomBytes(kRequestNonceBytes));
}

Result<ClaimedSignature> parseSignature(const SignatureHeaders& headers) {
  const auto malformed = [](const char* which) {
    return fail(Code::kInvalid, std::string(which) + ": not the signature profile of this interface");
  };
  if (headers.signature_input.size() > kMaxHeader || headers.signature.size() > kMaxHeader) {
    return malformed("Signature-Input");
  }
  Cursor in(headers.signature_input);
  in.expect(kLabel);
  ClaimedSignature out;
  out.covers_authorization = in.takes(innerList(profileComponents({}, {}, true)));
  if (!out.covers_authorization) in.expect(innerList(profileComponents({}, {}, false)));
  in.expect(";created=");
  out.created_s = in.number();
  in.expect(";nonce=\"");
  const auto nonce = fromBase64Url(in.until('"'));
  in.expect(";keyid=\"");
  out.key_id = in.until('"');
  in.expect(";alg=\"ed25519\"");
  if (!in.finished() || !nonce || nonce->size() != kRequestNonceBytes || !isKeyId(out.key_id)) {
    return malformed("Signature-Input");
  }
  out.nonce = *nonce;
  out.parameters = profileParameters(out.created_s, out.nonce, out.key_id);

  Cursor signature(headers.signature);
  signature.expect(kLabel);
  signature.expect(":");
  auto raw = fromBase64(signature.until(':'));
  if (!signature.finished() || !raw || raw->size() != kSignatureBytes) return malformed("Signature");
  out.signature = std::move(*raw);
  return out;
}

Result<> verifyRequest(const ClaimedSignature& claimed, const SignatureHeaders& headers,
                       const RequestParts& request, std::string_view public_key) {
  if (headers.content_digest != contentDigest(request.body)) {
    return fail(Code::kDenied, "Content-Digest does not match the body");
  }
  return verifyRequestHead(claimed, headers, request, public_key);
}

Result<> verifyRequestHead(const ClaimedSignature& claimed, const SignatureHeaders& headers,
                           const RequestParts& request, std::string_view public_key) {
  const std::string base = signatureBase(
      profileComponents(request, headers.content_digest, claimed.covers_authorization), claimed.parameters);
  if (!verifySignature(base, claimed.signature, public_key)) {
    return fail(Code::kDenied, "the signature does not match");
  }
  return {};
}

}  // namespace redflag::protocol
