#pragma once
// The updater on the machine in that root, with the real dnf5.

#include <fstream>
#include <iterator>

#include "changed_root.h"
#include "real_dnf5.h"
#include "support/updater_run.h"
#include "updater.h"

namespace redflag::test {

class RealUpdater : public RealDnf5 {
 protected:
  using Updater = dnf5::Dnf5Updater;
  using Run = UpdaterRun<Updater, dnf5::Settings>;

  RealUpdater() {
    updater_.fake.exec = [](const std::vector<std::string>& argv) { return execute(argv); };
  }

  rf::Status run(Run::Operation operation, const Json& request, std::int64_t seconds = 120) {
    const ChangedRoot inside(root_);
    return updater_.run(operation, request, seconds);
  }
  Json plan(const Json& order) {
    EXPECT_EQ(run(&Updater::plan, order), rf::Status::kOk) << updater_.lastText();
    return updater_.result();
  }
  rf::Status carryOut(Run::Operation operation, Json order, const Json& plan, std::int64_t seconds = 120) {
    order["plan"] = plan;
    return run(operation, order, seconds);
  }
  using RealDnf5::install;
  rf::Status install(const Json& order, const Json& plan, std::int64_t seconds = 120) {
    return carryOut(&Updater::install, order, plan, seconds);
  }
  static Json tool(const std::string& version) { return Run::order("tool", version, "x86_64"); }

  // "operation name.arch from>to" of each step.
  static std::vector<std::string> stepsOf(const Json& plan) {
    std::vector<std::string> steps;
    for (const auto& step : plan.at("steps"))
      steps.push_back(textOf(step, "operation") + " " + textOf(step, "name") + "." + textOf(step, "arch") +
                      " " + textOf(step, "from") + ">" + textOf(step, "to"));
    return steps;
  }
  static Rows resultsOf(const Json& result) {
    Rows results;
    for (const auto& step : result.at("steps"))
      results.insert(textOf(step, "name") + " " + textOf(step, "result"));
    return results;
  }

  Run updater_;

 private:
  static std::string textOf(const Json& json, const char* field) { return json.at(field).get<std::string>(); }

  static rf::ExecResult execute(const std::vector<std::string>& argv) {
    std::vector<std::string> command{"sh", "-c", "exec \"$@\" 2> /tmp/complaints", "sh"};
    command.insert(command.end(), argv.begin(), argv.end());
    const auto ended = runProgram(command, {"LC_ALL=C.UTF-8"});
    std::ifstream complaints("/tmp/complaints");
    return {ended.code, ended.output, {std::istreambuf_iterator<char>(complaints), {}}};
  }
};

}  // namespace redflag::test
