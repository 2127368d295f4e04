#include "executor/trust_file.h"

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
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return trust;
}

Result<> saveExecutorTrust(const std::filesystem::path& state_folder, const ExecutorTrust& trust) {
  if (auto ok = platform::makePrivateFolder(state_folder); !ok) return ok;
  Json json = {{"agent_id", trust.agent_id}, {"client_id", trust.client_id}};
  if (!trust.journal_id.empty()) json["journal_id"] = trust.journal_id;
  return platform::writeFileAtomic(fileIn(state_folder), dumpJson(json) + "\n");
}

}  // namespace redflag::kernel
