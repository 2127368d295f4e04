#include "transaction_table.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace redflag::dnf5 {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::size_t kMaxRows = 100'000;
constexpr std::string_view kReplacing = "replacing";
// Behind a name: architecture, version, repository, and a size of its own words.
constexpr std::size_t kColumns = 4;
constexpr std::string_view kNothing = "Nothing to do.";

tl::unexpected<Problem> notUnderstood(std::string_view line) {
  return fail(RF_INTERNAL, "dnf5.malformed",
              "dnf5's table of the transaction is not understood: " + std::string(line.substr(0, 200)));
}

Words wordsOf(std::string_view line) {
  Words words;
  for (;;) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<Change> sectionOf(std::string_view line) {
  static const std::map<std::string_view, Change> kSections{
      {"Installing:", Change::kInstall},
      {"Installing dependencies:", Change::kInstallDependency},
      {"Installing weak dependencies:", Change::kInstallWeakDependency},
      {"Upgrading:", Change::kUpgrade},
      {"Downgrading:", Change::kDowngrade},
      {"Removing:", Change::kRemove},
      {"Removing dependent packages:", Change::kRemove},
      {"Removing unused dependencies:", Change::kRemove}};
  const auto found = kSections.find(line);
  return found == kSections.end() ? std::nullopt : std::optional(found->second);
}

// What only an upgrade of everything prints: it has no other reason for what replaces a group's package.
std::optional<Change> sectionOfEverything(std::string_view line) {
  return line == "Installing group/module packages:" ? std::optional(Change::kInstall) : sectionOf(line);
}

bool isLeftOut(std::string_view title) {
  return title == "Skipping packages with conflicts:" ||
         title == "Skipping packages with broken dependencies:";
}

// Without a name: it is none.
Package packageOf(const Words& words, std::size_t first) {
  Package package;
  if (words.size() < first + kColumns) return package;
  package.name = words[first];
  package.arch = words[first + 1];
  package.evr = words[first + 2];
  package.repository = words[first + 3];
  // Everywhere else an epoch of none is not written.
  if (package.evr.starts_with("0:")) package.evr.erase(0, 2);
  if (!isPackageText(package.name) || !isPackageText(package.arch) || !isPackageText(package.evr)) return {};
  return package;
}

bool isHeading(const Words& words) {
  return words == Words{"Package", "Arch", "Version", "Repository", "Size"};
}

// One line below a section's title. False: it is not understood.
bool addLine(std::string_view line, Change change, std::vector<Row>& rows) {
  const auto words = wordsOf(line);
  const bool replaced = line.starts_with("   ") && !words.empty() && words.front() == kReplacing;
  if (!line.starts_with(' ') || (!replaced && line.starts_with("  "))) return false;
  auto package = packageOf(words, replaced ? 1 : 0);
  if (package.name.empty() || rows.size() >= kMaxRows) return false;
  if (!replaced) {
    rows.push_back({change, std::move(package), {}});
    return true;
  }
  if (rows.empty()) return false;
  rows.back().replaced.push_back(std::move(package));
  return true;
}

}  // namespace

Result<std::vector<Row>> parseTable(std::string_view printed, LeftOut left_out) {
  const bool everything = left_out == LeftOut::kPassedOver;
  std::vector<Row> rows;
  std::vector<Row> passed_over;
  if (everything && printed.starts_with(kNothing)) return rows;
  std::optional<Change> section;
  auto* rows_of_section = &rows;
  for (bool headed = false; !printed.empty();) {
    const auto line = printed.substr(0, printed.find('\n'));
    printed.remove_prefix(std::min(line.size() + 1, printed.size()));
    if (!headed) {
      if (!isHeading(wordsOf(line))) return notUnderstood(line);
      headed = true;
    } else if (line.empty()) {
      const bool nothing = everything && rows.empty() && printed.starts_with(kNothing);
      if (!nothing && !printed.starts_with("Transaction Summary:")) return notUnderstood(printed);
      return rows;
    } else if (const auto next = everything ? sectionOfEverything(line) : sectionOf(line)) {
      section = next;
      rows_of_section = &rows;
    } else if (everything && isLeftOut(line)) {
      section = Change::kInstall;
      rows_of_section = &passed_over;
    } else if (!section || !addLine(line, *section, *rows_of_section)) {
      return notUnderstood(line);
    }
  }
  if (section) return notUnderstood("it has no end");
  return rows;
}

}  // namespace redflag::dnf5
