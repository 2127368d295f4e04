#include "host/library.h"

#include <algorithm>

#include "base/encoding.h"

namespace redflag::host {
namespace {

constexpr std::uint64_t kMaxText = 4096;
constexpr std::uint64_t kMaxSchema = 256U << 10;
constexpr std::uint64_t kMaxItems = 256;

Result<std::string> textOf(const char* member, rf_str text, std::uint64_t max_bytes, bool may_be_empty) {
  const std::string place = std::string("descriptor.") + member;
  if (text.size > max_bytes)
    return fail(Code::kInvalid, place + ": longer than " + std::to_string(max_bytes) + " bytes");
  if (text.data == nullptr && text.size > 0) return fail(Code::kInvalid, place + ": a size without data");
  if (text.size == 0 && !may_be_empty) return fail(Code::kInvalid, place + ": empty");
  std::string out(text.data == nullptr ? "" : text.data, text.size);
  if (!isUtf8(out) || out.find('\0') != std::string::npos)
    return fail(Code::kInvalid, place + ": not plain UTF-8");
  return out;
}

Result<std::vector<std::string>> textsOf(const char* member, const rf_str* items, std::uint64_t count) {
  if (count > kMaxItems || (items == nullptr && count > 0)) {
    return fail(Code::kInvalid, std::string("descriptor.") + member + ": no list of at most 256 texts");
  }
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto text = textOf(member, items[i], kMaxText, false);
    if (!text) return tl::unexpected<Error>(text.error());
    out.push_back(std::move(*text));
  }
  return out;
}

// Each step assigns one member, or leaves the first error.
class DescriptorReader {
 public:
  DescriptorReader(const rf_descriptor& from, Manifest& into) : from_(from), into_(into) {}

  Result<> read() {
    take(textOf("id", from_.id, 128, false), into_.id);
    take(textOf("version", from_.version, 64, false), into_.version);
    take(textOf("name", from_.name, 128, false), into_.name);
    take(textOf("vendor", from_.vendor, 128, true), into_.vendor);
    take(textsOf("interfaces", from_.interfaces, from_.interface_count), into_.interfaces);
    take(textsOf("record_kinds", from_.record_kinds, from_.record_kind_count), into_.record_kinds);
    take(textsOf("requires_libraries", from_.requires_libraries, from_.requires_count),
         into_.requires_libraries);
    readCapabilities();
    readSchema();
    if (error_.empty() && !isPluginId(into_.id))
      error_ = "descriptor.id: expected letters, digits, '.', '_' or '-'";
    if (error_.empty() && into_.interfaces.empty()) error_ = "descriptor.interfaces: empty";
    if (!error_.empty()) return fail(Code::kInvalid, error_);
    return {};
  }

 private:
  template <class T>
  void take(Result<T> value, T& into) {
    if (value) {
      into = std::move(*value);
    } else if (error_.empty()) {
      error_ = value.error().text;
    }
  }

  void readCapabilities() {
    if (from_.capability_count > kMaxItems || (from_.capabilities == nullptr && from_.capability_count > 0)) {
      if (error_.empty()) error_ = "descriptor.capabilities: no list of at most 256 entries";
      return;
    }
    for (std::uint64_t i = 0; i < from_.capability_count; ++i) {
      Capability capability;
      take(textOf("capabilities", from_.capabilities[i].spec, kMaxText, false), capability.spec);
      capability.required = from_.capabilities[i].required != 0;
      into_.capabilities.push_back(std::move(capability));
    }
  }

  void readSchema() {
    std::string text;
    take(textOf("config_schema", from_.config_schema, kMaxSchema, true), text);
    if (text.empty() || !error_.empty()) return;
    auto schema = parseJson(text);
    if (!schema) {
      error_ = "descriptor.config_schema: " + schema.error().text;
    } else if (!schema->is_object()) {
      error_ = "descriptor.config_schema: expected an object";
    } else {
      into_.config_schema = std::move(*schema);
    }
  }

  const rf_descriptor& from_;
  Manifest& into_;
  std::string error_;
};

}  // namespace

Result<Manifest> describe(const rf_library* library) {
  if (!RF_HAS(library, rf_library, abi_minor))
    return fail(Code::kInvalid, "rf_library is too small to name its ABI");
  if (library->abi_major != RF_ABI_MAJOR) {
    return fail(Code::kUnsupported, "the library was built for ABI " + std::to_string(library->abi_major) +
                                        ", this program loads ABI " + std::to_string(RF_ABI_MAJOR));
  }
  if (!RF_HAS(library, rf_library, create) || library->create == nullptr || library->descriptor == nullptr) {
    return fail(Code::kInvalid, "rf_library is too small, or lacks descriptor or create");
  }
  if (!RF_HAS(library->descriptor, rf_descriptor, requires_count)) {
    return fail(Code::kInvalid, "rf_descriptor is smaller than ABI 1.0 has it");
  }
  Manifest manifest;
  manifest.abi_major = library->abi_major;
  manifest.abi_minor = library->abi_minor;
  manifest.platform = hostPlatform();
  if (auto read = DescriptorReader(*library->descriptor, manifest).read(); !read) {
    return tl::unexpected<Error>(read.error());
  }
  return manifest;
}

}  // namespace redflag::host
