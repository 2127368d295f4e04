#pragma once

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace redflag::test {

// A file system of one page, full but for what is asked.
class TinyDisk {
 public:
  explicit TinyDisk(std::filesystem::path at) : at_(std::move(at)) {
    mounted_ = mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=4k") == 0;
  }
  ~TinyDisk() { EXPECT_TRUE(!mounted_ || umount(at_.c_str()) == 0); }
  bool mounted() const { return mounted_; }
  void fill() const { std::ofstream(at_ / "fill") << std::string(4096, 'x'); }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

}  // namespace redflag::test
