#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "main/checks.h"
#include "main/commands.h"
#include "main/settings.h"

namespace redflag::server {
namespace {

bool isTrouble(const Finding& finding) {
  return finding.level == Finding::Level::kWarning || finding.level == Finding::Level::kError;
}

void printJson(const std::vector<Finding>& findings, bool healthy) {
  auto list = nlohmann::json::array();
  for (const auto& finding : findings) {
    list.push_back({{"check", finding.check},
                    {"level", name(finding.level)},
                    {"text", finding.text},
                    {"advice", finding.advice.empty() ? nlohmann::json() : nlohmann::json(finding.advice)}});
  }
  // Names of files and what is found in a damaged one need not be UTF-8.
  const auto replaced = nlohmann::json::error_handler_t::replace;
  std::cout << nlohmann::json{{"healthy", healthy}, {"findings", list}}.dump(2, ' ', false, replaced) << '\n';
}

void printText(const std::vector<Finding>& findings) {
  for (const auto& finding : findings) {
    const std::string level = name(finding.level);
    std::cout << level << std::string(9 - level.size(), ' ') << finding.check << ": " << finding.text << '\n';
    if (!finding.advice.empty()) std::cout << std::string(9, ' ') << "→ " << finding.advice << '\n';
  }
}

// Whoever else looks, root included, would be told of files that are as they should be.
void mustBeItsOwner(const std::string& folder) {
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0 || about.st_uid == ::geteuid()) return;
  const passwd* owner = ::getpwuid(about.st_uid);
  const std::string name = owner == nullptr ? std::to_string(about.st_uid) : owner->pw_name;
  throw ConfigurationError(folder + " is the user " + name +
                           "'s: run doctor as that one, with setpriv --reuid=" + name + " --clear-groups");
}

}  // namespace

bool doctor(const DoctorOptions& options) {
  mustBeItsOwner(options.data);
  const auto findings = examineServer(options.data, options.database);
  const bool healthy = std::none_of(findings.begin(), findings.end(), isTrouble);
  if (options.format == "json") {
    printJson(findings, healthy);
  } else {
    printText(findings);
  }
  if (!(std::cout << std::flush)) throw std::runtime_error("the findings could not be written");
  return healthy;
}

}  // namespace redflag::server
