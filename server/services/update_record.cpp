#include "services/update_record.h"

#include "base/encoding.h"
#include "base/time.h"

namespace redflag::services {
namespace {

// Of what only describes a row, that is, tells it from no other one: the lists of the whole fleet show it.
constexpr std::size_t kDescribing = 1'024;
constexpr std::size_t kListed = 32U << 10;  // of all texts of a list together

std::string textOf(const Json& row, const char* key) {
  const auto it = row.find(key);
  return it == row.end() ? std::string() : it->get<std::string>();
}

std::string describing(const Json& row, const char* key) {
  std::string text = textOf(row, key);
  if (text.size() > kDescribing) text.resize(kDescribing);
  while (!isUtf8(text))  // cut within a character
    text.pop_back();
  return text;
}

std::vector<std::string> listOf(const Json& row, const char* key) {
  std::vector<std::string> texts;
  const auto it = row.find(key);
  if (it == row.end()) return texts;
  std::size_t bytes = 0;
  for (const Json& text : *it) {
    bytes += text.get_ref<const std::string&>().size();
    if (bytes > kListed) break;
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

std::optional<std::int64_t> integerOf(const Json& row, const char* key) {
  const auto it = row.find(key);
  if (it == row.end()) return std::nullopt;
  return it->get<std::int64_t>();
}

}  // namespace

store::UpdateRecord toUpdate(const Json& row) {
  store::UpdateRecord update;
  update.manager = textOf(row, "manager");
  update.key = textOf(row, "key");
  update.name = textOf(row, "name");
  update.arch = textOf(row, "arch");
  update.candidate_version = textOf(row, "candidate_version");
  update.installed_version = textOf(row, "installed_version");
  update.channel = describing(row, "channel");
  update.source_package = describing(row, "source_package");
  update.origin = describing(row, "origin");
  update.category = textOf(row, "category");
  update.severity = textOf(row, "severity");
  update.blocked_by = textOf(row, "blocked_by");
  update.superseded_by = describing(row, "superseded_by");
  update.advisories = listOf(row, "advisories");
  update.cves = listOf(row, "cves");
  if (const auto it = row.find("published_at"); it != row.end()) {
    update.published_at = fromRfc3339(it->get_ref<const std::string&>()).value_or(0);
  }
  update.download_bytes = integerOf(row, "download_bytes");
  update.installed_bytes = integerOf(row, "installed_bytes");
  if (const auto it = row.find("needs_reboot"); it != row.end()) update.needs_reboot = it->get<bool>();
  return update;
}

}  // namespace redflag::services
