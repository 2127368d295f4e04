#pragma once
// Everything a running server is made of, in the order it is made; it ends in the reverse.

#include <memory>
#include <string>

#include "auth/authority.h"
#include "auth/gate.h"
#include "auth/passwords.h"
#include "auth/people_routes.h"
#include "auth/rate_limits.h"
#include "auth/tls.h"
#include "commands/loaded_types.h"
#include "events/outbox.h"
#include "http/front.h"
#include "http/static_files.h"
#include "main/commands.h"
#include "main/data_folder.h"
#include "main/error_sink.h"
#include "main/metrics.h"
#include "main/settings.h"
#include "services/error_log.h"
#include "services/refusal_log.h"
#include "services/services.h"
#include "store/store.h"

namespace redflag::server {

class Server {
 public:
  // Serves when it returns. Throws std::runtime_error or http::Problem, with what could not be done.
  Server(const DataFolder& data, const Settings& settings, const ServeOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& url() const { return urls_.front(); }
  const std::string& setupToken() const { return setup_.token(); }  // empty when there is a user

  // What time brings: a certificate to renew, an authority that takes over. Never throws.
  void tend();
  // Within 10 s, unless a handler does not return.
  void stop();

 private:
  std::vector<http::Route> routes();
  http::Response application(const http::Request& request) const;
  services::Context context();
  // As services::Context::epoch.
  Result<std::int64_t> epochFor(std::int64_t now) const;
  void endAgainWhatEnded();
  void secure();
  bool takeOverAuthority();
  void noteWhoLeft();
  void writeLastErrors();
  void open(const std::string& listen);

  const DataFolder data_;
  const Settings settings_;
  std::vector<std::string> urls_;  // known once the port is

  metrics::Registry metrics_;  // first, with the log: everything tells them something
  services::ErrorLog errors_;
  ErrorTap tap_{errors_};
  services::Bell bell_;  // rung by the store
  std::unique_ptr<store::Store> store_;
  commands::LoadedCommandTypes types_;
  commands::CommandSigner signer_;
  auth::AccessTokens tokens_;
  trust::Repository repository_;
  trust::Keeper trust_;
  services::AuditKeeper audit_;
  services::Endings endings_;
  std::int64_t ended_ = 0;  // of them, when a head of the audit log was last asked for; the upkeep's
  trust::ExpiryLog expiries_;
  services::Services services_;
  services::RefusalLog refusals_;
  FleetNumbers fleet_;
  events::Outbox outbox_;

  auth::Authority authority_;
  auth::Passwords passwords_;
  auth::Sessions sessions_;
  auth::SecondFactor second_factor_;
  auth::Alarms alarms_;
  auth::ApiTokens api_tokens_;
  auth::SignInThrottle throttle_;
  auth::RateLimits rates_;
  auth::Devices devices_;
  auth::Setup setup_;
  auth::SignatureClock signature_clock_;
  auth::NonceMemory nonces_;
  auth::SignedRequests signatures_;
  auth::Gate gate_;

  http::StreamHub streams_;
  std::unique_ptr<http::StaticFiles> web_;  // none where the application was not built
  std::unique_ptr<auth::TlsContext> tls_;
  std::unique_ptr<http::Front> front_;
};

}  // namespace redflag::server
