#pragma once
// Carries out the marks of a session's dependency cache: download, verify, dpkg.

#include <memory>
#include <string>
#include <vector>

#include "redflag/sdk.hpp"
#include "session.h"
#include "system_lock.h"

namespace redflag::apt {

class Transaction {
 public:
  Transaction(Session& session, pkgDepCache& dependencies, rf::Run& run, const rf::Clock& clock,
              const rf::Progress& progress);
  ~Transaction();

  // Fetches into apt's own archive folder and checks every hash. Refuses packages that no trusted archive
  // vouches for (apt.untrusted). Ends early when cancelled or at the deadline; nothing is changed yet.
  Result<> download();
  // From here on nothing stops it. What went wrong, for people; "" when dpkg had nothing to say.
  std::string commit(SystemLock& lock);

 private:
  class Manager;

  Session& session_;
  rf::Run& run_;
  const rf::Clock& clock_;
  const rf::Progress& progress_;
  std::unique_ptr<Manager> manager_;
};

}  // namespace redflag::apt
