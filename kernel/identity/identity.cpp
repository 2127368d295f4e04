#include "identity/identity.h"

#include "base/encoding.h"
#include "base/json.h"
#include "identity/handover_state.h"
#include "identity/refresh_state.h"
#include "platform/files.h"
#include "platform/machine.h"
#include "platform/owner.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxIdentityBytes = 256U << 10;
constexpr std::size_t kMaxList = 8;
constexpr const char* kKeyFile = "key.json";
constexpr const char* kNextKeyFile = "next-key.json";
constexpr const char* kIdentityFile = "identity.json";

Json toJson(const Identity& identity) {
  Json ca = Json::array();
  for (const auto& der : identity.authorities)
    ca.push_back(toBase64(der));
  return {{"v", 1},
          {"agent_id", identity.agent_id},
          {"client_id", identity.client_id},
          {"site_id", identity.site_id},
          {"urls", identity.urls},
          {"ca", ca},
          {"journal_id", identity.journal_id}};
}

void readLists(JsonReader& in, Identity& out) {
  for (const Json& url : in.array("urls", kMaxList)) {
    if (!url.is_string()) return in.refuse("urls", "addresses");
    out.urls.push_back(url.get<std::string>());
  }
  for (const Json& ca : in.array("ca", kMaxList)) {
    auto der = fromBase64(ca.is_string() ? ca.get_ref<const std::string&>() : std::string("?"));
    if (!der) return in.refuse("ca", "certificates in DER, base64");
    out.authorities.push_back(std::move(*der));
  }
  if (out.urls.empty()) in.refuse("urls", "at least one address");
  if (out.authorities.empty()) in.refuse("ca", "at least one certificate");
}

Result<Identity> fromJson(const Json& json) {
  Identity out;
  JsonReader in(json, kIdentityFile);
  in.integer("v", 1, 1);
  out.agent_id = in.text("agent_id", protocol::kMaxIdBytes);
  out.client_id = in.text("client_id", protocol::kMaxIdBytes);
  out.site_id = in.text("site_id", protocol::kMaxIdBytes);
  out.journal_id = in.text("journal_id", protocol::kMaxIdBytes);
  readLists(in, out);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return out;
}

}  // namespace

IdentityStore::IdentityStore(const std::filesystem::path& state_folder, MarkReader marks)
    : folder_(state_folder / "identity"), marks_(std::move(marks)) {}

bool IdentityStore::enrolled() const {
  return platform::fileStamp(folder_ / kIdentityFile).size_bytes > 0;
}

Result<Identity> IdentityStore::load() const {
  const auto file = folder_ / kIdentityFile;
  const auto text = platform::readFile(file, kMaxIdentityBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  if (auto ok = platform::checkOnlyOursToWrite(file); !ok) return tl::unexpected<Error>(ok.error());
  const auto json = parseJson(*text, {.bytes = kMaxIdentityBytes, .depth = 4, .values = 256});
  if (!json) return fail(Code::kCorrupt, file.string() + ": " + json.error().text);
  return fromJson(*json);
}

Result<> IdentityStore::save(const Identity& identity) const {
  if (auto ok = platform::makePrivateFolder(folder_); !ok) return ok;
  return platform::writeFileAtomic(folder_ / kIdentityFile, dumpJson(toJson(identity)), 0600);
}

Result<> IdentityStore::replace(const Identity& before, const Identity& after) const {
  const auto present = load();
  if (!present) return tl::unexpected<Error>(present.error());
  if (present->agent_id != before.agent_id || present->journal_id != before.journal_id)
    return fail(Code::kConflict, "this machine is another agent by now");
  return save(after);
}

Result<OpenedKey> IdentityStore::openKey() const {
  auto opened = openSealedKey(folder_ / kKeyFile, marks_, platform::machineId());
  if (!opened || !opened->stale || !platform::ownedByUs(folder_ / kKeyFile)) return opened;
  // Where that fails, it is as well bound as before, and tried again at the next start.
  if (const auto renewed = saveSealedKey(folder_ / kKeyFile, opened->key, marks_)) opened->binding = *renewed;
  return opened;
}

Result<protocol::SigningKey> IdentityStore::loadKey() const {
  const auto opened = openKey();
  if (!opened) return tl::unexpected<Error>(opened.error());
  return opened->key;
}

Result<protocol::SigningKey> IdentityStore::makeKey(const char* file) const {
  if (auto ok = platform::makePrivateFolder(folder_); !ok) return tl::unexpected<Error>(ok.error());
  auto made = protocol::SigningKey::generate();
  if (auto ok = saveSealedKey(folder_ / file, made, marks_); !ok) return tl::unexpected<Error>(ok.error());
  return made;
}

Result<protocol::SigningKey> IdentityStore::loadOrMakeKey() const {
  auto key = loadKey();
  return key || key.error().code != Code::kNotFound ? key : makeKey(kKeyFile);
}

Result<protocol::SigningKey> IdentityStore::loadOrMakeNextKey() const {
  const auto present = openSealedKey(folder_ / kNextKeyFile, marks_, platform::machineId());
  if (present) return present->key;
  if (present.error().code == Code::kUnavailable) return tl::unexpected<Error>(present.error());
  return makeKey(kNextKeyFile);  // one that does not open was never anybody's here
}

Result<protocol::SigningKey> IdentityStore::loadNextKey() const {
  auto opened = openSealedKey(folder_ / kNextKeyFile, marks_, platform::machineId());
  if (!opened) return tl::unexpected<Error>(opened.error());
  return opened->key;
}

Result<> IdentityStore::dropNextKey() const {
  return platform::removeFile(folder_ / kNextKeyFile);
}

Result<> IdentityStore::adoptNextKey() const {
  return platform::renameFile(folder_ / kNextKeyFile, folder_ / kKeyFile);
}

Result<> IdentityStore::forget() const {
  for (const char* file : {kIdentityFile, kNextKeyFile}) {
    if (auto ok = platform::removeFile(folder_ / file); !ok) return ok;
  }
  if (auto ok = forgetHandover(folder_); !ok) return ok;
  if (auto ok = forgetRefreshState(folder_); !ok) return ok;
  return platform::removeFile(folder_ / kKeyFile);
}

}  // namespace redflag::kernel
