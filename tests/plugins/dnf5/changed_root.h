#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace redflag::test {

// This process sees a folder as "/", until the object goes: for code that starts programs of the machine it
// is on.
class ChangedRoot {
 public:
  explicit ChangedRoot(const std::filesystem::path& root)
      : back_(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), folder_(std::filesystem::current_path()) {
    EXPECT_GE(back_, 0);
    EXPECT_EQ(chroot(root.c_str()), 0);
    EXPECT_EQ(chdir("/"), 0);
  }
  ~ChangedRoot() {
    EXPECT_EQ(fchdir(back_), 0);
    EXPECT_EQ(chroot("."), 0);
    EXPECT_EQ(chdir(folder_.c_str()), 0);
    close(back_);
  }
  ChangedRoot(const ChangedRoot&) = delete;
  ChangedRoot& operator=(const ChangedRoot&) = delete;

 private:
  int back_;
  std::filesystem::path folder_;
};

}  // namespace redflag::test
