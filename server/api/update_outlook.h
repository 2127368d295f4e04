#pragma once
// Why an update is where it is, and what will happen next: computed here alone, for every screen and list.

#include <string>
#include <vector>

#include "api/outlook.h"
#include "services/policy_terms.h"
#include "store/store.h"
#include "store/updates.h"

namespace redflag::commands {
class CommandTypes;
}

namespace redflag::api {

// What is not in the row itself.
struct Prospect {
  std::int64_t attempts_allowed = 0;  // of an order; 0: unknown
  services::PolicyVerdict::Kind verdict = services::PolicyVerdict::Kind::kSilent;
  std::string policy = {};  // the name of the one that decides, "" without
  bool installs = false;
  std::int64_t at = 0;
  std::string group = {};  // whose policy it is; "": no group's
};

// Both "" for an update that is closed.
Outlook outlookOf(const store::Update& update, const Prospect& prospect);

// The prospects of rows that one transaction reads: of these, or others of the same machines.
class Prospects {
 public:
  Prospects(const store::ReadTransaction& tx, const commands::CommandTypes& types,
            const std::vector<store::Update>& updates, std::int64_t now);
  Prospect of(const store::Update& update) const;

 private:
  std::vector<services::LoadedPolicy> policies_;
  std::int64_t attempts_allowed_ = 0;
  std::int64_t now_;
};

}  // namespace redflag::api
