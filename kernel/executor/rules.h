#pragma once
// What root's own agent.yaml says, read again for each order. The kernel's view of it is never asked.

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "host/load.h"
#include "host/manifest.h"
#include "platform/process.h"
#include "policy/policy.h"

namespace redflag::kernel {

// One enabled plugin, ready to be started.
struct PluginSetup {
  host::Manifest manifest;
  Json settings;                           // valid, with defaults filled in
  std::vector<std::string> capabilities;   // granted ones
  host::Seal seal = host::Seal::kRequire;  // of planning and of actions; an install has none
  platform::ResourceLimits limits;         // of what runs without rights; the rest has none
  std::int64_t plan_time_ns = 0;
};

// The configuration at one moment.
class Rules {
 public:
  virtual ~Rules() = default;
  virtual bool act() const = 0;
  virtual const Policy& policy() const = 0;
  // kNotFound: not enabled in agent.yaml, or not installed; kUnsupported: it does not offer that interface.
  // Otherwise why it cannot be used.
  virtual Result<PluginSetup> plugin(const std::string& id, const char* interface_id) const = 0;
};

class RulesSource {
 public:
  virtual ~RulesSource() = default;
  // An error, with file, line and key, while the file is bad: no order is carried out.
  virtual Result<std::unique_ptr<Rules>> read() = 0;
};

}  // namespace redflag::kernel
