#pragma once
// An updater's operations, through the plugin's own code and a host in this process.

#include <string>

#include "support/fake_host.h"

namespace redflag::test {

template <class Updater, class Settings>
class UpdaterRun {
 public:
  using Operation = rf::Status (Updater::*)(std::string_view, rf::Output&);

  rf::Status run(Operation operation, const Json& request, std::int64_t seconds = 120) {
    return call(
        [&](Updater& updater, rf::Output& output) { return (updater.*operation)(dumpJson(request), output); },
        seconds);
  }
  rf::Status repair(std::int64_t seconds = 120) {
    return call([](Updater& updater, rf::Output& output) { return updater.repair(output); }, seconds);
  }
  // Plans, and installs that plan.
  rf::Status install(const Json& order) {
    if (const auto planned = run(&Updater::plan, order); planned != rf::Status::kOk) return planned;
    auto confirmed = order;
    confirmed["plan"] = result();
    return run(&Updater::install, confirmed);
  }
  // The same back to an older version.
  rf::Status rollBack(Json order) {
    order["rollback"] = true;
    if (const auto planned = run(&Updater::plan, order); planned != rf::Status::kOk) return planned;
    order["plan"] = result();
    return run(&Updater::rollback, order);
  }
  Json result() const { return Json::parse(written_); }
  std::string lastCode() const { return fake.reports.empty() ? "" : fake.reports.back().code; }
  std::string lastText() const { return fake.reports.empty() ? "" : fake.reports.back().text; }

  static Json order(const std::string& name, const std::string& version, const std::string& arch) {
    return {{"updates", {{{"name", name}, {"arch", arch}, {"version", version}}}}};
  }

  FakeHost fake;
  Settings settings;

 private:
  template <class Call>
  rf::Status call(Call&& operation, std::int64_t seconds = 120) {
    rf::Run run(fake.newRun(RF_PURPOSE_UPDATES, seconds));
    written_.clear();
    rf::Output output(rf::detail::sinkInto(written_));
    Updater updater(settings, fake.host(), run);
    return operation(updater, output);
  }

  std::string written_;
};

}  // namespace redflag::test
