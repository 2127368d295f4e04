#pragma once
// A server without a front, and what agents upload to it: for benchmarks that fill a store.

#include <memory>
#include <string>

#include "base/json.h"
#include "services/services.h"
#include "store/open.h"

namespace redflag::bench {

class Backend {
 public:
  explicit Backend(const store::Database& database, const Clock& clock = systemClock());
  ~Backend();

  store::AgentKey enrol(const std::string& hostname);
  // Throws if any item was refused.
  void upload(const store::AgentKey& agent, const std::string& body);
  services::Services& services();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// One row of an update list, as the plugin apt emits it; `version` is the candidate's last part.
Json updateRow(int number, const std::string& version = "4");
Json scanItem(const std::string& plugin, const std::string& purpose, const std::string& scope, Json records,
              std::int64_t at_ns);
std::string uploadOf(const std::vector<Json>& items);

}  // namespace redflag::bench
