#include "updater.h"

#include <algorithm>
#include <memory>

#include "answers.h"
#include "command.h"
#include "installed.h"
#include "rpm_version.h"

namespace redflag::dnf5 {
namespace {

// dnf5 looks for a file of that name.
constexpr const char* kPlanFile = "transaction.json";

}  // namespace

Result<Request> Dnf5Updater::parse(std::string_view text, bool with_plan) {
  return parseRequest(text, with_plan);
}

Result<Plan> Dnf5Updater::prepare(const Request& request, Metadata) {
  return makePlan(client_, request, plugin::ServicesInUse::ask(host_, "/"));
}

Result<Dnf5Updater::Installed> Dnf5Updater::installed() {
  auto read = InstalledPackages::read(client_);
  if (!read) return tl::unexpected<Problem>(read.error());
  const auto packages = std::make_shared<const InstalledPackages>(std::move(*read));
  return Installed{[packages](const std::string& name, const std::string& arch) {
                     return packages->versionsOf(name, arch);
                   },
                   [](const std::string& one, const std::string& other) { return compareEvr(one, other); }};
}

// Where one of them is held dnf5 would fail in the midst of it, or wait for ever.
std::vector<std::string> Dnf5Updater::lockFiles() {
  return {"/var/lib/rpm/.rpm.lock", "/var/lib/dnf/system-repo.lock"};
}

std::int64_t Dnf5Updater::newestTransaction() {
  const auto answer = client_.json({"history", "list", "--json"});
  return answer ? parseNewestTransaction(*answer).value_or(0) : 0;
}

std::pair<const char*, Json> Dnf5Updater::documentOf(const Plan& plan) {
  return {kPlanFile, toReplay(plan)};
}

// Nothing of dnf5's settings that an order was approved under is loosened; what was planned from is not
// fetched anew, so that it is still there. A replay cannot be told to download only: the download is asked
// for by name, and what it brings more or less is found out by the replay.
std::vector<std::string> Dnf5Updater::commandFor(Phase phase, const Plan& plan, const std::string& folder) {
  auto command = dnf5Command();
  const auto options = solverOptions();
  command.insert(command.end(), options.begin(), options.end());
  command.emplace_back("--setopt=cacheonly=metadata");
  if (phase == Phase::kInstall) {
    command.insert(command.end(), {"replay", folder});
    return command;
  }
  const bool back = std::any_of(plan.steps.begin(), plan.steps.end(),
                                [](const Step& step) { return step.operation == "downgrade"; });
  command.insert(command.end(), {back ? "downgrade" : "upgrade", "--downloadonly"});
  for (const auto& step : plan.steps)
    if (step.requested) command.push_back(pinned(step.name, step.to, step.arch));
  return command;
}

bool Dnf5Updater::isLockedOut(const plugin::ChildEnd& ended) {
  return isWaiting(ended.words);
}

bool Dnf5Updater::mentionsKeys(const std::string& line) {
  return dnf5::mentionsKeys(line);
}

std::string Dnf5Updater::sentenceOnMissingKeys(const Plan&, const std::string& lines) {
  return dnf5::sentenceOnMissingKeys(lines);
}

}  // namespace redflag::dnf5
