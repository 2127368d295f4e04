#include "identity/handover_state.h"

#include "base/encoding.h"
#include "platform/files.h"
#include "protocol/keys.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxHandoverBytes = 16U << 10;

std::filesystem::path handoverFile(const std::filesystem::path& folder) {
  return folder / "handover.json";
}

}  // namespace

Result<HandoverState> loadHandover(const std::filesystem::path& identity_folder) {
  const auto file = handoverFile(identity_folder);
  const auto text = platform::readFile(file, kMaxHandoverBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  if (auto ok = platform::checkOnlyOursToWrite(file); !ok) return tl::unexpected<Error>(ok.error());
  const auto json = parseJson(*text, {.bytes = kMaxHandoverBytes, .depth = 3, .values = 32});
  if (!json) return fail(Code::kCorrupt, file.string() + ": " + json.error().text);
  HandoverState out;
  JsonReader in(*json, "handover.json");
  in.integer("v", 1, 1);
  out.command_id = in.text("command_id", protocol::kMaxIdBytes);
  const auto key = fromBase64Url(in.text("new_key", 64));
  if (!key || key->size() != protocol::kPublicKeyBytes) in.refuse("new_key", "32 bytes in base64url");
  out.handover = in.object("handover");
  if (auto ok = in.finish(); !ok) return fail(Code::kCorrupt, file.string() + ": " + ok.error().text);
  out.new_key = *key;
  return out;
}

Result<> saveHandover(const std::filesystem::path& identity_folder, const HandoverState& state) {
  const Json json = {{"v", 1},
                     {"command_id", state.command_id},
                     {"new_key", toBase64Url(state.new_key)},
                     {"handover", state.handover}};
  return platform::writeFileAtomic(handoverFile(identity_folder), dumpJson(json), 0600);
}

Result<> forgetHandover(const std::filesystem::path& identity_folder) {
  return platform::removeFile(handoverFile(identity_folder));
}

}  // namespace redflag::kernel
