#include "protocol/command_list.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time.h"

namespace redflag::protocol {
namespace {

constexpr std::size_t kMaxListedKeys = 16;

std::int64_t momentOf(JsonReader& in, const char* member) {
  const auto at = fromRfc3339(in.text(member, 32));
  if (!at) in.refuse(member, "a time as 2030-01-31T12:00:00Z");
  // To the millisecond, as it is written: two times that differ then differ there as well.
  return at ? fromRfc3339(toRfc3339(*at)).value_or(0) : 0;
}

Result<ListedKey> readListedKey(const Json& json, const std::string& place) {
  ListedKey out;
  JsonReader in(json, place);
  const std::string key_id = in.text("key_id", 64);
  const std::string public_key = in.text("public_key", 64);
  out.not_before = momentOf(in, "not_before");
  out.not_after = momentOf(in, "not_after");
  if (out.not_after <= out.not_before) in.refuse("not_after", "a time after not_before");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  auto key = commandKeysFromJson(Json::array({{{"key_id", key_id}, {"public_key", public_key}}}), place);
  if (!key) return tl::unexpected<Error>(key.error());
  out.key = std::move(key->front());
  return out;
}

Result<> readListedKeys(const Json& keys, std::vector<ListedKey>& out) {
  for (const Json& item : keys) {
    const std::string place = "commands.json.keys[" + std::to_string(out.size()) + "]";
    auto key = readListedKey(item, place);
    if (!key) return tl::unexpected<Error>(key.error());
    const bool twice = std::any_of(out.begin(), out.end(),
                                   [&](const auto& known) { return known.key.key_id == key->key.key_id; });
    if (twice) return fail(Code::kInvalid, place + ": the key is named twice");
    out.push_back(std::move(*key));
  }
  return {};
}

}  // namespace

std::optional<std::string> CommandList::publicKey(const std::string& key_id, std::int64_t now_ns) const {
  for (const ListedKey& listed : keys) {
    if (listed.key.key_id != key_id) continue;
    if (now_ns < listed.not_before || now_ns > listed.not_after) return std::nullopt;
    return listed.key.public_key;
  }
  return std::nullopt;
}

std::string authorityMark(std::string_view der) {
  return toHex(sha256(der)).substr(0, kAuthorityMarkDigits);
}

Verdict<Envelope> openListed(const Json& transport, const CommandList& list, std::int64_t now_ns) {
  auto envelope =
      openEnvelope(transport, [&](const std::string& key_id) { return list.publicKey(key_id, now_ns); });
  if (!envelope) return envelope;
  if (envelope->version < list.minimal_envelope_version) {
    return refuse(refusal::kUnknownVersion, "envelopes of this version are not taken any more");
  }
  if (envelope->restore_epoch < list.restore_epoch) {
    return refuse(refusal::kOldEpoch, "issued before the server was restored");
  }
  return envelope;
}

Result<std::string> encodeCommandList(const CommandList& list) {
  Json keys = Json::array();
  for (const ListedKey& listed : list.keys) {
    keys.push_back({{"key_id", listed.key.key_id},
                    {"public_key", toBase64Url(listed.key.public_key)},
                    {"not_before", toRfc3339(listed.not_before)},
                    {"not_after", toRfc3339(listed.not_after)}});
  }
  Json ca = Json::array();
  for (const auto& der : list.authorities)
    ca.push_back(toBase64(der));
  std::string text = dumpJson({{"v", 1},
                               {"keys", keys},
                               {"minimal_envelope_version", list.minimal_envelope_version},
                               {"restore_epoch", list.restore_epoch},
                               {"urls", list.urls},
                               {"ca", ca}}) +
                     "\n";
  if (auto ok = decodeCommandList(text); !ok) return tl::unexpected<Error>(ok.error());
  return text;
}

Result<CommandList> decodeCommandList(std::string_view text) {
  const auto json = parseJson(text, {.bytes = kMaxCommandListBytes, .depth = 4, .values = 512});
  if (!json) return failAt("commands.json", json.error());
  CommandList list;
  JsonReader in(*json, "commands.json");
  in.integer("v", 1, 1);
  const Json& keys = in.array("keys", kMaxListedKeys);
  list.minimal_envelope_version = in.integer("minimal_envelope_version", 1, INT32_MAX);
  list.restore_epoch = in.integer("restore_epoch", 0, INT64_MAX);
  readServerPlaces(in, list.urls, list.authorities);
  // A later version may say more; what it means to older agents, it must say under another "v".
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = readListedKeys(keys, list.keys); !ok) return tl::unexpected<Error>(ok.error());
  return list;
}

}  // namespace redflag::protocol
