#include "protocol/bundle.h"

#include <algorithm>

#include "base/encoding.h"
#include "protocol/keys.h"
#include "protocol/limits.h"

namespace redflag::protocol {
namespace {

constexpr std::string_view kPrefix = "rfb1.";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::size_t kMaxUrls = 8;
constexpr std::size_t kMaxAuthorities = 8;
constexpr std::size_t kMaxCommandKeys = 8;
constexpr std::size_t kSha256Bytes = 32;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

// An origin and nothing more: no user, path, query, or white space.
bool isOrigin(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme) || url.size() == kScheme.size()) return false;
  return std::all_of(url.begin() + kScheme.size(), url.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
  });
}

void readUrls(JsonReader& in, std::vector<std::string>& urls) {
  for (const Json& url : in.array("urls", kMaxUrls)) {
    if (!url.is_string() || !isOrigin(url.get_ref<const std::string&>())) {
      return in.refuse("urls", "addresses of the form https://host:port");
    }
    urls.push_back(url.get<std::string>());
  }
  if (urls.empty()) in.refuse("urls", "at least one address");
}

void readAuthorities(JsonReader& in, std::vector<std::string>& authorities) {
  for (const Json& ca : in.array("ca", kMaxAuthorities)) {
    auto der = fromBase64(ca.is_string() ? ca.get_ref<const std::string&>() : std::string("?"));
    if (!der || der->empty()) return in.refuse("ca", "certificates in DER, base64");
    authorities.push_back(std::move(*der));
  }
  if (authorities.size() < kMinBundleAuthorities) in.refuse("ca", "at least two certificates");
}

Result<Bundle> readBundle(const Json& json) {
  Bundle bundle;
  JsonReader in(json, "bundle");
  in.integer("v", 1, 1);
  readServerPlaces(in, bundle.urls, bundle.authorities);
  bundle.token = in.text("token", 256);
  if (bundle.token.empty()) in.refuse("token", "a token");
  bundle.root.version = in.integer("root_version", 1, INT64_MAX);
  auto hash = fromHex(in.text("root_sha256", 2 * kSha256Bytes));
  if (!hash || hash->size() != kSha256Bytes) in.refuse("root_sha256", "64 hexadecimal digits");
  bundle.root.sha256 = hash.value_or("");
  bundle.rebinds = in.optionalText("rebinds", kMaxIdBytes);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return bundle;
}

}  // namespace

void readServerPlaces(JsonReader& in, std::vector<std::string>& urls, std::vector<std::string>& authorities) {
  readUrls(in, urls);
  readAuthorities(in, authorities);
}

Result<std::vector<CommandKey>> commandKeysFromJson(const Json& list, const std::string& place) {
  if (!list.is_array() || list.size() > kMaxCommandKeys) {
    return fail(Code::kInvalid,
                place + ": expected a list of at most " + std::to_string(kMaxCommandKeys) + " keys");
  }
  std::vector<CommandKey> keys;
  for (const Json& item : list) {
    const std::string here = place + "[" + std::to_string(keys.size()) + "]";
    JsonReader in(item, here);
    CommandKey key;
    key.key_id = in.text("key_id", kMaxIdBytes);
    auto raw = fromBase64Url(in.text("public_key", kMaxIdBytes));
    if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
    if (!raw || raw->size() != kPublicKeyBytes)
      return fail(Code::kInvalid, here + ".public_key: expected 32 bytes");
    key.public_key = std::move(*raw);
    if (key.key_id != keyId(key.public_key)) return fail(Code::kInvalid, here + ".key_id is not this key's");
    const bool twice =
        std::any_of(keys.begin(), keys.end(), [&](const auto& k) { return k.key_id == key.key_id; });
    if (twice) return fail(Code::kInvalid, here + ": the key is named twice");
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<std::string> encodeBundle(const Bundle& bundle) {
  Json ca = Json::array();
  for (const auto& der : bundle.authorities)
    ca.push_back(toBase64(der));
  Json json = {{"v", 1},
               {"urls", bundle.urls},
               {"token", bundle.token},
               {"ca", ca},
               {"root_version", bundle.root.version},
               {"root_sha256", toHex(bundle.root.sha256)}};
  if (!bundle.rebinds.empty()) json["rebinds"] = bundle.rebinds;
  if (auto ok = readBundle(json); !ok) return tl::unexpected<Error>(ok.error());
  return std::string(kPrefix) + toBase64Url(dumpJson(json));
}

Result<Bundle> decodeBundle(std::string_view text) {
  text = trimmed(text);
  if (text.size() > kMaxBundleBytes) return fail(Code::kLimit, "the enrolment bundle is too long");
  if (!text.starts_with(kPrefix)) {
    return fail(Code::kInvalid, "not an enrolment bundle: expected a string that begins with rfb1.");
  }
  const auto json_text = fromBase64Url(text.substr(kPrefix.size()));
  if (!json_text)
    return fail(Code::kInvalid, "the enrolment bundle is damaged: it was not copied completely");
  const auto json = parseJson(*json_text, {.bytes = kMaxBundleBytes, .depth = 4, .values = 128});
  if (!json) return failAt("enrolment bundle", json.error());
  return readBundle(*json);
}

}  // namespace redflag::protocol
