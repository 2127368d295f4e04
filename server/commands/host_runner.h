#pragma once
// Runs one operation of a command type's plugin in a redflag-host of its own: spawned for it, limited, killed
// with its whole process group when the time is over.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace redflag::commands {

// Behind an interface so that the registry is tested without processes.
class OperationRunner {
 public:
  virtual ~OperationRunner() = default;
  // `operation`: describe | validate | plan | on_result. The JSON document the plugin wrote. kUnavailable: it
  // crashed, hung, or ended with a status other than OK; kInvalid: it wrote no bounded JSON. [any thread]
  virtual Result<Json> run(const std::filesystem::path& library, const std::string& operation,
                           const Json& request) = 0;
};

class HostRunner : public OperationRunner {
 public:
  // `host`: the redflag-host program.
  explicit HostRunner(std::filesystem::path host, std::int64_t deadline_ms = 10'000)
      : host_(std::move(host)), deadline_ms_(deadline_ms) {}
  Result<Json> run(const std::filesystem::path& library, const std::string& operation,
                   const Json& request) override;

 private:
  std::filesystem::path host_;
  std::int64_t deadline_ms_;
};

}  // namespace redflag::commands
