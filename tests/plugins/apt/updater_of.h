#pragma once
// The updater's operations on some root, through the plugin's own code and a host in this process.

#include <string>
#include <vector>

#include "support/fake_host.h"
#include "updater.h"

namespace redflag::test {

class UpdaterOf {
 public:
  using Operation = rf::Status (apt::AptUpdater::*)(std::string_view, rf::Output&);

  rf::Status run(Operation operation, const Json& request, std::int64_t seconds = 120) {
    return call([&](apt::AptUpdater& updater,
                    rf::Output& output) { return (updater.*operation)(dumpJson(request), output); },
                seconds);
  }
  rf::Status repair() {
    return call([](apt::AptUpdater& updater, rf::Output& output) { return updater.repair(output); }, 120);
  }
  Json result() const { return Json::parse(written_); }
  std::string lastCode() const { return fake.reports.empty() ? "" : fake.reports.back().code; }

  static Json order(const std::string& name, const std::string& version, const std::string& arch) {
    return {{"updates", {{{"name", name}, {"arch", arch}, {"version", version}}}}};
  }

  FakeHost fake;
  apt::Settings settings;

 private:
  template <class Call>
  rf::Status call(Call&& operation, std::int64_t seconds) {
    rf::Run run(fake.newRun(RF_PURPOSE_UPDATES, seconds));
    written_.clear();
    rf::Output output(rf::detail::sinkInto(written_));
    apt::AptUpdater updater(settings, fake.host(), run);
    return operation(updater, output);
  }

  std::string written_;
};

}  // namespace redflag::test
