#pragma once
// The metadata a client has verified, one file a role: root.json, timestamp.json, snapshot.json, targets.json
// and the delegated ones, their names percent-encoded. Each file is replaced in one step.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::kernel::tuf {

class Store {
 public:
  explicit Store(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes the folder (0700) where it is missing.
  Result<> prepare() const;
  // kNotFound when there is none.
  Result<std::string> read(const std::string& role) const;
  Result<> write(const std::string& role, std::string_view content) const;
  Result<> remove(const std::string& role) const;

 private:
  std::filesystem::path fileOf(const std::string& role) const;
  std::filesystem::path folder_;
};

}  // namespace redflag::kernel::tuf
