#include "supervisor/plugin_state.h"

#include "host/frame.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxFileBytes = 64U << 20U;
constexpr std::size_t kMaxTotalBytes = 16U << 20U;

std::filesystem::path fileOf(const std::filesystem::path& folder, const std::string& plugin) {
  return folder / (plugin + ".state");
}

// State frames behind each other and one kDone: what the frame protocol can carry, it can also keep.
PluginState decode(const std::string& content) {
  PluginState state;
  host::FrameDecoder decoder;
  decoder.feed(content);
  while (true) {
    const auto frame = decoder.next();
    if (!frame || !*frame) return {};
    if ((*frame)->type == host::FrameType::kDone) return state;
    auto entry = host::decodeState((*frame)->payload);
    if ((*frame)->type != host::FrameType::kState || !entry) return {};
    state[entry->first] = std::move(entry->second);
  }
}

}  // namespace

PluginState loadPluginState(const std::filesystem::path& folder, const std::string& plugin) {
  const auto content = platform::readFile(fileOf(folder, plugin), kMaxFileBytes);
  return content ? decode(*content) : PluginState{};
}

Result<> savePluginState(const std::filesystem::path& folder, const std::string& plugin,
                         const PluginState& changed) {
  PluginState state = loadPluginState(folder, plugin);
  for (const auto& [key, value] : changed)
    state[key] = value;
  std::size_t bytes = 0;
  for (const auto& [key, value] : state)
    bytes += key.size() + value.size();
  if (bytes > kMaxTotalBytes) state = changed;  // what an older version left behind has to go
  std::string content;
  for (const auto& [key, value] : state) {
    content += host::encodeFrame(host::FrameType::kState, host::encodeState(key, value));
  }
  content += host::encodeFrame(host::FrameType::kDone, "{}");
  if (auto made = platform::makePrivateFolder(folder); !made) return made;
  return platform::writeFileAtomic(fileOf(folder, plugin), content, 0600, platform::Durability::kCrash);
}

}  // namespace redflag::kernel
