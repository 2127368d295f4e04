#include "host/manifest.h"

#include <algorithm>

#include "base/encoding.h"
#include "host/trusted_file.h"
#include "redflag/abi.h"

namespace redflag::host {
namespace {

constexpr std::size_t kMaxManifestBytes = 1U << 20;
constexpr std::size_t kMaxItems = 256;

std::vector<Capability> capabilitiesOf(JsonReader& in) {
  std::vector<Capability> out;
  for (const auto& item : in.array("capabilities", kMaxItems)) {
    JsonReader entry(item, "capabilities");
    out.push_back({entry.text("spec", 4096), entry.boolean("required")});
    if (!entry.finish()) {
      in.refuse("capabilities", R"(a list of {"spec": text, "required": true or false})");
      return {};
    }
  }
  return out;
}

}  // namespace

Result<Manifest> manifestFrom(const Json& json, const std::string& place) {
  JsonReader in(json, place);
  Manifest out;
  out.id = in.text("id", 128);
  out.version = in.text("version", 64);
  out.name = in.text("name", 128);
  out.vendor = in.text("vendor", 128);
  out.abi_major = static_cast<std::uint32_t>(in.integer("abi_major", 0, UINT32_MAX));
  out.abi_minor = static_cast<std::uint32_t>(in.integer("abi_minor", 0, UINT32_MAX));
  out.platform = in.text("platform", 64);
  out.library = in.text("library", 255);
  out.sha256 = in.text("sha256", 64);
  out.interfaces = in.texts("interfaces", kMaxItems);
  out.record_kinds = in.texts("record_kinds", kMaxItems);
  out.capabilities = capabilitiesOf(in);
  out.requires_libraries = in.texts("requires_libraries", kMaxItems);
  out.config_schema = in.object("config_schema");
  out.publisher = in.optionalText("publisher", 64);
  out.signature = in.optionalText("signature", 128);
  if (auto finished = in.finish(); !finished) return tl::unexpected<Error>(finished.error());
  return out;
}

namespace {

Result<Manifest> decode(std::string_view text, const std::string& place) {
  const auto json = parseJson(text, {.bytes = kMaxManifestBytes});
  if (!json) return failAt(place, json.error());
  return manifestFrom(*json, place);
}

Result<> checkAgainst(const Manifest& manifest, const std::string& id, const std::string& place) {
  if (manifest.id != id) {
    return fail(Code::kInvalid,
                place + ": the id is \"" + manifest.id + "\", the file's name says \"" + id + "\"");
  }
  if (manifest.abi_major != RF_ABI_MAJOR) {
    return fail(Code::kUnsupported, place + ": built for ABI " + std::to_string(manifest.abi_major) +
                                        ", this program loads ABI " + std::to_string(RF_ABI_MAJOR));
  }
  if (manifest.platform != hostPlatform()) {
    return fail(Code::kUnsupported,
                place + ": built for " + manifest.platform + ", this machine is " + hostPlatform());
  }
  if (manifest.library.has_parent_path() || !isPluginId(manifest.library.string())) {
    return fail(Code::kInvalid, place + ".library: expected the name of a file beside the manifest");
  }
  return {};
}

}  // namespace

const char* hostPlatform() {
  return REDFLAG_PLATFORM;
}

bool isPluginId(std::string_view id) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !id.empty() && id.size() <= 128 && is_word(id.front()) &&
         std::all_of(id.begin(), id.end(),
                     [&](char c) { return is_word(c) || c == '.' || c == '_' || c == '-'; });
}

bool Manifest::offers(std::string_view interface_id) const {
  return std::find(interfaces.begin(), interfaces.end(), interface_id) != interfaces.end();
}

Json toJson(const Manifest& manifest) {
  Json capabilities = Json::array();
  for (const auto& entry : manifest.capabilities) {
    capabilities.push_back({{"spec", entry.spec}, {"required", entry.required}});
  }
  Json out = {{"id", manifest.id},
              {"version", manifest.version},
              {"name", manifest.name},
              {"vendor", manifest.vendor},
              {"abi_major", manifest.abi_major},
              {"abi_minor", manifest.abi_minor},
              {"platform", manifest.platform},
              {"library", manifest.library.filename().string()},
              {"sha256", manifest.sha256},
              {"interfaces", manifest.interfaces},
              {"record_kinds", manifest.record_kinds},
              {"capabilities", std::move(capabilities)},
              {"requires_libraries", manifest.requires_libraries},
              {"config_schema", manifest.config_schema}};
  if (!manifest.publisher.empty()) out["publisher"] = manifest.publisher;
  if (!manifest.signature.empty()) out["signature"] = manifest.signature;
  return out;
}

std::string signedText(const Manifest& manifest) {
  Json json = toJson(manifest);
  json.erase("signature");
  return "redflag-plugin/1\n" + dumpJson(json);
}

std::string encodeManifest(const Manifest& manifest) {
  return toJson(manifest).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string firstDifference(const Manifest& one, const Manifest& other) {
  const Json members = toJson(one);
  const Json other_members = toJson(other);
  for (const auto& [key, value] : members.items()) {
    const bool of_the_file = key == "library" || key == "sha256" || key == "publisher" || key == "signature";
    if (!of_the_file && value != other_members[key]) return key;
  }
  return {};
}

Result<Manifest> loadManifest(const std::filesystem::path& folder, const std::string& id) {
  if (!isPluginId(id)) return fail(Code::kInvalid, "\"" + id.substr(0, 128) + "\" cannot be a plugin's id");
  if (auto trusted = checkTrustedFolder(folder); !trusted) return tl::unexpected<Error>(trusted.error());
  const std::filesystem::path file = folder / (id + ".json");
  auto text = readTrustedFile(file, kMaxManifestBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  auto manifest = decode(*text, file.filename().string());
  if (!manifest) return manifest;
  if (auto checked = checkAgainst(*manifest, id, file.filename().string()); !checked) {
    return tl::unexpected<Error>(checked.error());
  }
  manifest->library = std::filesystem::absolute(folder) / manifest->library;
  auto hash = hashFile(manifest->library);
  if (!hash) return tl::unexpected<Error>(hash.error());
  if (*hash != manifest->sha256) {
    return fail(Code::kDenied, manifest->library.string() + ": its SHA-256 is " + *hash +
                                   ", its manifest says " + manifest->sha256.substr(0, 64) +
                                   "; install both from the same package");
  }
  return manifest;
}

Result<std::vector<std::string>> listManifests(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::string> ids;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto& path = it->path();
    if (path.extension() == ".json" && isPluginId(path.stem().string())) ids.push_back(path.stem().string());
  }
  if (error) return fail(Code::kIo, folder.string() + ": " + error.message());
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace redflag::host
