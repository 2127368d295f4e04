#pragma once
// A plugin's manifest: its descriptor as a file beside the library, read without running any of its code.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::host {

struct Capability {
  std::string spec;
  bool required = false;
};

struct Manifest {
  std::string id;
  std::string version;
  std::string name;
  std::string vendor;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::string platform;           // "linux-x86_64"
  std::filesystem::path library;  // absolute; in the file only its name, beside the manifest
  std::string sha256;             // of the library, hexadecimal
  std::vector<std::string> interfaces;
  std::vector<std::string> record_kinds;
  std::vector<Capability> capabilities;
  std::vector<std::string> requires_libraries;
  Json config_schema = Json::object();
  std::string publisher;  // "ed25519:" and the key in base64; "": not signed
  std::string signature;  // by that key over signedText(), base64

  bool offers(std::string_view interface_id) const;
};

// Reads `<folder>/<id>.json`. Refuses, by name and reason: a folder or file that others than root or this
// process's user can write, a symbolic link, another ABI major, another platform, an id that differs from its
// file's name, a library whose SHA-256 differs.
Result<Manifest> loadManifest(const std::filesystem::path& folder, const std::string& id);

// Ids of all manifests in the folder, sorted; reads no more than the names.
Result<std::vector<std::string>> listManifests(const std::filesystem::path& folder);

// The file's text, for writing beside the library.
std::string encodeManifest(const Manifest& manifest);

// What a publisher signs: everything in the manifest but the signature, the library's SHA-256 included.
std::string signedText(const Manifest& manifest);

// As a value: what the file holds.
Json toJson(const Manifest& manifest);
// kInvalid names the member; checks types only.
Result<Manifest> manifestFrom(const Json& json, const std::string& place);

// "capabilities": the first of the members that describe a library in which these two differ, or "".
std::string firstDifference(const Manifest& one, const Manifest& other);

// SHA-256 of a regular file, hexadecimal; a symbolic link is refused.
Result<std::string> hashFile(const std::filesystem::path& file);

// "linux-x86_64": what this program was built for.
const char* hostPlatform();

// Letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 128: safe as a file name.
bool isPluginId(std::string_view id);

}  // namespace redflag::host
