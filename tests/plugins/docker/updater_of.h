#pragma once
// The updater's operations on some engine, through the plugin's own code and a host in this process.

#include <string>

#include "support/fake_host.h"
#include "updater.h"

namespace redflag::test {

class DockerUpdaterOf {
 public:
  using Operation = rf::Status (docker::DockerUpdater::*)(std::string_view, rf::Output&);

  rf::Status run(Operation operation, const Json& request) {
    return call([&](docker::DockerUpdater& updater, rf::Output& output) {
      return (updater.*operation)(dumpJson(request), output);
    });
  }
  rf::Status repair() {
    return call([](docker::DockerUpdater& updater, rf::Output& output) { return updater.repair(output); });
  }
  // Plans, and installs that plan.
  rf::Status install(const Json& order) {
    if (const auto planned = run(&docker::DockerUpdater::plan, order); planned != rf::Status::kOk)
      return planned;
    auto confirmed = order;
    confirmed["plan"] = result();
    return run(&docker::DockerUpdater::install, confirmed);
  }
  Json result() const { return Json::parse(written_); }
  std::string lastCode() const { return fake.reports.empty() ? "" : fake.reports.back().code; }
  std::string lastText() const { return fake.reports.empty() ? "" : fake.reports.back().text; }

  static Json order(const std::string& name, const std::string& digest,
                    const std::string& arch = "linux/amd64") {
    return {{"updates", {{{"name", name}, {"arch", arch}, {"version", digest}}}}};
  }

  FakeHost fake;
  docker::Settings settings;

 private:
  template <class Call>
  rf::Status call(Call&& operation) {
    rf::Run run(fake.newRun());
    written_.clear();
    rf::Output output(rf::detail::sinkInto(written_));
    docker::DockerUpdater updater(settings, fake.host(), run);
    return operation(updater, output);
  }

  std::string written_;
};

}  // namespace redflag::test
