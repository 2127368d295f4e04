#pragma once
// What metadata says of a file's content: its length and hashes. SHA-256 and SHA-512 are known.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::tuf {

struct FileInfo {
  std::optional<std::uint64_t> length;
  std::map<std::string, std::string> hashes;  // algorithm to lower-case hex

  // The one that file names carry, SHA-256 if there is one; "" when there is none that is known.
  std::string hash() const;
};

// Checks content that comes piece by piece.
class ContentCheck {
 public:
  explicit ContentCheck(const FileInfo& expected);
  ~ContentCheck();
  ContentCheck(const ContentCheck&) = delete;
  ContentCheck& operator=(const ContentCheck&) = delete;

  // kLimit as soon as there is more than announced.
  Result<> add(std::string_view part);
  // kDenied when length or a hash differs, or when hashes are given and none of them is known.
  Result<> finish();

 private:
  struct Running;
  const FileInfo expected_;
  std::uint64_t length_ = 0;
  std::map<std::string, std::unique_ptr<Running>> running_;
};

Result<> checkContent(const FileInfo& expected, std::string_view content);

}  // namespace redflag::tuf
