#include <stdexcept>

#include "base/encoding.h"
#include "trust/key_folder.h"

namespace redflag::trust {
namespace {

std::string publicKey(JsonReader& in, const char* member) {
  auto out = fromBase64Url(in.text(member, 64));
  if (!out || out->size() != protocol::kPublicKeyBytes) in.refuse(member, "32 bytes in base64url");
  return out.value_or("");
}

}  // namespace

std::string encodeServerKeys(const ServerKeys& keys) {
  Json ca = Json::array();
  for (const auto& der : keys.authorities)
    ca.push_back(toBase64(der));
  return dumpJson({{"v", 1},
                   {"snapshot", toBase64Url(keys.snapshot)},
                   {"timestamp", toBase64Url(keys.timestamp)},
                   {"command", toBase64Url(keys.command.public_key)},
                   {"urls", keys.urls},
                   {"ca", ca}}) +
         "\n";
}

ServerKeys decodeServerKeys(std::string_view text) {
  const auto json = parseJson(text, {.bytes = 64U << 10, .depth = 3, .values = 64});
  if (!json) throw std::runtime_error("server keys: " + json.error().text);
  ServerKeys out;
  JsonReader in(*json, "server keys");
  in.integer("v", 1, 1);
  out.snapshot = publicKey(in, "snapshot");
  out.timestamp = publicKey(in, "timestamp");
  out.command.public_key = publicKey(in, "command");
  protocol::readServerPlaces(in, out.urls, out.authorities);
  if (auto ok = in.finish(); !ok) throw std::runtime_error(ok.error().text);
  out.command.key_id = protocol::keyId(out.command.public_key);
  return out;
}

}  // namespace redflag::trust
