#include "package_owners.h"

#include <algorithm>

#include "text_forms.h"

namespace redflag::system {
namespace {

constexpr std::uint64_t kMaxList = 8U << 20;
constexpr std::size_t kMaxFiles = 500;  // of one question to rpm
constexpr const char* kLists = "/var/lib/dpkg/info";
constexpr const char* kRpm = "/usr/bin/rpm";
constexpr std::int64_t kRpmPatienceNs = 20'000'000'000;

std::string_view withoutUsr(std::string_view path) {
  return path.starts_with("/usr/") ? path.substr(4) : path;
}

// "libssl3:amd64.list" -> "libssl3"
std::string packageOf(const std::string& list) {
  return list.substr(0, std::min(list.find(':'), list.size() - 5));
}

// A library's next version has another name in most of the cases; the link by which programs find it stays:
// "libssl.so.3.0.7", "libssl.so.3.0", "libssl.so.3".
std::vector<std::string> namesOf(const std::string& file) {
  std::vector<std::string> names{file};
  const auto library = file.rfind(".so.");
  if (library == std::string::npos || file.find('/', library) != std::string::npos) return names;
  for (auto dot = file.rfind('.'); dot > library + 3; dot = file.rfind('.', dot - 1))
    names.push_back(file.substr(0, dot));
  return names;
}

}  // namespace

Owners PackageOwners::of(const std::set<std::string>& files) const {
  if (files.empty()) return {};
  std::set<std::string> names;
  for (const auto& file : files)
    for (auto& name : namesOf(file))
      names.insert(std::move(name));
  Wanted wanted;
  for (const auto& name : names)
    wanted[withoutUsr(name)].push_back(name);
  Owners by_name;
  if (const auto lists = files_.list(kLists); lists && !lists->empty()) {
    byDpkg(*lists, wanted, by_name);
  } else {
    byRpm(names, wanted, by_name);
  }
  Owners owners;
  for (const auto& file : files)
    for (const auto& name : namesOf(file))
      if (const auto found = by_name.find(name); found != by_name.end() && !owners.contains(file))
        owners[file] = found->second;
  return owners;
}

void PackageOwners::byDpkg(const std::vector<std::string>& lists, const Wanted& wanted,
                           Owners& owners) const {
  for (const auto& name : lists) {
    if (!name.ends_with(".list")) continue;
    const auto content = files_.read(std::string(kLists) + "/" + name, kMaxList);
    if (!content) continue;
    for (const auto line : linesOf(*content)) {
      const auto found = wanted.find(withoutUsr(line));
      if (found == wanted.end()) continue;
      for (const auto& file : found->second)
        owners[file].insert(packageOf(name));
    }
  }
}

// One question for all of them: of each package that has one, every file with the package's name before it.
// What no package has is answered with a sentence, which has no tab in it.
void PackageOwners::byRpm(const std::set<std::string>& files, const Wanted& wanted, Owners& owners) const {
  std::vector<std::string> argv{kRpm, "--query", "--file", "--queryformat", "[%{=NAME}\\t%{FILENAMES}\\n]"};
  for (const auto& file : files)
    if (argv.size() < kMaxFiles && file.starts_with('/')) argv.push_back(file);
  const auto ran = exec_.run(argv, {kRpmPatienceNs, 0});
  if (!ran) return;
  for (const auto line : linesOf(ran->out)) {
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos || tab == 0) continue;
    const auto found = wanted.find(withoutUsr(line.substr(tab + 1)));
    if (found == wanted.end()) continue;
    for (const auto& file : found->second)
      owners[file].emplace(line.substr(0, tab));
  }
}

}  // namespace redflag::system
