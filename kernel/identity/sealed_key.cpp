#include "identity/sealed_key.h"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/encoding.h"
#include "base/json.h"
#include "identity/secret_sharing.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

constexpr std::string_view kKeyDomain = "redflag-agent-key-v2";
constexpr std::string_view kOneSourceDomain = "redflag-agent-key-v1";
constexpr std::size_t kMaxKeyBytes = 8192;
constexpr std::size_t kMaxShares = 16;
constexpr std::size_t kWrapBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr const char* kMachineId = "machine-id";
// Versions of the file.
constexpr std::int64_t kNotBoundToTpm = 2;
constexpr std::int64_t kBoundToTpm = 3;
static_assert(kWrapBytes == kMarkHashBytes, "a hash masks a share");

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytesOf(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string seal(const std::string& plain, const std::string& key, const std::string& nonce,
                 const std::string& context) {
  std::string out(plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytesOf(out), nullptr, bytesOf(plain), plain.size(),
                                             bytesOf(context), context.size(), nullptr, bytesOf(nonce),
                                             bytesOf(key));
  return out;
}

std::optional<std::string> unseal(const std::string& sealed, const std::string& key, const std::string& nonce,
                                  const std::string& context) {
  constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
  if (sealed.size() != crypto_sign_SEEDBYTES + kTag) return std::nullopt;
  std::string out(sealed.size() - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytesOf(out), nullptr, nullptr, bytesOf(sealed),
                                                 sealed.size(), bytesOf(context), context.size(),
                                                 bytesOf(nonce), bytesOf(key)) != 0) {
    return std::nullopt;
  }
  return out;
}

struct MaskedShare {
  std::string source;
  Share share;  // bytes: masked
};

struct SealedFile {
  std::string salt;
  std::string nonce;
  std::string sealed;
  std::size_t needed = 0;
  std::vector<MaskedShare> shares;  // none: what they share is `salt`, and the key bound to the TPM alone
  bool tpm = false;                 // else what they share is the wrapping key, or of none to nothing

  // Said out loud under the seal, so that a sealed key cannot be passed off as one that needs less.
  std::string context() const {
    std::string out = std::string(kKeyDomain) + '\0' + std::to_string(needed);
    for (const auto& share : shares)
      out += '\0' + share.source;
    if (tpm) out += std::string(1, '\0') + kTpmSource;
    return out;
  }
  Binding binding() const {
    Binding out{{}, needed, tpm};
    for (const auto& share : shares)
      out.sources.push_back(share.source);
    return out;
  }
};

// What the machine is known by: its TPM's mark apart from the others, which are shared over.
struct SplitMarks {
  explicit SplitMarks(std::vector<Mark> all) {
    for (auto& mark : all) {
      if (mark.source == kTpmSource) {
        tpm = std::move(mark.hash);
      } else {
        others.push_back(std::move(mark));
      }
    }
  }
  std::vector<Mark> others;
  std::optional<std::string> tpm;
};

std::string wrappingKey(const std::string& shared, const std::optional<std::string>& tpm) {
  if (!tpm) return shared;
  std::string out(kWrapBytes, '\0');
  crypto_generichash(bytesOf(out), out.size(), bytesOf(shared), shared.size(), bytesOf(*tpm), tpm->size());
  return out;
}

// Its own inverse.
std::string mask(std::string bytes, const std::string& hash) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(bytes[i] ^ hash[i]);
  return bytes;
}

tl::unexpected<Error> damaged(const std::filesystem::path& file) {
  return fail(Code::kCorrupt, file.string() + " is damaged; enrol again");
}

tl::unexpected<Error> notThisMachine(const Binding& binding) {
  return fail(Code::kDenied,
              "the agent's key does not open here (" + binding.text() +
                  "): it was made on another machine, its file was changed, or too many parts of "
                  "this machine are new. It is left as it is. If this is the agent's machine, "
                  "have it re-bound on the server and enrol with the bundle you get there; if it "
                  "is a copy, `redflag-agent enroll --replace` makes it another agent");
}

// Every choice of `needed` out of `shares`, until `taken` says yes. There are twenty at most.
template <class Taken>
bool tryChoices(const std::vector<Share>& shares, std::size_t needed, std::size_t from,
                std::vector<Share>& chosen, const Taken& taken) {
  if (chosen.size() == needed) return taken(chosen);
  for (std::size_t i = from; i + needed - chosen.size() <= shares.size(); ++i) {
    chosen.push_back(shares[i]);
    if (tryChoices(shares, needed, i + 1, chosen, taken)) return true;
    chosen.pop_back();
  }
  return false;
}

// The shares as this machine's hashes unmask them: right ones, and nonsense where a part is another.
std::vector<Share> unmasked(const SealedFile& file, const std::vector<Mark>& marks) {
  std::vector<Share> out;
  for (const auto& masked : file.shares) {
    const auto mark =
        std::find_if(marks.begin(), marks.end(), [&](const Mark& m) { return m.source == masked.source; });
    if (mark != marks.end()) out.push_back({masked.share.at, mask(masked.share.bytes, mark->hash)});
  }
  return out;
}

bool sameSources(const SealedFile& file, const std::vector<Mark>& marks) {
  return std::equal(file.shares.begin(), file.shares.end(), marks.begin(), marks.end(),
                    [](const MaskedShare& share, const Mark& mark) { return share.source == mark.source; });
}

Result<OpenedKey> open(const SealedFile& file, const SplitMarks& marks) {
  const std::string context = file.context();
  if (file.tpm && !marks.tpm) return notThisMachine(file.binding());
  const auto tpm = file.tpm ? marks.tpm : std::nullopt;
  const bool other_tpm = marks.tpm.has_value() && !file.tpm;
  if (file.shares.empty()) {
    const auto seed = unseal(file.sealed, wrappingKey(file.salt, tpm), file.nonce, context);
    if (!seed) return notThisMachine(file.binding());
    return OpenedKey{*protocol::SigningKey::fromSeed(*seed), file.binding(),
                     !marks.others.empty() || other_tpm};
  }
  const auto shares = unmasked(file, marks.others);
  std::optional<std::string> seed;
  std::vector<Share> chosen;
  const bool opened = tryChoices(shares, file.needed, 0, chosen, [&](const std::vector<Share>& choice) {
    seed = unseal(file.sealed, wrappingKey(interpolate(choice, 0), tpm), file.nonce, context);
    return seed.has_value();
  });
  if (!opened) return notThisMachine(file.binding());
  const bool all_right = std::all_of(shares.begin(), shares.end(), [&](const Share& share) {
    return interpolate(chosen, share.at) == share.bytes;
  });
  return OpenedKey{*protocol::SigningKey::fromSeed(*seed), file.binding(),
                   !all_right || other_tpm || !sameSources(file, marks.others)};
}

Json jsonOf(const SealedFile& file) {
  Json shares = Json::array();
  for (const auto& share : file.shares)
    shares.push_back({{"source", share.source}, {"share", toBase64(share.share.bytes)}});
  return {{"v", file.tpm ? kBoundToTpm : kNotBoundToTpm},
          {"salt", toBase64(file.salt)},
          {"needed", file.needed},
          {"shares", std::move(shares)},
          {"nonce", toBase64(file.nonce)},
          {"sealed", toBase64(file.sealed)}};
}

std::optional<SealedFile> sealedFileFrom(const Json& json) {
  SealedFile file;
  JsonReader in(json, "key");
  file.tpm = in.integer("v", kNotBoundToTpm, kBoundToTpm) == kBoundToTpm;
  file.needed = static_cast<std::size_t>(in.integer("needed", 0, static_cast<std::int64_t>(kMaxShares)));
  for (const Json& item : in.array("shares", kMaxShares)) {
    JsonReader share(item, "key.shares");
    const auto at = static_cast<std::uint8_t>(file.shares.size() + 1);
    file.shares.push_back({share.text("source", 32), {at, fromBase64(share.text("share", 64)).value_or("")}});
    if (!share.finish() || file.shares.back().share.bytes.size() != kWrapBytes) return std::nullopt;
  }
  file.salt = fromBase64(in.text("salt", 64)).value_or("");
  file.nonce = fromBase64(in.text("nonce", 64)).value_or("");
  file.sealed = fromBase64(in.text("sealed", 128)).value_or("");
  if (!in.finish() || file.salt.size() != kMarkSaltBytes || file.nonce.size() != kNonceBytes ||
      file.needed > file.shares.size() || (file.needed == 0 && !file.shares.empty())) {
    return std::nullopt;
  }
  return file;
}

// Version 1: sealed to the machine-id alone, or to nothing.
std::optional<OpenedKey> openOneSource(const Json& json, const std::string& machine_id) {
  JsonReader in(json, "key");
  in.integer("v", 1, 1);
  const std::string binding = in.text("binding", 32);
  const auto salt = fromBase64(in.text("salt", 64)).value_or("");
  const auto nonce = fromBase64(in.text("nonce", 64)).value_or("");
  const auto sealed = fromBase64(in.text("sealed", 128)).value_or("");
  if (!in.finish() || salt.size() != kMarkSaltBytes || nonce.size() != kNonceBytes) return std::nullopt;
  const std::string context = std::string(kOneSourceDomain) + '\0' + binding;
  const std::string message = context + '\0' + (binding == "none" ? std::string() : machine_id);
  std::string key(kWrapBytes, '\0');
  crypto_generichash(bytesOf(key), key.size(), bytesOf(message), message.size(), bytesOf(salt), salt.size());
  const auto seed = unseal(sealed, key, nonce, context);
  if (!seed) return std::nullopt;
  return OpenedKey{*protocol::SigningKey::fromSeed(*seed), {{kMachineId}, 1}, true};
}

}  // namespace

bool Binding::weak() const {
  return !tpm && (sources.empty() || (sources.size() == 1 && sources.front() == kMachineId));
}

std::string Binding::text() const {
  if (sources.empty()) return tpm ? "bound to the TPM" : "weak: bound to nothing";
  std::string list;
  for (const auto& source : sources)
    list += (list.empty() ? "" : ", ") + source;
  if (weak()) return "weak: " + list + " only";
  return std::string("bound to ") + (tpm ? "the TPM and " : "") + std::to_string(needed) + " of " +
         std::to_string(sources.size()) + " of " + list;
}

Result<Binding> saveSealedKey(const std::filesystem::path& file, const protocol::SigningKey& key,
                              const MarkReader& marks) {
  SealedFile out;
  out.salt = randomBytes(kMarkSaltBytes);
  out.nonce = randomBytes(kNonceBytes);
  auto all = marks(out.salt);
  if (!all) return tl::unexpected<Error>(all.error());
  const SplitMarks found(std::move(*all));
  out.tpm = found.tpm.has_value();
  out.needed = sharesNeeded(found.others.size());
  const std::string shared = found.others.empty() ? out.salt : randomBytes(kWrapBytes);
  if (!found.others.empty()) {
    const auto shares = shareSecret(shared, found.others.size(), out.needed);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const Mark& mark = found.others[i];
      out.shares.push_back({mark.source, {shares[i].at, mask(shares[i].bytes, mark.hash)}});
    }
  }
  out.sealed = seal(key.seed(), wrappingKey(shared, found.tpm), out.nonce, out.context());
  if (auto ok = platform::writeFileAtomic(file, dumpJson(jsonOf(out)), 0600); !ok)
    return tl::unexpected<Error>(ok.error());
  return out.binding();
}

Result<OpenedKey> openSealedKey(const std::filesystem::path& file, const MarkReader& marks,
                                const std::string& machine_id) {
  const auto text = platform::readFile(file, kMaxKeyBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  if (auto ok = platform::checkOnlyOursToWrite(file); !ok) return tl::unexpected<Error>(ok.error());
  const auto json = parseJson(*text, {.bytes = kMaxKeyBytes, .depth = 4, .values = 128});
  if (!json || !json->is_object()) return damaged(file);
  if (json->value("v", Json()) == 1) {
    auto opened = openOneSource(*json, machine_id);
    if (!opened) return notThisMachine({{kMachineId}, 1});
    return std::move(*opened);
  }
  const auto sealed = sealedFileFrom(*json);
  if (!sealed) return damaged(file);
  auto found = marks(sealed->salt);
  if (!found) return tl::unexpected<Error>(found.error());
  return open(*sealed, SplitMarks(std::move(*found)));
}

}  // namespace redflag::kernel
