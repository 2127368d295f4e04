#include "updater.h"

#include <memory>

#include "command.h"
#include "history.h"
#include "missing_keys.h"
#include "own_metadata.h"
#include "refresh.h"
#include "rpm_database.h"

namespace redflag::dnf {
namespace {

constexpr const char* kPlanFile = "plan.json";

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

}  // namespace

Result<Request> DnfUpdater::parse(std::string_view text, bool with_plan) {
  return parseRequest(text, with_plan);
}

Result<Plan> DnfUpdater::prepare(const Request& request, Metadata metadata) {
  auto settings = settings_;
  if (metadata == Metadata::kScanners) settings.metadata_dir = ownMetadata(settings_);
  const auto session = Session::open(settings, FileLists::kLoaded);
  if (!session) return tl::unexpected<Problem>(session.error());
  return makePlan(**session, request, plugin::ServicesInUse::ask(host_, settings_.root));
}

Result<bool> DnfUpdater::catchUp() {
  if (settings_.refresh != plugin::Refresh::kPrivate) return false;
  if (auto fetched = DnfRefresh(settings_, host_, run_).fetch(); !fetched)
    return tl::unexpected<Problem>(fetched.error());
  return true;
}

Result<DnfUpdater::Installed> DnfUpdater::installed() {
  auto opened = Session::openDatabase(settings_);
  if (!opened) return tl::unexpected<Problem>(opened.error());
  const std::shared_ptr<Session> session = std::move(*opened);
  return Installed{[session](const std::string& name, const std::string& arch) {
                     return installedVersions(session->sack(), name, arch);
                   },
                   [session](const std::string& one, const std::string& other) {
                     return dnf_sack_evr_cmp(session->sack(), one.c_str(), other.c_str());
                   }};
}

// dnf's own locks are dnf's to find out about.
std::vector<std::string> DnfUpdater::lockFiles() {
  return {rpmLockFile(settings_)};
}

std::int64_t DnfUpdater::newestTransaction() {
  return dnf::newestTransaction(settings_);
}

std::pair<const char*, Json> DnfUpdater::documentOf(const Plan& plan) {
  return {kPlanFile, toReplay(plan)};
}

// Nothing of dnf's settings that an order was approved under is loosened; what was planned from is not
// fetched anew, so that it is still there.
std::vector<std::string> DnfUpdater::commandFor(Phase phase, const Plan&, const std::string& folder) {
  auto command = dnfCommand(settings_);
  command.insert(command.end(), {"--setopt=clean_requirements_on_remove=False", "--setopt=best=True",
                                 "--setopt=*.metadata_expire=never", "--setopt=check_config_file_age=False"});
  if (phase == Phase::kDownload) command.push_back("--downloadonly");
  command.insert(command.end(), {"history", "replay", folder + "/" + kPlanFile});
  return command;
}

bool DnfUpdater::isLockedOut(const plugin::ChildEnd& ended) {
  return ended.code == kLockedCode;
}

bool DnfUpdater::mentionsKeys(const std::string& line) {
  return dnf::mentionsKeys(line);
}

std::string DnfUpdater::sentenceOnMissingKeys(const Plan& plan, const std::string& lines) {
  return dnf::sentenceOnMissingKeys(plan, lines);
}

}  // namespace redflag::dnf
