#include "answers.h"

#include <algorithm>
#include <charconv>

#include "common/package_numbers.h"

namespace redflag::dnf5 {
namespace {

constexpr std::size_t kMaxRepositories = 1'000;
constexpr std::size_t kMaxPackages = 100'000;
constexpr std::size_t kMaxText = 256;
constexpr std::size_t kFields = 8;

tl::unexpected<Problem> malformed(const std::string& what) {
  return fail(RF_INTERNAL, "dnf5.malformed", "dnf5's answer is not understood: " + what);
}

bool isList(const Json& json, std::size_t most) {
  return json.is_array() && json.size() <= most;
}

std::string textAt(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t numberAt(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool isPackage(const Package& package) {
  return isPackageText(package.name) && isPackageText(package.arch) && isPackageText(package.evr);
}

std::vector<std::string_view> fieldsOf(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos || fields.size() > kFields) return fields;
    line.remove_prefix(tab + 1);
  }
}

std::int64_t numberOf(std::string_view text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size() && number > 0 ? number : 0;
}

std::int64_t sizeOf(std::string_view text) {
  return plugin::sizeOf(static_cast<std::uint64_t>(numberOf(text)));
}

// "bash-5.2-3.src.rpm" -> "bash"
std::string sourceName(std::string_view source_rpm) {
  for (int dashes = 0; dashes < 2; ++dashes) {
    const auto dash = source_rpm.rfind('-');
    if (dash == std::string_view::npos || dash == 0) return {};
    source_rpm = source_rpm.substr(0, dash);
  }
  return std::string(source_rpm);
}

// `read` gets the fields of each line, and says no to those that are not what was asked for.
template <class Read>
Result<std::vector<Package>> parseLines(std::string_view text, std::size_t fields, const Read& read) {
  std::vector<Package> packages;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const auto found = fieldsOf(line);
    Package package;
    if (found.size() == fields) read(found, package);
    if (!isPackage(package)) return malformed("a line of " + std::to_string(found.size()) + " fields");
    if (packages.size() == kMaxPackages) return fail(RF_LIMIT, "dnf5.too_many", "more than 100000 packages");
    packages.push_back(std::move(package));
  }
  return packages;
}

std::vector<std::string> cvesOf(const Json& advisory) {
  std::vector<std::string> cves;
  const auto references = advisory.find("references");
  if (references == advisory.end() || !references->is_array()) return cves;
  for (const auto& reference : *references) {
    auto id = textAt(reference, "Id");
    if (textAt(reference, "Type") == "cve" && !id.empty() && id.size() <= kMaxText)
      cves.push_back(std::move(id));
  }
  return cves;
}

std::vector<Package> packagesOf(const Json& advisory) {
  std::vector<Package> packages;
  const auto collections = advisory.find("collections");
  if (collections == advisory.end() || !collections->is_object()) return packages;
  const auto names = collections->find("packages");
  if (names == collections->end() || !isList(*names, kMaxPackages)) return packages;
  for (const auto& name : *names) {
    if (!name.is_string()) continue;
    auto package = parseNevra(name.get_ref<const std::string&>());
    if (!package.name.empty()) packages.push_back(std::move(package));
  }
  return packages;
}

}  // namespace

const char* const kOfferedFormat =
    "%{name}\t%{arch}\t%{evr}\t%{repoid}\t%{sourcerpm}\t%{downloadsize}\t%{installsize}\n";
const char* const kInstalledFormat =
    "%{name}\t%{arch}\t%{evr}\t%{sourcerpm}\t%{installtime}\t%{installsize}\n";
const char* const kFilesFormat = "%{files}";
const char* const kReasonFormat = "%{name}\t%{arch}\t%{evr}\t%{reason}\t%{installsize}\n";

Package parseNevra(std::string_view text) {
  Package package;
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return {};
  package.arch = text.substr(dot + 1);
  text = text.substr(0, dot);
  const auto release = text.rfind('-');
  if (release == std::string_view::npos || release == 0) return {};
  const auto version = text.rfind('-', release - 1);
  if (version == std::string_view::npos || version == 0) return {};
  package.name = text.substr(0, version);
  package.evr = text.substr(version + 1);
  if (const auto colon = package.name.find(':'); colon != std::string::npos) {
    package.evr = package.name.substr(0, colon + 1) + package.evr;
    package.name.erase(0, colon + 1);
  }
  return isPackage(package) ? package : Package();
}

Result<std::vector<Repository>> parseRepositories(const Json& answer) {
  if (!isList(answer, kMaxRepositories)) return malformed("expected a list of repositories");
  std::vector<Repository> repositories;
  for (const auto& entry : answer) {
    Repository repository{textAt(entry, "id"), std::max<std::int64_t>(numberAt(entry, "timestamp"), 0),
                          textAt(entry, "revision") + " " + std::to_string(numberAt(entry, "size"))};
    if (repository.id.empty() || repository.id.size() > kMaxText)
      return malformed("a repository without an id");
    repositories.push_back(std::move(repository));
  }
  return repositories;
}

Result<std::vector<Package>> parsePackages(const Json& answer, const char* key) {
  std::vector<Package> packages;
  // Nothing to say: an empty object, or nothing at all. Under another name it would be something.
  if (answer.is_null() || (answer.is_object() && answer.empty())) return packages;
  if (!answer.is_object() || !answer.contains(key) || !isList(answer.at(key), kMaxPackages))
    return malformed(std::string("expected a list of packages under ") + key);
  for (const auto& entry : answer.at(key)) {
    Package package;
    package.name = textAt(entry, "name");
    package.arch = textAt(entry, "arch");
    package.evr = textAt(entry, "evr");
    package.repository = textAt(entry, "repository");
    // Of no repository it would be in no scope, and nobody would see it.
    if (!isPackage(package) || package.repository.empty())
      return malformed(std::string("an entry of ") + key + " is no package of a repository");
    packages.push_back(std::move(package));
  }
  return packages;
}

Result<std::vector<Advisory>> parseAdvisories(const Json& answer) {
  if (answer.is_null()) return std::vector<Advisory>();
  if (!isList(answer, kMaxPackages)) return malformed("expected a list of advisories");
  std::vector<Advisory> advisories;
  for (const auto& entry : answer) {
    Advisory advisory{textAt(entry, "Name"),
                      textAt(entry, "Type"),
                      textAt(entry, "Severity"),
                      numberAt(entry, "Issued"),
                      {},
                      {}};
    if (advisory.id.empty() || advisory.id.size() > kMaxText) return malformed("an advisory without a name");
    advisory.cves = cvesOf(entry);
    advisory.packages = packagesOf(entry);
    advisories.push_back(std::move(advisory));
  }
  return advisories;
}

Result<std::vector<Package>> parseOffered(std::string_view text) {
  return parseLines(text, 7, [](const auto& fields, Package& package) {
    package.name = fields[0];
    package.arch = fields[1];
    package.evr = fields[2];
    package.repository = fields[3];
    package.source_package = sourceName(fields[4]);
    package.download_bytes = sizeOf(fields[5]);
    package.installed_bytes = sizeOf(fields[6]);
  });
}

Result<std::vector<Package>> parseInstalled(std::string_view text) {
  return parseLines(text, 6, [](const auto& fields, Package& package) {
    package.name = fields[0];
    package.arch = fields[1];
    package.evr = fields[2];
    package.source_package = sourceName(fields[3]);
    package.installed_at = numberOf(fields[4]);
    package.installed_bytes = sizeOf(fields[5]);
  });
}

Result<std::vector<Package>> parseReasons(std::string_view text) {
  return parseLines(text, 5, [](const auto& fields, Package& package) {
    package.name = fields[0];
    package.arch = fields[1];
    package.evr = fields[2];
    package.reason = fields[3].substr(0, kMaxText);
    package.installed_bytes = sizeOf(fields[4]);
  });
}

Result<std::int64_t> parseNewestTransaction(const Json& answer) {
  if (answer.is_null()) return 0;
  if (!answer.is_array()) return malformed("expected a list of transactions");
  std::int64_t newest = 0;
  for (const auto& entry : answer)
    newest = std::max(newest, numberAt(entry, "id"));
  return newest;
}

}  // namespace redflag::dnf5
