#include "memory.h"

#include "base/json.h"
#include "reference.h"

namespace redflag::docker {
namespace {

constexpr const char* kQuiet = "quiet";
constexpr const char* kManifests = "manifests";
constexpr const char* kSeen = "seen";
constexpr std::size_t kMostSpared = 1'000;

std::string keyOf(const std::string& registry, const std::string& digest, const std::string& platform) {
  return registry + " " + digest + " " + platform;
}

Json keptObject(const rf::State& state, const char* key) {
  const auto text = state.get(key);
  const auto json = text ? parseJson(*text, {.bytes = 4U << 20U, .depth = 4, .values = 100'000})
                         : redflag::Result<Json>(Json::object());
  return json && json->is_object() ? *json : Json::object();
}

}  // namespace

Memory::Memory(const rf::State& state) {
  const auto quiet = keptObject(state, kQuiet);
  for (const auto& [registry, times] : quiet.items())
    if (times.is_array() && times.size() == 2 && times[0].is_number_integer() && times[1].is_number_integer())
      quiet_[registry] = {times[0].get<std::int64_t>(), times[1].get<std::int64_t>()};
  const auto seen = keptObject(state, kSeen);
  for (const auto& name : seen.items())
    seen_.insert(name.key());
  const auto manifests = keptObject(state, kManifests);
  for (const auto& [name, image] : manifests.items()) {
    JsonReader in(image, name);
    PlatformImage known{in.text("config", 128), in.integer("bytes", 0, INT64_MAX), in.text("manifest", 128)};
    if (in.finish() && isDigest(known.config) && isDigest(known.manifest)) known_[name] = std::move(known);
  }
}

rf::Status Memory::keep(const rf::State& state) const {
  auto kept = used_;
  for (const auto& [name, image] : known_)
    if (kept.size() < used_.size() + kMostSpared && spared_.contains(name.substr(0, name.find(' '))))
      kept.emplace(name, image);
  auto manifests = Json::object();
  for (const auto& [name, image] : kept)
    manifests[name] = {{"config", image.config}, {"bytes", image.bytes}, {"manifest", image.manifest}};
  auto seen = Json::object();
  for (const auto& name : seen_now_)
    seen[name] = true;
  auto quiet = Json::object();
  for (const auto& [registry, times] : quiet_)
    quiet[registry] = Json::array({times.since_s, times.until_s});
  return rf::worse(state.put(kQuiet, dumpJson(quiet)),
                   rf::worse(state.put(kManifests, dumpJson(manifests)), state.put(kSeen, dumpJson(seen))));
}

std::int64_t Memory::quietUntil(const std::string& registry) const {
  const auto found = quiet_.find(registry);
  return found == quiet_.end() ? 0 : found->second.until_s;
}

void Memory::endQuiet(std::int64_t now_s) {
  // A day is the longest that is waited.
  std::erase_if(quiet_, [&](const auto& entry) {
    const Quiet& times = entry.second;
    return times.since_s > now_s || times.until_s <= now_s || times.until_s > now_s + 86'400;
  });
}

const PlatformImage* Memory::find(const std::string& registry, const std::string& digest,
                                  const std::string& platform) {
  const auto found = known_.find(keyOf(registry, digest, platform));
  if (found == known_.end()) return nullptr;
  return &(used_[found->first] = found->second);
}

bool Memory::wasSeen(const std::string& name) {
  if (seen_.contains(name)) seen_now_.insert(name);
  return seen_now_.contains(name);
}

const PlatformImage& Memory::add(const std::string& registry, const std::string& digest,
                                 const std::string& platform, PlatformImage image) {
  return used_[keyOf(registry, digest, platform)] = std::move(image);
}

}  // namespace redflag::docker
