#include "watched.h"

#include <algorithm>
#include <map>

namespace redflag::docker {
namespace {

// An engine starts these never again: it has only still to get rid of them, and may be unable to.
bool isOnItsWayOut(const Container& container) {
  return container.state == "dead" || container.state == "removing";
}

}  // namespace

template <class Condition>
bool Watched::anyImageIs(const Engine& engine, Condition condition) const {
  if (local != nullptr && condition(*local)) return true;
  return std::any_of(users.begin(), users.end(), [&](const Container* user) {
    const auto* image = engine.imageOf(*user);
    return image != nullptr && condition(*image);
  });
}

bool Watched::hasRegistry(const Engine& engine) const {
  if (reference.tag.empty() || reference.registry == "localhost") return false;
  return anyImageIs(engine, [&](const Image& image) { return !image.digestIn(reference).empty(); });
}

bool Watched::isSurelyOfRegistry(const Engine& engine) const {
  return anyImageIs(engine, [&](const Image& image) {
    const auto digest = image.digestIn(reference);
    const bool is_its_number = engine.is_podman || digest == image.id;
    return (!digest.empty() && !is_its_number) ||
           std::any_of(image.pulled_from.begin(), image.pulled_from.end(),
                       [&](const Reference& from) { return from.sameRepository(reference); });
  });
}

const Image* Watched::anyImage(const Engine& engine) const {
  return local != nullptr || users.empty() ? local : engine.imageOf(*users.front());
}

std::string Watched::versionOf(const Image& image) const {
  const auto digest = image.digestIn(reference);
  return digest.empty() ? image.id : digest;
}

std::vector<const Container*> Watched::behind(const Engine& engine, const std::string& digest) const {
  std::vector<const Container*> out;
  std::copy_if(users.begin(), users.end(), std::back_inserter(out), [&](const Container* user) {
    const auto* image = engine.imageOf(*user);
    return image == nullptr || !image->hasDigest(reference, digest);
  });
  return out;
}

std::string Watched::blockedBy() const {
  if (!reference.digest.empty()) return "held";
  const bool by_others =
      std::any_of(users.begin(), users.end(), [](const Container* user) { return user->orchestrated; });
  return by_others ? "excluded" : "";
}

bool isOf(const Container& container, const PlatformImage& image) {
  return container.image_id == image.config ||
         (!container.manifest.empty() && container.manifest == image.manifest);
}

std::vector<Watched> watchedOf(const Engine& engine) {
  std::map<std::string, Watched> by_name;
  const auto add = [&](const Reference& reference) -> Watched& {
    auto& watched = by_name[reference.canonical()];
    watched.reference = reference;
    return watched;
  };
  for (const auto& [id, image] : engine.images)
    for (const auto& tag : image.tags)
      add(tag).local = &image;
  for (const auto& container : engine.containers) {
    if (!container.reference || isOnItsWayOut(container)) continue;
    auto& watched = add(*container.reference);
    if (watched.local == nullptr && !container.reference->tag.empty())
      watched.local = engine.named(*container.reference);
    watched.users.push_back(&container);
  }
  std::vector<Watched> out;
  out.reserve(by_name.size());
  for (auto& [name, watched] : by_name)
    out.push_back(std::move(watched));
  return out;
}

}  // namespace redflag::docker
