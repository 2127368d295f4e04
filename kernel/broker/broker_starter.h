#pragma once
// Hosts that the broker starts: by plugin id, as a user of their own. The kernel gets the socket, nothing
// else.

#include "supervisor/host_starter.h"

namespace redflag::kernel {

class BrokerStarter : public HostStarter {
 public:
  explicit BrokerStarter(std::filesystem::path socket) : socket_(std::move(socket)) {}
  Result<std::unique_ptr<StartedHost>> start(const RunRequest& request) const override;
  bool ownUser() const override { return true; }

 private:
  std::filesystem::path socket_;
};

}  // namespace redflag::kernel
