#pragma once
// A scan of a made-up root, through the plugin's own code and a host in this process.

#include <set>
#include <string>

#include "apt_root.h"
#include "scan.h"
#include "support/fake_host.h"

namespace redflag::test {

class ScanOf {
 public:
  explicit ScanOf(const AptRoot& root) { settings.root = root.path(), settings.cache_dir = root.cacheDir(); }

  rf::Status run(rf_purpose purpose = RF_PURPOSE_UPDATES) {
    rf::Run wrapped(fake.newRun(purpose));
    apt::Scan scan(settings, fake.host());
    return purpose == RF_PURPOSE_INVENTORY ? scan.inventory(wrapped) : scan.updates(wrapped);
  }

  // As AptRoot::upgradable() writes them.
  std::set<std::string> rows() const {
    std::set<std::string> found;
    for (const auto& row : fake.ofKind("update/1"))
      found.insert(text(row, "name") + " " + text(row, "arch") + " " + text(row, "installed_version") + " " +
                   text(row, "candidate_version"));
    return found;
  }
  Json update(const std::string& name) const {
    for (const auto& row : fake.ofKind("update/1"))
      if (row.at("name") == name) return row;
    return Json::object();
  }
  std::string blockedBy(const std::string& name) const { return update(name).value("blocked_by", ""); }

  FakeHost fake;
  apt::Settings settings;

 private:
  static std::string text(const Json& row, const char* field) { return row.at(field).get<std::string>(); }
};

}  // namespace redflag::test
