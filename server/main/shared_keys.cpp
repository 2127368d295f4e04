#include "main/shared_keys.h"

#include <map>

#include "auth/secret_file.h"
#include "base/encoding.h"
#include "base/log.h"
#include "store/factors.h"

namespace redflag::server {
namespace {

struct SharedKey {
  const char* kind;
  const char* effect;
};

constexpr SharedKey kSharedKeys[] = {
    {"access",
     "an agent that changes servers is refused once with token.invalid, which the audit log takes for an "
     "attack, and of one whose state was copied or set back the other server does not see it"},
    {"device",
     "a browser that one server knows is a stranger to the other while its account is being guessed at"},
};

std::filesystem::path fileOf(const DataFolder& data, const std::string& kind) {
  return kind == "access" ? data.accessKey() : data.deviceKey();
}

// Of 32 random bytes: it betrays nothing of them. "" without a file.
std::string sharedMarkOf(const DataFolder& data, const std::string& kind) {
  const auto key = auth::readSecretFile(fileOf(data, kind));
  if (!key) return "";
  std::string text = "redflag shared key 1\n";
  text += kind;
  text += '\n';
  text += *key;
  return toHex(sha256(text));
}

}  // namespace

std::vector<ForeignKey> foreignKeys(const DataFolder& data, const store::Store& store) {
  std::vector<ForeignKey> out;
  for (const SharedKey& key : kSharedKeys) {
    const std::string ours = sharedMarkOf(data, key.kind);
    const std::string last =
        store.read([&](const store::ReadTransaction& tx) { return tx.factors().keyMark(key.kind); });
    if (ours.empty() || last.empty() || ours == last) continue;
    out.push_back({fileOf(data, key.kind).string(), key.effect});
  }
  return out;
}

void leaveKeyMarks(const DataFolder& data, store::Store& store) {
  for (const ForeignKey& key : foreignKeys(data, store))
    spdlog::warn("{} is another key than that of the server which was started here last: {}", key.file,
                 key.effect);
  std::map<std::string, std::string> marks;
  for (const SharedKey& key : kSharedKeys)
    marks[key.kind] = sharedMarkOf(data, key.kind);
  store.write([&](store::WriteTransaction& tx) {
    for (const auto& [kind, mark] : marks)
      if (tx.factors().keyMark(kind) != mark) tx.factors().setKeyMark(kind, mark);
  });
}

}  // namespace redflag::server
