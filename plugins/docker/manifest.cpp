#include "manifest.h"

#include "base/json.h"
#include "reference.h"

namespace redflag::docker {

const char* const kManifestTypes =
    "Accept: application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

namespace {

constexpr std::int64_t kMaxLayer = std::int64_t{1} << 50U;
constexpr std::int64_t kMaxImage = kMaxLayer;  // all of its layers together: a sum that cannot overflow

tl::unexpected<Problem> noManifest(const std::string& what) {
  return fail(RF_TRANSIENT, "docker.malformed", "a manifest is not understood: " + what);
}

std::string platformOfEntry(const Json& entry) {
  const auto platform = entry.find("platform");
  if (platform == entry.end() || !platform->is_object()) return {};
  std::string out;
  for (const char* key : {"os", "architecture", "variant"}) {
    const auto part = platform->find(key);
    if (part != platform->end() && part->is_string())
      out += (out.empty() ? "" : "/") + part->get<std::string>();
  }
  return out;
}

// "os/architecture"
std::string_view withoutVariant(std::string_view platform) {
  const auto slash = platform.find('/', std::min(platform.find('/'), platform.size() - 1) + 1);
  return platform.substr(0, slash);
}

// Digest and size of "config" or a layer.
Result<PlatformImage> blobOf(const Json& blob) {
  JsonReader in(blob, "manifest");
  PlatformImage out{in.text("digest", 128), in.integer("size", 0, kMaxLayer)};
  if (const auto end = in.finishIgnoringUnknown(); !end) return noManifest(end.error().text);
  if (!isDigest(out.config)) return noManifest("a digest is none");
  return out;
}

Result<Manifest> parseIndex(const Json& entries) {
  Manifest out;
  out.is_index = true;
  if (!entries.is_array() || entries.size() > 1'000) return noManifest("expected at most 1000 entries");
  for (const auto& entry : entries) {
    if (!entry.is_object()) return noManifest("an entry is no object");
    const auto digest = entry.find("digest");
    if (digest == entry.end() || !digest->is_string() || !isDigest(digest->get_ref<const std::string&>()))
      return noManifest("the digest of an entry is none");
    out.entries.push_back({platformOfEntry(entry), digest->get<std::string>()});
  }
  return out;
}

}  // namespace

std::string Manifest::digestFor(std::string_view platform) const {
  if (platform.empty()) return {};
  for (const auto& entry : entries)
    if (entry.platform == platform) return entry.digest;
  for (const auto& entry : entries) {
    const bool one_without =
        withoutVariant(entry.platform) == entry.platform || withoutVariant(platform) == platform;
    if (!entry.platform.empty() && one_without && withoutVariant(entry.platform) == withoutVariant(platform))
      return entry.digest;
  }
  return {};
}

Result<Manifest> parseManifest(std::string_view json) {
  const auto parsed = parseJson(json, {.bytes = 4U << 20U, .depth = 16, .values = 100'000});
  if (!parsed || !parsed->is_object()) return noManifest("expected a JSON object");
  if (const auto entries = parsed->find("manifests"); entries != parsed->end()) return parseIndex(*entries);
  const auto config = parsed->find("config");
  const auto layers = parsed->find("layers");
  if (config == parsed->end() || layers == parsed->end() || !layers->is_array())
    return noManifest("expected \"manifests\", or \"config\" and \"layers\"");
  Manifest out;
  auto image = blobOf(*config);
  if (!image) return tl::unexpected<Problem>(image.error());
  out.image = *image;
  for (const auto& layer : *layers) {
    const auto blob = blobOf(layer);
    if (!blob) return tl::unexpected<Problem>(blob.error());
    out.image.bytes += blob->bytes;
    if (out.image.bytes > kMaxImage) return noManifest("an image of more than a pebibyte");
  }
  return out;
}

}  // namespace redflag::docker
