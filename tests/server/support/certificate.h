#pragma once
// A server certificate for tests, made once per process.

#include <filesystem>
#include <string>

struct ssl_ctx_st;

namespace redflag::testing {

ssl_ctx_st* testTlsContext();

// A folder of its own, removed with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace redflag::testing
