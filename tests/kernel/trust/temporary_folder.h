#pragma once
// A folder of a test's own, in memory where the system offers that: what is tested syncs each change to disk.

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace redflag::kernel::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const bool there = std::filesystem::is_directory(memory, error);
    std::string name =
        ((there ? memory : std::filesystem::temp_directory_path()) / "redflag-test-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace redflag::kernel::test
