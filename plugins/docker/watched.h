#pragma once
// The names under which images are in use or kept, with everything that says whether one is out of date.

#include <string>
#include <vector>

#include "engine.h"
#include "manifest.h"
#include "reference.h"

namespace redflag::docker {

struct Watched {
  Reference reference;
  const Image* local = nullptr;         // what its tag names here; null: nothing any more
  std::vector<const Container*> users;  // started from this very name, and not about to be removed

  // A registry has been asked for it before: there is a digest of its. What was made here has none, nor has
  // "localhost/…", podman's name for that.
  bool hasRegistry(const Engine& engine) const;
  // Nothing but that registry can have given that digest. Podman, and engines that keep images as registries
  // do, give one to what was made here, too.
  bool isSurelyOfRegistry(const Engine& engine) const;
  // Of the tag's image, else of the first user's.
  const Image* anyImage(const Engine& engine) const;
  // Its digest in the registry, else its number.
  std::string versionOf(const Image& image) const;
  // The users that do not run what `digest` is.
  std::vector<const Container*> behind(const Engine& engine, const std::string& digest) const;
  // "held" where it is pinned, "excluded" where something else starts one of its containers; "": installable.
  std::string blockedBy() const;

 private:
  template <class Condition>
  bool anyImageIs(const Engine& engine, Condition condition) const;
};

// Whether a container was made from that very image, whatever it is called.
bool isOf(const Container& container, const PlatformImage& image);

// By canonical name. Points into `engine`.
std::vector<Watched> watchedOf(const Engine& engine);

}  // namespace redflag::docker
