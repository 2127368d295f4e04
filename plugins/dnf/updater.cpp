#include "updater.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "child.h"
#include "command.h"
#include "common/ending.h"
#include "history.h"
#include "missing_keys.h"

namespace redflag::dnf {
namespace {

constexpr int kDownloadShare = 40;  // of the whole, in percent

// The file for dnf, and the answer to its one question, in a folder that only root sees.
class ReplayFile {
 public:
  explicit ReplayFile(const Plan& plan) {
    std::error_code error;
    auto pattern = (std::filesystem::temp_directory_path(error) / "redflag-dnf-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) return;
    folder_ = pattern;
    std::ofstream file(path());
    file << dumpJson(toReplay(plan));
    std::ofstream answer(answers());
    answer << "y\n";
    written_ = file.flush() && answer.flush();
  }
  ReplayFile(const ReplayFile&) = delete;
  ReplayFile& operator=(const ReplayFile&) = delete;
  ~ReplayFile() {
    std::error_code gone_already;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, gone_already);
  }
  bool written() const { return written_; }
  std::string path() const { return folder_ / "plan.json"; }
  std::string answers() const { return folder_ / "answers"; }

 private:
  std::filesystem::path folder_;
  bool written_ = false;
};

// Nothing of dnf's settings that an order was approved under is loosened; what was planned from is not
// fetched anew, so that it is still there.
std::vector<std::string> commandFor(const Settings& settings, const std::vector<std::string>& options,
                                    const std::string& file) {
  auto command = dnfCommand(settings);
  command.insert(command.end(), {"--setopt=clean_requirements_on_remove=False", "--setopt=best=True",
                                 "--setopt=*.metadata_expire=never", "--setopt=check_config_file_age=False"});
  command.insert(command.end(), options.begin(), options.end());
  command.insert(command.end(), {"history", "replay", file});
  return command;
}

// Installed versions of a package of that name.
std::vector<std::string> installedVersions(DnfSack* sack, const std::string& name, const std::string& arch) {
  const auto query = installedPackages(sack);
  hy_query_filter(query.get(), HY_PKG_NAME, HY_EQ, name.c_str());
  if (!arch.empty()) hy_query_filter(query.get(), HY_PKG_ARCH, HY_EQ, arch.c_str());
  const auto found = run(query);
  std::vector<std::string> versions;
  for (auto* package : listOf(found))
    versions.push_back(textOf(dnf_package_get_evr(package)));
  return versions;
}

bool contains(const std::vector<std::string>& versions, const std::string& version) {
  return std::find(versions.begin(), versions.end(), version) != versions.end();
}

// What became of a step, by rpm's own database.
std::string resultOf(DnfSack* sack, const Step& step) {
  const auto now = installedVersions(sack, step.name, step.arch);
  // A package may have changed its architecture with the step.
  const auto before = step.from.empty() || contains(installedVersions(sack, step.name, ""), step.from);
  if (step.operation == "remove") return contains(now, step.from) ? "not_started" : "done";
  const bool there = contains(now, step.to);
  const bool gone = step.operation == "install" || !before;
  return there && gone ? "done" : !there && before ? "not_started" : "failed";
}

}  // namespace

Result<Plan> DnfUpdater::prepare(const Request& request) {
  const auto session = Session::open(settings_, FileLists::kLoaded);
  if (!session) return tl::unexpected<Problem>(session.error());
  return makePlan(**session, request);
}

Result<Plan> DnfUpdater::prepareAgain(const Request& request) {
  auto plan = prepare(request);
  if (plan && plan->steps != request.planned)
    return fail(RF_PERMANENT, "dnf.plan_changed", difference(request.planned, plan->steps, '.'));
  return plan;
}

rf::Status DnfUpdater::plan(std::string_view text, rf::Output& result) {
  const auto plan = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    const auto prepared = prepare(*request);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    return toJson(*prepared);
  };
  return plugin::end(run_, result, plan());
}

// Lets dnf carry out the plan's file. What dnf said, if it did not end well.
Result<std::string> DnfUpdater::replay(const Plan& plan, const std::vector<std::string>& options,
                                       const Patience& patience, const std::function<bool()>& stop) {
  const ReplayFile file(plan);
  if (!file.written())
    return fail(RF_TRANSIENT, "dnf.no_space", file.path() + ": the plan cannot be written for dnf");
  for (bool locked = false;;) {
    std::string about_keys;
    const auto command = commandFor(settings_, options, file.path());
    const auto ended = runChild(
        command, file.answers(),
        [&](const std::string& line) {
          progress_.line(line);
          if (mentionsKeys(line)) about_keys += line + "\n";
        },
        stop);
    if (ended.code < 0) return fail(RF_PERMANENT, "dnf.no_program", command.front() + " cannot be started");
    if (ended.code == 0) return std::string();
    // Also if it was stopped on another try: what it waited for is what counts.
    locked = ended.code == kLockedCode || (locked && stop && stop());
    if (auto missing = sentenceOnMissingKeys(plan, about_keys); !missing.empty() && !locked)
      return fail(RF_PERMANENT, "dnf.key_missing", std::move(missing));
    if (!locked) return "dnf ended with " + std::to_string(ended.code) + ": " + ended.words;
    if (ended.code != kLockedCode || !patience.wait())
      return run_.cancelled()
                 ? fail(RF_CANCELLED, "dnf.cancelled", "cancelled while waiting for another package manager")
                 : fail(RF_TRANSIENT, "dnf.locked", ended.words + "; nothing was changed");
  }
}

// Up to here a cancel, or the deadline, ends it: nothing is changed yet.
Result<> DnfUpdater::fetch(const Plan& plan, const Patience& patience) {
  const bool any = std::any_of(plan.steps.begin(), plan.steps.end(),
                               [](const Step& step) { return step.operation != "remove"; });
  if (!any) return {};
  progress_.update(0, "Downloading");
  const auto stop = [this] { return run_.cancelled() || clock_.monotonicNs() >= run_.deadlineNs(); };
  const auto complaint = replay(plan, {"--downloadonly"}, patience, stop);
  if (!complaint) return tl::unexpected<Problem>(complaint.error());
  if (clock_.monotonicNs() >= run_.deadlineNs())
    return fail(RF_LIMIT, "dnf.deadline", "the time was over while downloading; nothing was changed");
  if (run_.cancelled())
    return fail(RF_CANCELLED, "dnf.cancelled", "cancelled while downloading; nothing was changed");
  if (!complaint->empty()) return fail(RF_TRANSIENT, "dnf.download_failed", *complaint);
  return {};
}

rf::Status DnfUpdater::download(std::string_view text, rf::Output& result) {
  const auto fetched = [&]() -> Result<Json> {
    const auto request = parseRequest(text, true);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (geteuid() != 0) return fail(RF_DENIED, "dnf.not_root", "only root can fill dnf's cache");
    const auto plan = prepareAgain(*request);
    if (!plan) return tl::unexpected<Problem>(plan.error());
    const Patience patience(run_, clock_, progress_);
    if (auto ok = fetch(*plan, patience); !ok) return tl::unexpected<Problem>(ok.error());
    return Json{{"download_bytes", plan->download_bytes}};
  };
  return plugin::end(run_, result, fetched());
}

Result<Json> DnfUpdater::runInstall(const Request& request) {
  if (geteuid() != 0) return fail(RF_DENIED, "dnf.not_root", "only root can change what is installed");
  const Patience patience(run_, clock_, progress_);
  if (auto ok = waitForRpm(settings_, run_, patience); !ok) return tl::unexpected<Problem>(ok.error());
  const auto plan = prepareAgain(request);
  if (!plan) return tl::unexpected<Problem>(plan.error());
  const auto before = newestTransaction(settings_);
  std::string errors;
  if (!plan->steps.empty()) {
    if (auto ok = fetch(*plan, patience); !ok) return tl::unexpected<Problem>(ok.error());
    progress_.update(kDownloadShare, "Installing");
    auto complaint = replay(*plan, {}, Patience(run_, clock_, progress_), nullptr);
    if (!complaint) return tl::unexpected<Problem>(complaint.error());
    errors = std::move(*complaint);
  }
  return outcome(*plan, errors, before);
}

Result<Json> DnfUpdater::outcome(const Plan& plan, const std::string& errors, std::int64_t before) {
  const auto session = Session::openDatabase(settings_);
  if (!session) return tl::unexpected<Problem>(session.error());
  auto result = plugin::outcomeOf(run_, "dnf", plan, errors,
                                  [&](const Step& step) { return resultOf((*session)->sack(), step); });
  if (const auto after = newestTransaction(settings_); after > before) result["history_id"] = after;
  return result;
}

rf::Status DnfUpdater::install(std::string_view text, rf::Output& result) {
  return carryOut(text, false, result);
}

rf::Status DnfUpdater::rollback(std::string_view text, rf::Output& result) {
  return carryOut(text, true, result);
}

rf::Status DnfUpdater::carryOut(std::string_view text, bool rollback, rf::Output& result) {
  auto request = parseRequest(text, true);
  if (!request) return plugin::end(run_, result, tl::unexpected<Problem>(request.error()));
  request->rollback = rollback;
  const auto written = plugin::end(run_, result, runInstall(*request));
  return rf::worse(written, run_.outcome());
}

rf::Status DnfUpdater::verify(std::string_view text, rf::Output& result) {
  const auto look = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    const auto session = Session::openDatabase(settings_);
    if (!session) return tl::unexpected<Problem>(session.error());
    auto* sack = (*session)->sack();
    auto updates = Json::array();
    for (const auto& wanted : request->updates) {
      std::string newest;
      for (const auto& version : installedVersions(sack, wanted.name, wanted.arch))
        if (newest.empty() || dnf_sack_evr_cmp(sack, version.c_str(), newest.c_str()) > 0) newest = version;
      const bool enough =
          !newest.empty() && dnf_sack_evr_cmp(sack, newest.c_str(), wanted.version.c_str()) >= 0;
      updates.push_back(plugin::verifiedRow(wanted, newest, enough));
    }
    return Json{{"updates", std::move(updates)}};
  };
  return plugin::end(run_, result, look());
}

}  // namespace redflag::dnf
