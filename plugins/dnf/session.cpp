#include "session.h"

#include <libdnf/hy-repo.h>
#include <libdnf/hy-util.h>

#include <array>
#include <cstdlib>

#include "metadata.h"
#include "rpm_database.h"
#include "settings.h"

namespace redflag::dnf {
namespace {

// Packages that say which release this is, in the order in which dnf looks for them.
constexpr std::array kReleaseProvides{
    "system-release(releasever)", "system-release", "distribution-release(releasever)",
    "distribution-release",       "redhat-release", "suse-release"};

std::string machineArch() {
  char* arch = nullptr;
  if (hy_detect_arch(&arch) != 0) return {};
  std::string name = textOf(arch);
  free(arch);
  return name;
}

// The version of what the package provides by that name; "": it has none, or provides no such thing.
std::string providedVersion(DnfPackage* package, const std::string& provide) {
  const Reldeps provides(dnf_package_get_provides(package));
  for (int i = 0; i < dnf_reldep_list_count(provides.get()); ++i) {
    const Reldep one(dnf_reldep_list_index(provides.get(), i));
    const bool equal = textOf(dnf_reldep_get_relation(one.get())).find('=') != std::string::npos;
    if (provide == dnf_reldep_get_name(one.get()) && equal) return dnf_reldep_get_version(one.get());
  }
  return {};
}

// By what the package provides by that name, or else by its own version. A distribution of which $releasever
// is "10" says in two more that it is 10.1: addresses such as EPEL's are made of these.
Release releaseOf(DnfPackage* package, const std::string& provide) {
  Release release;
  if (provide != dnf_package_get_name(package)) release.version = providedVersion(package, provide);
  if (release.version.empty()) release.version = dnf_package_get_version(package);
  release.major = providedVersion(package, "system-release(releasever_major)");
  release.minor = providedVersion(package, "system-release(releasever_minor)");
  return release;
}

MetadataRepo describe(const Repository& repository, const Metadata& metadata) {
  MetadataRepo described(hy_repo_create(repository.id.c_str()));
  const struct {
    int part;
    const std::string& path;
  } parts[] = {{HY_REPO_MD_FN, metadata.repomd},
               {HY_REPO_PRIMARY_FN, metadata.primary},
               {HY_REPO_FILELISTS_FN, metadata.filelists},
               {HY_REPO_UPDATEINFO_FN, metadata.updateinfo},
               {MODULES_FN, metadata.modules}};
  for (const auto& part : parts)
    if (!part.path.empty()) hy_repo_set_string(described.get(), part.part, part.path.c_str());
  hy_repo_set_priority(described.get(), repository.priority);
  hy_repo_set_cost(described.get(), repository.cost);
  return described;
}

void setInstallonly(DnfSack* sack, const Configuration& configuration) {
  std::vector<const char*> names;
  for (const auto& name : configuration.installonly)
    names.push_back(name.c_str());
  names.push_back(nullptr);
  dnf_sack_set_installonly(sack, names.data());
  dnf_sack_set_installonly_limit(sack, configuration.installonly_limit);
  dnf_sack_set_allow_vendor_change(sack, configuration.vendor_change ? TRUE : FALSE);
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const Settings& settings, FileLists file_lists) {
  auto opened = openDatabase(settings);
  if (!opened) return opened;
  const auto& session = *opened;
  readRepositories(settings, session->installedRelease(), machineArch(), session->configuration_);
  dnf_sack_set_cachedir(session->sack(), session->configuration_.cache_dir.c_str());
  setInstallonly(session->sack(), session->configuration_);
  for (const auto& repository : session->configuration_.repositories)
    session->load(repository, file_lists);
  for (const auto& broken : session->configuration_.broken)
    session->sources_.push_back({broken.key, broken.problem, 0});
  if (auto filtered = session->filter(settings); !filtered) return tl::unexpected<Problem>(filtered.error());
  return opened;
}

Result<Configuration> Session::configurationOf(const Settings& settings) {
  const auto opened = openDatabase(settings);
  if (!opened) return tl::unexpected<Problem>(opened.error());
  auto& configuration = (*opened)->configuration_;
  readRepositories(settings, (*opened)->installedRelease(), machineArch(), configuration);
  return std::move(configuration);
}

Result<std::unique_ptr<Session>> Session::openDatabase(const Settings& settings) {
  std::unique_ptr<Session> session(new Session);
  if (auto ready = session->openSack(settings); !ready) return tl::unexpected<Problem>(ready.error());
  return session;
}

Result<> Session::openSack(const Settings& settings) {
  // libdnf has a configuration of its own for the whole process, which it would read from "/".
  dnf_context_set_config_file_path("");
  auto configuration = readMainConfiguration(settings);
  if (!configuration) return tl::unexpected<Problem>(configuration.error());
  configuration_ = std::move(*configuration);
  // librpm would make a database where there is none.
  if (!hasRpmDatabase(settings))
    return fail(RF_NOT_APPLICABLE, "dnf.no_system",
                settings.inRoot("/var/lib/rpm") + " has no rpm database: this system does not use rpm");
  ErrorText error;
  sack_.reset(dnf_sack_new());
  dnf_sack_set_rootdir(sack_.get(), settings.root == "/" ? nullptr : settings.root.c_str());
  dnf_sack_set_cachedir(sack_.get(), configuration_.cache_dir.c_str());
  if (dnf_sack_setup(sack_.get(), DNF_SACK_SETUP_FLAG_NONE, error.out()) == 0)
    return fail(RF_PERMANENT, "dnf.unsupported_machine", error.text());
  if (dnf_sack_load_system_repo(sack_.get(), nullptr, DNF_SACK_LOAD_FLAG_NONE, error.out()) == 0)
    return fail(RF_TRANSIENT, "dnf.database_unreadable",
                settings.inRoot("/var/lib/rpm") + ": " + error.text() + ", " +
                    textOf(pool_errstr(dnf_sack_get_pool(sack_.get()))));
  // rpm itself is a package: a database without any was lost, and must not read as "nothing to update".
  if (dnf_sack_count(sack_.get()) == 0)
    return fail(RF_PERMANENT, "dnf.database_empty",
                settings.inRoot("/var/lib/rpm") + " names no installed package");
  return {};
}

Release Session::installedRelease() const {
  for (const auto* provide : kReleaseProvides) {
    const auto query = installedPackages(sack_.get());
    hy_query_filter(query.get(), HY_PKG_PROVIDES, HY_EQ, provide);
    const auto found = run(query);
    if (found->len > 0) return releaseOf(listOf(found).front(), provide);
  }
  return {};
}

void Session::load(const Repository& repository, FileLists file_lists) {
  auto& source = sources_.emplace_back(Source{repository.id, std::nullopt, 0});
  const auto metadata = findMetadata(repository, configuration_.cache_dir);
  if (!metadata) {
    source.problem = metadata.error();
    return;
  }
  source.refreshed_at = metadata->refreshed_at;
  const auto described = describe(repository, *metadata);
  auto* pool = dnf_sack_get_pool(sack_.get());
  pool_error(pool, 0, "%s", "");
  ErrorText error;
  int flags = DNF_SACK_LOAD_FLAG_USE_UPDATEINFO;
  if (file_lists == FileLists::kLoaded) flags |= DNF_SACK_LOAD_FLAG_USE_FILELISTS;
  const bool loaded = dnf_sack_load_repo(sack_.get(), described.get(), flags, error.out()) != 0;
  // Advisories and file lists that cannot be understood are not an error to libdnf, only to libsolv.
  const auto complaint = textOf(pool_errstr(pool));
  if (!loaded || !complaint.empty())
    source.problem = Problem{RF_TRANSIENT, "dnf.repo_broken",
                             repository.folder + ": " + (complaint.empty() ? error.text() : complaint)};
  if (!loaded) return;
  modules_[repository.id] = metadata->modules;
}

Result<> Session::filter(const Settings& settings) {
  auto filters = Filters::apply(sack_.get(), settings, configuration_);
  if (!filters) return tl::unexpected<Problem>(filters.error());
  filters_ = std::move(*filters);
  return {};
}

std::string Session::modulesOf(const std::string& repository) const {
  const auto found = modules_.find(repository);
  return found == modules_.end() ? "" : found->second;
}

}  // namespace redflag::dnf
