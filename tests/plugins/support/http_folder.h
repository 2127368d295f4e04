#pragma once
// A folder served over HTTP on loopback, by Python's own server in a process of its own; and what was asked
// of it.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace redflag::test {

class HttpFolder {
 public:
  explicit HttpFolder(const std::filesystem::path& folder);
  ~HttpFolder();
  HttpFolder(const HttpFolder&) = delete;
  HttpFolder& operator=(const HttpFolder&) = delete;

  std::string host() const { return "127.0.0.1:" + port_; }
  std::vector<std::string> asked() const;  // paths, from the first on
  void stop();

 private:
  std::filesystem::path log_;
  std::string port_;
  pid_t server_ = -1;
};

}  // namespace redflag::test
