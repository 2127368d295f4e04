#include "repository_download.h"

#include <fstream>
#include <limits>

#include "handles.h"

namespace redflag::dnf {
namespace {

constexpr const char* kOnDisk = "file://";

using Context = std::unique_ptr<DnfContext, Free<&g_object_unref>>;
using Lock = std::unique_ptr<DnfLock, Free<&g_object_unref>>;
using State = std::unique_ptr<DnfState, Free<&g_object_unref>>;
using RemoteRepo = std::unique_ptr<DnfRepo, Free<&g_object_unref>>;
using KeyFile = std::unique_ptr<GKeyFile, Free<&g_key_file_unref>>;

// A section of a .repo file, in the form in which libdnf takes it.
class Section {
 public:
  explicit Section(const std::string& id) : id_(id), file_(g_key_file_new()) {}

  void set(const char* name, const std::string& value) {
    g_key_file_set_value(file_.get(), id_.c_str(), name, value.c_str());
  }
  void set(const char* name, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    for (const auto& value : values)
      texts.push_back(value.c_str());
    g_key_file_set_string_list(file_.get(), id_.c_str(), name, texts.data(), texts.size());
  }
  // What libdnf would otherwise take from this machine's whole configuration.
  void setSystem(const Configuration& configuration) {
    g_key_file_set_string(file_.get(), "general", "arch", configuration.basearch.c_str());
    g_key_file_set_string(file_.get(), "general", "version", configuration.release.c_str());
  }
  GKeyFile* get() { return file_.get(); }

 private:
  std::string id_;
  KeyFile file_;
};

std::string asAddress(const std::string& url) {
  return url.starts_with('/') ? kOnDisk + url : url;
}

// A folder on this disk would be read where it is, and not as it was when it was asked: as the only mirror of
// a list it is copied like any other.
bool isFolder(const Repository& repository) {
  return !repository.options.contains("metalink") && !repository.options.contains("mirrorlist") &&
         !repository.urls.empty() && asAddress(repository.urls.front()).starts_with(kOnDisk);
}

void setWay(const Repository& repository, const Configuration& configuration, Section& section) {
  for (const auto& [name, value] : repository.options)
    section.set(name.c_str(), value);
  if (isFolder(repository)) {
    const auto list = configuration.cache_dir + "/" + repository.id + ".mirrors";
    std::ofstream out(list, std::ios::trunc);
    for (const auto& url : repository.urls)
      out << asAddress(url) << '\n';
    section.set("mirrorlist", kOnDisk + list);
  } else if (!repository.urls.empty()) {
    section.set("baseurl", repository.urls);
  }
  section.set("enabled", "1");
  // Packages are what gpgcheck is about; of keys that nothing is checked with none is looked at.
  section.set("gpgcheck", "0");
  section.set("repo_gpgcheck", repository.signed_metadata ? "1" : "0");
  if (repository.signed_metadata) section.set("gpgkey", keysOnDisk(repository));
  section.setSystem(configuration);
}

Context makeContext(const Configuration& configuration) {
  static const char* const kNoFolders[] = {nullptr};  // the variables have been put in already
  dnf_context_set_config_file_path("");
  Context context(dnf_context_new());
  dnf_context_set_install_root(context.get(), "/");
  dnf_context_set_vars_dir(context.get(), kNoFolders);
  dnf_context_set_cache_dir(context.get(), configuration.cache_dir.c_str());
  dnf_context_set_release_ver(context.get(), configuration.release.c_str());
  dnf_context_set_user_agent(context.get(), "libdnf");
  dnf_context_set_enable_filelists(context.get(), TRUE);
  return context;
}

}  // namespace

std::vector<std::string> keysOnDisk(const Repository& repository) {
  std::vector<std::string> keys;
  for (const auto& key : repository.keys)
    if (const auto address = asAddress(key); address.starts_with(kOnDisk)) keys.push_back(address);
  return keys;
}

std::string downloadRepository(const Repository& repository, const Configuration& configuration,
                               const std::string& folder) {
  const Lock lock(dnf_lock_new());
  dnf_lock_set_lock_dir(lock.get(), configuration.cache_dir.c_str());
  const auto context = makeContext(configuration);
  const RemoteRepo repo(dnf_repo_new(context.get()));
  dnf_repo_set_id(repo.get(), repository.id.c_str());
  dnf_repo_set_filename(repo.get(), (repository.id + ".repo").c_str());
  dnf_repo_set_location(repo.get(), folder.c_str());
  Section section(repository.id);
  setWay(repository, configuration, section);
  dnf_repo_set_keyfile(repo.get(), section.get());
  ErrorText error;
  if (dnf_repo_setup(repo.get(), error.out()) == 0) return error.text();
  // There is nothing yet, but only with this question libdnf knows which files it wants.
  ErrorText nothing_yet;
  const State looking(dnf_state_new());
  static_cast<void>(
      dnf_repo_check(repo.get(), std::numeric_limits<guint>::max(), looking.get(), nothing_yet.out()));
  const State fetching(dnf_state_new());
  if (dnf_repo_update(repo.get(), DNF_REPO_UPDATE_FLAG_FORCE, fetching.get(), error.out()) == 0)
    return error.text();
  return {};
}

}  // namespace redflag::dnf
