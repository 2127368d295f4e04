#include "executor/trust_file.h"

#include <algorithm>

#include "base/json.h"
#include "host/trusted_file.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxBytes = 64U << 10;

std::filesystem::path fileIn(const std::filesystem::path& folder) {
  return folder / "trust.json";
}

}  // namespace

std::optional<std::string> ExecutorTrust::publicKey(const std::string& key_id) const {
  const auto key = std::find_if(command_keys.begin(), command_keys.end(),
                                [&key_id](const protocol::CommandKey& k) { return k.key_id == key_id; });
  if (key == command_keys.end()) return std::nullopt;
  return key->public_key;
}

Result<ExecutorTrust> loadExecutorTrust(const std::filesystem::path& state_folder) {
  const auto content = host::readTrustedFile(fileIn(state_folder), kMaxBytes);
  if (!content) return tl::unexpected<Error>(content.error());
  const auto json = parseJson(*content, {.bytes = kMaxBytes});
  if (!json) return failAt(fileIn(state_folder).string(), json.error());
  JsonReader in(*json, "trust.json");
  ExecutorTrust trust;
  trust.agent_id = in.text("agent_id", 64);
  trust.client_id = in.text("client_id", 64);
  trust.journal_id = in.optionalText("journal_id", 64);
  const Json& keys = in.array("command_keys", 64);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  auto parsed = protocol::commandKeysFromJson(keys, "trust.json.command_keys");
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  trust.command_keys = std::move(*parsed);
  return trust;
}

Result<> saveExecutorTrust(const std::filesystem::path& state_folder, const ExecutorTrust& trust) {
  if (auto ok = platform::makePrivateFolder(state_folder); !ok) return ok;
  Json json = {{"agent_id", trust.agent_id},
               {"client_id", trust.client_id},
               {"command_keys", protocol::commandKeysToJson(trust.command_keys)}};
  if (!trust.journal_id.empty()) json["journal_id"] = trust.journal_id;
  return platform::writeFileAtomic(fileIn(state_folder), dumpJson(json) + "\n");
}

}  // namespace redflag::kernel
