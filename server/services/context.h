#pragma once
// What every service works with.

#include <cstdint>
#include <filesystem>
#include <functional>

#include "auth/access_tokens.h"
#include "base/time.h"
#include "commands/command_types.h"
#include "commands/signer.h"
#include "metrics/registry.h"
#include "protocol/bundle.h"
#include "services/audit_keeper.h"
#include "services/bell.h"
#include "services/endings.h"
#include "services/error_log.h"
#include "store/agents.h"
#include "store/store.h"
#include "trust/keeper.h"

namespace redflag::services {

struct Settings {
  std::int64_t silent_after_ns = 10 * 60 * kSecondNs;  // no doorbell and no request: silent
  std::int64_t keep_ns = 90 * 86'400 * kSecondNs;      // history, scans, closed updates, finished commands
  std::int64_t keep_audit_ns = 730 * 86'400 * kSecondNs;
  std::int64_t keep_events = 20'000;  // of the outbox
};

struct Context {
  store::Store& store;
  commands::CommandTypes& types;
  const commands::CommandSigner& signer;
  // URLs, authorities and trust root as they are now; the token is filled in. http::Problem while there is
  // none.
  std::function<protocol::Bundle()> bundle;
  // The restore epoch that orders are signed under now; else why none may be signed, for people.
  std::function<Result<std::int64_t>(std::int64_t now_ns)> epoch;
  Bell& bell;
  const Clock& clock = systemClock();
  Settings settings = {};
  trust::Keeper* trust = nullptr;              // tended by the upkeep; nullptr where nothing is served
  metrics::Registry* metrics = nullptr;        // none: nothing is counted
  const auth::AccessTokens* tokens = nullptr;  // nullptr where no agent comes
  AuditKeeper* audit = nullptr;                // tended by the upkeep; none: nothing is signed
  std::filesystem::path data = {};             // the server's folder; "": none is looked at
  std::function<void()> each_round = {};       // of the upkeep, in addition
  ErrorLog* errors = nullptr;                  // written by the upkeep; none: the log alone has them
  Endings* endings = nullptr;                  // none: what ends is kept in the database alone

  std::int64_t now() const { return clock.epochNs(); }
  store::Contact contact() const { return {now(), settings.silent_after_ns}; }
};

}  // namespace redflag::services
