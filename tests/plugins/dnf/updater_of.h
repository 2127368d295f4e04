#pragma once
// The updater's operations on some root, through the plugin's own code and a host in this process.

#include <string>
#include <vector>

#include "dnf_root.h"
#include "support/fake_host.h"
#include "updater.h"

namespace redflag::test {

class UpdaterOf {
 public:
  using Operation = rf::Status (dnf::DnfUpdater::*)(std::string_view, rf::Output&);

  explicit UpdaterOf(const DnfRoot& root) { settings.root = root.path(); }

  rf::Status run(Operation operation, const Json& request, std::int64_t seconds = 120) {
    return call([&](dnf::DnfUpdater& updater,
                    rf::Output& output) { return (updater.*operation)(dumpJson(request), output); },
                seconds);
  }
  rf::Status rollback() {
    return call([](dnf::DnfUpdater& updater, rf::Output&) { return updater.rollback(); }, 120);
  }
  Json result() const { return Json::parse(written_); }
  std::string lastCode() const { return fake.reports.empty() ? "" : fake.reports.back().code; }

  static Json order(const std::string& name, const std::string& version, const std::string& arch) {
    return {{"updates", {{{"name", name}, {"arch", arch}, {"version", version}}}}};
  }

  FakeHost fake;
  dnf::Settings settings;

 private:
  template <class Call>
  rf::Status call(Call&& operation, std::int64_t seconds) {
    rf::Run run(fake.newRun(RF_PURPOSE_UPDATES, seconds));
    written_.clear();
    rf::Output output(rf::detail::sinkInto(written_));
    dnf::DnfUpdater updater(settings, fake.host(), run);
    return operation(updater, output);
  }

  std::string written_;
};

}  // namespace redflag::test
