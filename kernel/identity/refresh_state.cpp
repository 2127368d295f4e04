#include "identity/refresh_state.h"

#include "base/encoding.h"
#include "platform/files.h"
#include "protocol/limits.h"
#include "protocol/state_document.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxRefreshBytes = 16U << 10;

std::filesystem::path refreshFile(const std::filesystem::path& folder) {
  return folder / "refresh.json";
}

}  // namespace

Result<RefreshState> loadRefreshState(const std::filesystem::path& identity_folder) {
  const auto file = refreshFile(identity_folder);
  const auto text = platform::readFile(file, kMaxRefreshBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  if (auto ok = platform::checkOnlyOursToWrite(file); !ok) return tl::unexpected<Error>(ok.error());
  const auto json = parseJson(*text, {.bytes = kMaxRefreshBytes, .depth = 3, .values = 32});
  if (!json) return fail(Code::kCorrupt, file.string() + ": " + json.error().text);
  RefreshState out;
  JsonReader in(*json, "refresh.json");
  in.integer("v", 1, 1);
  out.agent_id = in.text("agent_id", protocol::kMaxIdBytes);
  out.number = in.integer("number", 0, INT64_MAX);
  const auto token = fromBase64Url(in.text("refresh_token", 64));
  if (!token || token->size() != protocol::kRefreshTokenBytes)
    in.refuse("refresh_token", "32 bytes in base64url");
  if (const Json* pending = in.find("pending")) out.pending = *pending;
  if (auto ok = in.finish(); !ok) return fail(Code::kCorrupt, file.string() + ": " + ok.error().text);
  out.refresh_token = *token;
  return out;
}

Result<> saveRefreshState(const std::filesystem::path& identity_folder, const RefreshState& state) {
  if (auto ok = platform::makePrivateFolder(identity_folder); !ok) return ok;
  const Json json = {{"v", 1},
                     {"agent_id", state.agent_id},
                     {"number", state.number},
                     {"refresh_token", toBase64Url(state.refresh_token)},
                     {"pending", state.pending}};
  return platform::writeFileAtomic(refreshFile(identity_folder), dumpJson(json), 0600);
}

Result<> forgetRefreshState(const std::filesystem::path& identity_folder) {
  return platform::removeFile(refreshFile(identity_folder));
}

}  // namespace redflag::kernel
