#include "protocol/tuf/digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/encoding.h"

namespace redflag::tuf {

struct ContentCheck::Running {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

std::string FileInfo::hash() const {
  for (const char* name : {"sha256", "sha512"}) {
    const auto found = hashes.find(name);
    if (found != hashes.end()) return found->second;
  }
  return {};
}

ContentCheck::ContentCheck(const FileInfo& expected) : expected_(expected) {
  for (const auto& [name, value] : expected_.hashes) {
    if (name != "sha256" && name != "sha512") continue;
    auto running = std::make_unique<Running>();
    EVP_DigestInit_ex(running->context.get(), name == "sha256" ? EVP_sha256() : EVP_sha512(), nullptr);
    running_.emplace(name, std::move(running));
  }
}

ContentCheck::~ContentCheck() = default;

Result<> ContentCheck::add(std::string_view part) {
  length_ += part.size();
  if (expected_.length && length_ > *expected_.length) {
    return fail(Code::kLimit, "longer than the " + std::to_string(*expected_.length) + " bytes announced");
  }
  for (const auto& [name, running] : running_)
    EVP_DigestUpdate(running->context.get(), part.data(), part.size());
  return {};
}

Result<> ContentCheck::finish() {
  if (expected_.length && length_ != *expected_.length) {
    return fail(Code::kDenied,
                "has " + std::to_string(length_) + " bytes, expected " + std::to_string(*expected_.length));
  }
  if (!expected_.hashes.empty() && running_.empty()) {
    return fail(Code::kDenied, "none of its hashes is sha256 or sha512");
  }
  for (const auto& [name, running] : running_) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(running->context.get(), raw.data(), &size);
    const std::string found = toHex({reinterpret_cast<const char*>(raw.data()), size});
    if (size == 0 || found != expected_.hashes.at(name)) {
      return fail(Code::kDenied, "its " + name + " is not the one announced");
    }
  }
  return {};
}

Result<> checkContent(const FileInfo& expected, std::string_view content) {
  ContentCheck check(expected);
  if (auto ok = check.add(content); !ok) return ok;
  return check.finish();
}

}  // namespace redflag::tuf
