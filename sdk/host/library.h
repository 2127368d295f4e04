#pragma once
// A plugin's library, loaded into this process. Only redflag-host does that; never the kernel, never the
// server.

#include <filesystem>
#include <string>

#include "base/result.h"
#include "host/manifest.h"
#include "redflag/abi.h"

namespace redflag::host {

// Loads with RTLD_NOW | RTLD_LOCAL and never unloads: libraries leave threads and destructors behind.
// kNotFound: no such file or no entry point. kUnsupported: another ABI major, with both named. kInvalid:
// structs that are too small, or a descriptor that breaks its contract. kIo: the loader's own words.
Result<const rf_library*> loadLibrary(const std::filesystem::path& file);

// The same, but what is loaded is the very file that was hashed, whatever happens to its name meanwhile.
// kDenied: another SHA-256 (hexadecimal), a symbolic link, or not a regular file.
Result<const rf_library*> loadLibraryWithHash(const std::filesystem::path& file, const std::string& sha256);

// Is a shared library of that soname here? It stays loaded.
bool sonameIsPresent(const std::string& soname);

// The descriptor as a manifest, without library and sha256. kInvalid names the member that breaks the
// contract.
Result<Manifest> describe(const rf_library* library);

}  // namespace redflag::host
