#pragma once
// All breakers of this machine, durable. A "running" mark is on disk before a run begins: one that is still
// there at the next start is a crash that took the whole agent with it. Threads: any.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "breaker/breaker.h"

namespace redflag::kernel {

struct BreakerKey {
  std::string plugin;
  std::string version;
  std::string interface;  // "rf.scanner/1"
};

struct BreakerTransition {
  BreakerKey key;
  BreakerPhase from = BreakerPhase::kClosed;
  BreakerState state;  // as it is now
  std::int64_t at = 0;
};

class BreakerStore {
 public:
  using OnTransition = std::function<void(const BreakerTransition&)>;

  virtual ~BreakerStore() = default;

  // A damaged file is set aside and every breaker begins closed. `clock` outlives the store. The callback
  // runs on the thread that caused the transition, after it is on disk.
  static Result<std::unique_ptr<BreakerStore>> open(const std::filesystem::path& file, const Clock& clock,
                                                    OnTransition on_transition);

  // Once at start, before anything runs: counts runs that a former process began and never ended as crashes.
  virtual Result<> recover(const BreakerRules& rules) = 0;

  // A key of another version than the one kept replaces it and begins closed. False: the breaker says no;
  // `state` (may be null) tells until when.
  virtual Result<bool> admit(const BreakerKey& key, const BreakerRules& rules, bool by_person,
                             BreakerState* state) = 0;
  // An end that could not be stored counts with the next change of this breaker.
  virtual Result<> finish(const BreakerKey& key, const BreakerRules& rules, const RunEnd& end) = 0;

  virtual Result<BreakerState> state(const BreakerKey& key) = 0;
  virtual Result<std::vector<std::pair<BreakerKey, BreakerState>>> all() = 0;
  // A person closes every breaker of the plugin. kNotFound when there is none.
  virtual Result<> reset(const std::string& plugin) = 0;
};

}  // namespace redflag::kernel
