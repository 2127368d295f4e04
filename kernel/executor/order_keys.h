#pragma once
// Whose orders the executor takes: the list of command keys, verified by the executor itself from the root
// that was pinned at its enrolment. The kernel only hands over the files.

#include <filesystem>

#include "base/json.h"
#include "base/time.h"
#include "trust/command_trust.h"

namespace redflag::kernel {

class OrderKeys {
 public:
  virtual ~OrderKeys() = default;
  // `handed`: CommandTrust::files() of the kernel, or null. Older ones than are known here are refused, and
  // with them the order that they came with.
  virtual Result<protocol::CommandList> commands(const Json& handed) = 0;
};

class ListedOrderKeys final : public OrderKeys {
 public:
  ListedOrderKeys(const std::filesystem::path& state_folder, const Clock& clock)
      : trust_(trustFolder(state_folder), clock) {}
  Result<protocol::CommandList> commands(const Json& handed) override;

  static std::filesystem::path trustFolder(const std::filesystem::path& state_folder) {
    return state_folder / "trust";
  }

 private:
  CommandTrust trust_;
};

}  // namespace redflag::kernel
