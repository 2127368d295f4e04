#include <dlfcn.h>

#include "host/library.h"
#include "host/linux/elf.h"
#include "host/linux/trusted_descriptor.h"

namespace redflag::host {
namespace {

constexpr const char* kEntryPoint = "rf_plugin_library_v1";

std::string loaderError() {
  const char* text = ::dlerror();
  return text == nullptr ? "the loader gave no reason" : text;
}

}  // namespace

bool sonameIsPresent(const std::string& soname) {
  // A path would load any file; a soname is looked up where the system keeps its libraries.
  return soname.find('/') == std::string::npos && ::dlopen(soname.c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr;
}

Result<const rf_library*> loadLibraryWithHash(const std::filesystem::path& file, const std::string& sha256) {
  auto opened = openAndHash(file);
  if (!opened) return tl::unexpected<Error>(opened.error());
  if (opened->sha256 != sha256) {
    return fail(Code::kDenied, file.string() + ": its SHA-256 is " + opened->sha256 + ", expected " + sha256);
  }
  return loadLibrary("/proc/self/fd/" + std::to_string(opened->file.get()));
}

Result<const rf_library*> loadLibrary(const std::filesystem::path& file) {
  // The loader maps what the header speaks of, and dies of what is not there.
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (const auto elf = readElf(file); elf && !error && size < elf->end_bytes) {
    return fail(Code::kInvalid, "the library is cut short: it has " + std::to_string(size) +
                                    " bytes, expected " + std::to_string(elf->end_bytes) + " at least");
  }
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return fail(Code::kIo, "the library cannot be loaded: " + loaderError());
  void* symbol = ::dlsym(handle, kEntryPoint);
  if (symbol == nullptr) {
    return fail(Code::kNotFound,
                std::string("the library does not export ") + kEntryPoint + ": it is no plugin");
  }
  const rf_library* library = reinterpret_cast<const rf_library* (*)()>(symbol)();
  if (library == nullptr) return fail(Code::kInvalid, std::string(kEntryPoint) + " answered NULL");
  return library;
}

}  // namespace redflag::host
