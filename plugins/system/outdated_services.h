#pragma once
// Which services run code that an update has replaced: service/1 rows with needs_restart, and with
// needs_reboot where no order restarts them. Whoever started the host looks into the processes (it has the
// right to); which service a process belongs to is in its control group, which package a file came from its
// package manager knows.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "package_owners.h"
#include "redflag/sdk.hpp"

namespace redflag::system {

class OutdatedServices {
 public:
  OutdatedServices(const rf::Host& host, rf::Run& run) : processes_(host), owners_(host), run_(run) {}
  // Scope "services", not complete where there were more processes than are told of, and the fact
  // services.unreadable_processes. Without anybody to ask: neither, which is what is known.
  void report();

 private:
  struct Service {
    std::set<std::string> commands;
    std::set<std::string> files;
  };
  void tell(const std::string& body, rf::Scope& scope);
  redflag::Result<> group(const Json& answer);

  rf::LocalHttp processes_;
  PackageOwners owners_;
  rf::Run& run_;
  std::map<std::string, Service> services_;  // by unit
  bool is_cut_ = false;
};

}  // namespace redflag::system
