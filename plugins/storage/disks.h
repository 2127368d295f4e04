#pragma once
// The machine's disks and how they say they are: facts disk.NAME.… and metrics smart_…; a scope for what
// sysfs says, and one for SMART, which whoever started the host asks for (http:unix:/dev).

#include "redflag/sdk.hpp"

namespace redflag::storage {

class Disks {
 public:
  Disks(const rf::Host& host, rf::Run& run) : files_(host), asked_(host), run_(run) {}
  // Scope "disks".
  void report();
  // Scope "smart": complete if every disk that could answer did.
  void reportHealth();

 private:
  void tellHealth(const std::string& body, rf::Scope& scope);

  rf::File files_;
  rf::LocalHttp asked_;
  rf::Run& run_;
};

}  // namespace redflag::storage
