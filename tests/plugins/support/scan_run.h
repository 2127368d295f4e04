#pragma once
// A package manager's scan, through the plugin's own code and a host in this process.

#include <string>
#include <vector>

#include "support/fake_host.h"

namespace redflag::test {

template <class Scan, class Settings>
class ScanRun {
 public:
  rf::Status run(rf_purpose purpose = RF_PURPOSE_UPDATES) {
    rf::Run wrapped(fake.newRun(purpose));
    Scan scan(settings, fake.host());
    return purpose == RF_PURPOSE_INVENTORY ? scan.inventory(wrapped) : scan.updates(wrapped);
  }
  // The row of that name; an empty object if there is none.
  Json update(const std::string& name) const {
    for (const auto& row : fake.ofKind("update/1"))
      if (row.at("name") == name) return row;
    return Json::object();
  }
  std::string blockedBy(const std::string& name) const { return update(name).value("blocked_by", ""); }

  FakeHost fake;
  Settings settings;

 protected:
  static std::string text(const Json& row, const char* field) { return row.at(field).get<std::string>(); }
};

}  // namespace redflag::test
