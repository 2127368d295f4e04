#include "replaced_image.h"

#include <algorithm>

#include "json_access.h"

namespace redflag::docker {

const char* const kReplacedImage = "redflag.replaced_image";

namespace {

// Labels are anybody's to give, also an image's author's: of what a registry offers in other places nothing
// is touched for them, nor of what was made here.
bool isLeftOverOf(const Json& image, const Reference& repository) {
  const auto& tags = at(image, {"RepoTags"});
  const auto& digests = at(image, {"RepoDigests"});
  const bool untagged = tags.is_null() || (tags.is_array() && tags.empty());
  if (!untagged || !digests.is_array() || digests.empty()) return false;
  return std::all_of(digests.begin(), digests.end(), [&](const Json& digest) {
    const auto known =
        digest.is_string() ? parseReference(digest.get_ref<const std::string&>()) : std::nullopt;
    return known && known->sameRepository(repository);
  });
}

}  // namespace

Result<std::set<std::string>> presentImages(EngineClient& engine) {
  const auto images = engine.listImages();
  if (!images) return tl::unexpected<Problem>(images.error());
  std::set<std::string> out;
  for (const auto& image : *images)
    out.insert(textAt(image, {"Id"}));
  return out;
}

Result<bool> removeReplaced(EngineClient& engine, const Reference& repository, const std::string& image_id) {
  if (!isDigest(image_id)) return false;
  const auto image = engine.inspectImage(image_id);
  if (!image) return tl::unexpected<Problem>(image.error());
  if (textAt(*image, {"Id"}) != image_id || !isLeftOverOf(*image, repository)) return false;
  const auto containers = engine.listContainers();
  if (!containers) return tl::unexpected<Problem>(containers.error());
  for (const auto& container : *containers)
    if (textAt(container, {"ImageID"}) == image_id ||
        textAt(container, {"Labels", kReplacedImage}) == image_id)
      return false;
  if (auto removed = engine.removeImage(image_id); !removed) return tl::unexpected<Problem>(removed.error());
  return true;
}

}  // namespace redflag::docker
