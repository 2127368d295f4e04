#include "identity/identity.h"

#include "base/encoding.h"
#include "base/json.h"
#include "identity/refresh_state.h"
#include "identity/sealed_key.h"
#include "platform/files.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxIdentityBytes = 256U << 10;
constexpr std::size_t kMaxList = 8;
constexpr const char* kKeyFile = "key.json";
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

IdentityStore::IdentityStore(const std::filesystem::path& state_folder, std::string machine_id)
    : folder_(state_folder / "identity"), machine_id_(std::move(machine_id)) {}

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

Result<protocol::SigningKey> IdentityStore::loadKey() const {
  return loadSealedKey(folder_ / kKeyFile, machine_id_);
}

Result<protocol::SigningKey> IdentityStore::loadOrMakeKey() const {
  auto key = loadKey();
  if (key || key.error().code != Code::kNotFound) return key;
  if (auto ok = platform::makePrivateFolder(folder_); !ok) return tl::unexpected<Error>(ok.error());
  auto made = protocol::SigningKey::generate();
  if (auto ok = saveSealedKey(folder_ / kKeyFile, made, machine_id_); !ok)
    return tl::unexpected<Error>(ok.error());
  return made;
}

Result<> IdentityStore::forget() const {
  if (auto ok = platform::removeFile(folder_ / kIdentityFile); !ok) return ok;
  if (auto ok = forgetRefreshState(folder_); !ok) return ok;
  return platform::removeFile(folder_ / kKeyFile);
}

}  // namespace redflag::kernel
