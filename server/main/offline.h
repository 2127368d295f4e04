#pragma once
// The services without a front: for subcommands that do one thing to the store, while a server may be running
// on it.

#include <memory>
#include <string>

#include "commands/loaded_types.h"
#include "commands/signer.h"
#include "main/data_folder.h"
#include "services/services.h"
#include "store/store.h"
#include "trust/key_folder.h"
#include "trust/repository.h"

namespace redflag::server {

class Offline {
 public:
  // Throws std::runtime_error or http::Problem.
  Offline(const DataFolder& data, const std::string& database);

  services::Services& services() { return services_; }

 private:
  services::Bell bell_;  // rung by the store
  std::unique_ptr<store::Store> store_;
  commands::LoadedCommandTypes types_;  // none: nothing is ordered here
  commands::CommandSigner signer_;
  services::Services services_;
};

// Throws std::runtime_error.
commands::CommandSigner loadSigner(const DataFolder& data);

// The online keys of the trust repository, made where there are none. Throws std::runtime_error.
trust::OnlineKeys loadOnlineKeys(const DataFolder& data);

// Signs the audit log's head; made where there is none. Throws std::runtime_error.
protocol::SigningKey loadAuditKey(const DataFolder& data);

// What the offline keys must know of this server.
trust::ServerKeys serverKeys(const DataFolder& data);

// What an enrolment bundle says of a server that is reached at these addresses. http::Problem while no trust
// root is published.
protocol::Bundle bundleFor(const DataFolder& data, const std::vector<std::string>& urls);

}  // namespace redflag::server
