#define LIBDNF_UNSTABLE_API
#include "configuration.h"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>
#include <libdnf/conf/ConfigMain.hpp>
#include <libdnf/conf/ConfigParser.hpp>
#include <libdnf/conf/ConfigRepo.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

namespace redflag::dnf {
namespace {

constexpr const char* kMainFile = "/etc/dnf/dnf.conf";
constexpr const char* kCacheFolder = "/var/cache/dnf";  // libdnf's own default is another
constexpr std::size_t kHashBytes = 8;
constexpr const char* kIdCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";

// Those of the options for getting metadata that libdnf heeds when it fetches a repository.
constexpr std::array kWayOptions{"metalink", "mirrorlist", "proxy",     "proxy_username", "proxy_password",
                                 "username", "password",   "sslverify", "sslcacert",      "sslclientcert",
                                 "timeout",  "minrate",    "throttle",  "sslclientkey",   "bandwidth"};

using libdnf::ConfigParser;
using libdnf::Option;

bool mayRead(const std::string& path, int mode = R_OK) {
  return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 || errno == ENOENT || errno == ENOTDIR;
}

// A value that an option does not understand is passed over, as dnf does.
void fill(libdnf::Config& options, const ConfigParser& parser, const std::string& section,
          Option::Priority priority) {
  for (const auto& [name, value] : parser.getData().at(section)) {
    if (name.starts_with('#')) continue;
    const auto option = options.optBinds().find(name);
    if (option == options.optBinds().end()) continue;
    try {
      const auto text = parser.getSubstitutedValue(section, name);
      option->second.newString(priority, text == "None" ? "" : text);
    } catch (const std::exception&) {
      continue;
    }
  }
}

// What $basearch stands for: the name of an architecture's repositories.
std::string baseArch(const std::string& arch) {
  static const std::map<std::string, std::vector<std::string>> kMembers{
      {"i386", {"i386", "i486", "i586", "i686", "athlon", "geode"}},
      {"x86_64", {"x86_64", "amd64", "ia32e"}},
      {"arm", {"armv5tejl", "armv5tel", "armv5tl", "armv6l", "armv7l", "armv8l"}},
      {"armhfp", {"armv6hl", "armv7hl", "armv7hnl", "armv8hl"}},
      {"ppc64", {"ppc64", "ppc64iseries", "ppc64p7", "ppc64pseries"}}};
  for (const auto& [base, members] : kMembers)
    if (std::find(members.begin(), members.end(), arch) != members.end()) return base;
  return arch;
}

// A line as dnf ends it.
std::string firstLineOf(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line.substr(0, line.find('\r'));
}

// The variables are the system's own; those in the environment of the agent are not. Not with libdnf's
// addVarsFromDir, which passes over an empty file: to dnf that is a variable without a value, as Oracle Linux
// has one for the region of its cloud in every repository's address.
std::map<std::string, std::string> readVariables(const Settings& settings,
                                                 const std::vector<std::string>& folders) {
  std::map<std::string, std::string> variables;
  for (const auto& folder : folders) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(settings.inRoot(folder), error), end; !error && at != end;
         at.increment(error)) {
      std::error_code gone;
      const auto file = at->path();
      if (at->is_regular_file(gone) && mayRead(file)) variables[file.filename().string()] = firstLineOf(file);
    }
  }
  return variables;
}

// The name under which dnf keeps a repository's metadata.
std::string folderName(const std::string& id, libdnf::ConfigRepo& options) {
  std::string source = id;
  if (!options.metalink().empty() && !options.metalink().getValue().empty()) {
    source = options.metalink().getValue();
  } else if (!options.mirrorlist().empty() && !options.mirrorlist().getValue().empty()) {
    source = options.mirrorlist().getValue();
  } else if (const auto& urls = options.baseurl().getValue(); !urls.empty() && !urls[0].empty()) {
    source = urls[0];
  }
  gchar* hex =
      g_compute_checksum_for_string(G_CHECKSUM_SHA256, source.data(), static_cast<gssize>(source.size()));
  const auto name = id + "-" + std::string(hex, 2 * kHashBytes);
  g_free(hex);
  return name;
}

// dnf looks for *.repo: what somebody left half written begins with a dot.
bool isRepositoryFile(const std::filesystem::path& name) {
  return name.extension() == ".repo" && !name.string().starts_with('.');
}

class RepositoryReader {
 public:
  RepositoryReader(const Settings& settings, libdnf::ConfigMain& main, Configuration& configuration)
      : settings_(settings), main_(main), out_(configuration) {}

  void readFile(const std::string& path) {
    const auto file = settings_.inRoot(path);
    if (!mayRead(file)) {
      broken(path, RF_DENIED, "dnf.repo_unreadable", path + ": the user who scans may not read it");
      return;
    }
    ConfigParser parser;
    parser.setSubstitutions(out_.variables);
    try {
      parser.read(file);
    } catch (const std::exception& e) {
      std::error_code error;
      if (std::filesystem::exists(file, error))
        broken(path, RF_MISCONFIGURED, "dnf.repo_misconfigured", path + ": " + e.what());
      return;
    }
    for (const auto& [section, options] : parser.getData())
      if (section != "main") readSection(parser, section, path);
  }

  void readFolder(const std::string& path) {
    const auto folder = settings_.inRoot(path);
    if (!mayRead(folder, R_OK | X_OK)) {
      broken(path, RF_DENIED, "dnf.repo_unreadable", path + ": the user who scans may not read it");
      return;
    }
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
      if (isRepositoryFile(entry.path().filename()))
        files_.push_back(std::filesystem::path(path) / entry.path().filename());
  }

  void readCollected() {
    std::sort(files_.begin(), files_.end(),
              [](auto a, auto b) { return a.replace_extension() < b.replace_extension(); });
    for (const auto& file : files_)
      readFile(file);
  }

 private:
  void broken(const std::string& key, rf_status status, const char* code, const std::string& text) {
    out_.broken.push_back({key, {status, code, text}});
  }

  void readSection(const ConfigParser& parser, const std::string& section, const std::string& path) {
    auto id = section;
    ConfigParser::substitute(id, out_.variables);
    if (id.empty() || id.find_first_not_of(kIdCharacters) != std::string::npos) {
      broken(path, RF_MISCONFIGURED, "dnf.repo_misconfigured",
             path + ": the name of a repository is made of letters, digits and -_.:");
      return;
    }
    if (!seen_.insert(id).second) return;  // dnf keeps the first as well
    libdnf::ConfigRepo options(main_);
    fill(options, parser, section, Option::Priority::REPOCONFIG);
    if (!options.enabled().getValue()) return;
    Repository repository;
    repository.id = id;
    repository.folder = out_.cache_dir + "/" + folderName(id, options);
    repository.priority = options.priority().getValue();
    repository.cost = options.cost().getValue();
    repository.module_hotfixes = options.module_hotfixes().getValue();
    repository.excludes = options.excludepkgs().getValue();
    repository.includes = options.includepkgs().getValue();
    addWayTo(options, repository);
    out_.repositories.push_back(std::move(repository));
  }

  static void addWayTo(libdnf::ConfigRepo& options, Repository& repository) {
    repository.urls = options.baseurl().getValue();
    repository.keys = options.gpgkey().getValue();
    repository.signed_metadata = options.repo_gpgcheck().getValue();
    repository.stapled = options.sslverifystatus().getValue();
    for (const auto* name : kWayOptions) {
      const auto option = options.optBinds().find(name);
      if (option != options.optBinds().end() && option->second.getPriority() > Option::Priority::DEFAULT)
        repository.options[name] = option->second.getValueString();
    }
    for (const auto* name : {"metalink", "mirrorlist"})
      if (const auto list = repository.options.find(name);
          list != repository.options.end() && list->second.empty())
        repository.options.erase(list);
  }

  const Settings& settings_;
  libdnf::ConfigMain& main_;
  Configuration& out_;
  std::set<std::string> seen_;
  std::vector<std::filesystem::path> files_;
};

void copyMain(const Settings& settings, libdnf::ConfigMain& options, Configuration& to) {
  const bool own = options.cachedir().getPriority() > Option::Priority::DEFAULT;
  to.cache_dir = settings.inRoot(own ? options.cachedir().getValue() : kCacheFolder);
  if (!settings.metadata_dir.empty()) to.cache_dir = settings.metadata_dir;
  if (options.module_platform_id().getPriority() > Option::Priority::DEFAULT)
    to.platform = options.module_platform_id().getValue();
  to.obsoletes = options.obsoletes().getValue();
  to.best = options.best().getValue();
  to.weak_dependencies = options.install_weak_deps().getValue();
  to.vendor_change = options.allow_vendor_change().getValue();
  to.plugins = options.plugins().getValue();
  to.installonly_limit = options.installonly_limit().getValue();
  to.installonly = options.installonlypkgs().getValue();
  to.protected_packages = options.protected_packages().getValue();
  to.excludes = options.excludepkgs().getValue();
  to.includes = options.includepkgs().getValue();
  const auto& disabled = options.disable_excludes().getValue();
  to.disabled_excludes = {disabled.begin(), disabled.end()};
  to.repository_folders = options.reposdir().getValue();
  to.variable_folders = options.varsdir().getValue();
  to.variables = readVariables(settings, to.variable_folders);
}

// dnf.conf's [main], where there is one.
Result<> fillMain(const Settings& settings, ConfigParser& parser, libdnf::ConfigMain& options) {
  const auto file = settings.inRoot(kMainFile);
  if (!mayRead(file))
    return fail(RF_DENIED, "dnf.configuration_unreadable",
                file + ": the user who scans may not read it, and what it excludes would be shown");
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  try {
    parser.read(file);
    if (parser.hasSection("main")) fill(options, parser, "main", Option::Priority::MAINCONFIG);
  } catch (const std::exception& e) {
    return fail(RF_MISCONFIGURED, "dnf.configuration", file + ": " + e.what());
  }
  return {};
}

// The parts of a version that somebody has set are its own, whatever the installed package names.
void addRelease(const Release& installed, std::map<std::string, std::string>& variables) {
  const bool is_set = variables.contains("releasever");
  const auto& version = is_set ? variables["releasever"] : installed.version;
  if (version.empty()) return;
  const auto dot = version.find('.');
  auto major = version.substr(0, dot);
  auto minor = dot == std::string::npos ? "" : version.substr(dot + 1);
  if (!is_set && !installed.major.empty()) major = installed.major;
  if (!is_set && !installed.minor.empty()) minor = installed.minor;
  variables["releasever_major"] = std::move(major);
  variables["releasever_minor"] = std::move(minor);
  variables.emplace("releasever", version);
}

}  // namespace

Result<Configuration> readMainConfiguration(const Settings& settings) {
  libdnf::ConfigMain options;
  ConfigParser parser;
  if (auto filled = fillMain(settings, parser, options); !filled)
    return tl::unexpected<Problem>(filled.error());
  Configuration configuration;
  copyMain(settings, options, configuration);
  return configuration;
}

void readRepositories(const Settings& settings, const Release& release, const std::string& arch,
                      Configuration& configuration) {
  auto& variables = configuration.variables;
  addRelease(release, variables);
  if (!arch.empty()) {
    variables.emplace("arch", arch);
    variables.emplace("basearch", baseArch(arch));
  }
  const auto valueOf = [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  // That of a copy is a path as it stands.
  if (settings.metadata_dir.empty()) ConfigParser::substitute(configuration.cache_dir, variables);
  configuration.release = valueOf("releasever");
  configuration.basearch = valueOf("basearch");
  libdnf::ConfigMain options;
  ConfigParser parser;
  parser.setSubstitutions(variables);
  if (!fillMain(settings, parser, options)) return;  // readMainConfiguration has said why
  RepositoryReader reader(settings, options, configuration);
  reader.readFile(kMainFile);
  for (const auto& folder : configuration.repository_folders)
    reader.readFolder(folder);
  reader.readCollected();
}

std::vector<std::string> configurationFiles(const Settings& settings) {
  std::vector<std::string> files{settings.inRoot(kMainFile)};
  if (const auto main = readMainConfiguration(settings); main)
    for (const auto* folders : {&main->repository_folders, &main->variable_folders})
      for (const auto& folder : *folders)
        files.push_back(settings.inRoot(folder));
  for (const auto* path : {"/etc/dnf/modules.d", "/etc/dnf/modules.defaults.d", "/etc/dnf/plugins",
                           "/etc/os-release", "/var/lib/dnf/modulefailsafe"})
    files.push_back(settings.inRoot(path));
  return files;
}

}  // namespace redflag::dnf
