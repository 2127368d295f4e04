#include "support/open_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <regex>
#include <set>
#include <stdexcept>

namespace redflag::testing {
namespace {

[[noreturn]] void refuse(const std::string& why, const std::string& line) {
  throw std::runtime_error(why + ": " + line);
}

const std::map<std::string, std::set<std::string>>& suffixes() {
  static const std::map<std::string, std::set<std::string>> known = {
      {"counter", {"_total"}},
      {"gauge", {""}},
      {"info", {"_info"}},
      {"histogram", {"_bucket", "_count", "_sum"}}};
  return known;
}

// From after "{" to after "}".
std::map<std::string, std::string> readLabels(const std::string& text, std::size_t& at) {
  static const std::regex kName("[a-zA-Z_][a-zA-Z0-9_]*");
  std::map<std::string, std::string> labels;
  while (true) {
    const std::size_t equals = text.find("=\"", at);
    if (equals == std::string::npos) refuse("a label without a value", text);
    const std::string name = text.substr(at, equals - at);
    if (!std::regex_match(name, kName)) refuse("no label name", text);
    std::string value;
    for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] != '\\') {
        value += text[at];
        continue;
      }
      const char escaped = at + 1 < text.size() ? text[++at] : ' ';
      if (escaped != '\\' && escaped != '"' && escaped != 'n') refuse("no escape", text);
      value += escaped == 'n' ? '\n' : escaped;
    }
    if (!labels.emplace(name, value).second) refuse("a label twice", text);
    ++at;
    if (at >= text.size()) refuse("labels without an end", text);
    if (text[at] == '}') return ++at, labels;
    if (text[at++] != ',') refuse("expected a comma", text);
  }
}

}  // namespace

OpenMetrics::OpenMetrics(const std::string& text) {
  if (text.empty() || text.back() != '\n') refuse("no line feed at the end", text.substr(0, 40));
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    line(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!ended_) refuse("no # EOF", text.substr(text.size() - std::min<std::size_t>(text.size(), 40)));
  checkHistograms();
}

void OpenMetrics::line(const std::string& text) {
  if (ended_) refuse("something after # EOF", text);
  if (text == "# EOF") {
    ended_ = true;
  } else if (text.starts_with('#')) {
    metadata(text);
  } else {
    sample(text);
  }
}

MetricFamily& OpenMetrics::current() {
  return families_.at(current_);
}

void OpenMetrics::metadata(const std::string& text) {
  static const std::regex kForm("# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
  std::smatch part;
  if (!std::regex_match(text, part, kForm)) refuse("no metadata", text);
  const std::string name = part[2];
  if (part[1] == "TYPE") {
    if (!suffixes().contains(part[3])) refuse("no type", text);
    if (!families_.emplace(name, MetricFamily{part[3], "", "", {}}).second) refuse("a family twice", text);
    current_ = name;
    return;
  }
  if (name != current_) refuse("metadata of another family", text);
  if (!current().samples.empty()) refuse("metadata after samples", text);
  std::string& value = part[1] == "UNIT" ? current().unit : current().help;
  if (!value.empty()) refuse("said twice", text);
  value = part[3];
  if (part[1] == "UNIT" && !name.ends_with("_" + value)) refuse("a name without its unit", text);
}

void OpenMetrics::sample(const std::string& text) {
  const std::size_t end = text.find_first_of("{ ");
  if (end == std::string::npos || current_.empty()) refuse("no sample", text);
  MetricSample out;
  out.name = text.substr(0, end);
  const std::string suffix = out.name.starts_with(current_) ? out.name.substr(current_.size()) : "?";
  if (!suffixes().at(current().type).contains(suffix)) refuse("no sample of " + current_, text);
  std::size_t at = end;
  if (text[at] == '{') out.labels = readLabels(text, ++at);
  if (at >= text.size() || text[at] != ' ') refuse("expected one space", text);
  const std::string number = text.substr(at + 1);
  char* rest = nullptr;
  out.value = std::strtod(number.c_str(), &rest);
  if (number.empty() || *rest != '\0' || number.find(' ') != std::string::npos) refuse("no number", text);
  if (current().type != "gauge" && !(out.value >= 0)) refuse("less than nothing", text);
  for (const auto& other : current().samples)
    if (other.name == out.name && other.labels == out.labels) refuse("a series twice", text);
  current().samples.push_back(std::move(out));
}

// Buckets ascend to +Inf, which is the count.
void OpenMetrics::checkHistograms() const {
  for (const auto& [name, family] : families_) {
    if (family.type != "histogram") continue;
    std::map<std::map<std::string, std::string>, std::vector<std::pair<double, double>>> buckets;
    for (const auto& one : family.samples) {
      auto labels = one.labels;
      const auto le = labels.extract("le");
      if (one.name == name + "_bucket") {
        if (le.empty()) refuse("a bucket without le", name);
        if (le.mapped() != "+Inf" && le.mapped().find_first_of(".e") == std::string::npos)
          refuse("no canonical bound", le.mapped());
        buckets[labels].emplace_back(std::strtod(le.mapped().c_str(), nullptr), one.value);
      } else if (!le.empty()) {
        refuse("le outside of a bucket", name);
      } else if (one.name == name + "_count") {
        const auto& all = buckets[labels];
        if (all.empty() || !std::isinf(all.back().first) || all.back().second != one.value)
          refuse("a count that is not its last bucket", name);
        const bool ascends = std::is_sorted(all.begin(), all.end()) &&
                             std::is_sorted(all.begin(), all.end(),
                                            [](const auto& a, const auto& b) { return a.second < b.second; });
        if (!ascends) refuse("buckets that do not ascend", name);
      }
    }
  }
}

bool OpenMetrics::hasSeries(const std::string& name) const {
  return std::any_of(families_.begin(), families_.end(), [&](const auto& entry) {
    const auto& [family, content] = entry;
    return name.starts_with(family) && suffixes().at(content.type).contains(name.substr(family.size()));
  });
}

std::vector<MetricSample> OpenMetrics::samplesOf(const std::string& name) const {
  std::vector<MetricSample> out;
  for (const auto& [family, content] : families_)
    for (const auto& one : content.samples)
      if (one.name == name) out.push_back(one);
  return out;
}

double OpenMetrics::sum(const std::string& name, const std::map<std::string, std::string>& labels) const {
  double total = 0;
  for (const auto& [family, content] : families_) {
    for (const auto& one : content.samples) {
      const bool fits = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
        const auto found = one.labels.find(label.first);
        return found != one.labels.end() && found->second == label.second;
      });
      if (one.name == name && fits) total += one.value;
    }
  }
  return total;
}

}  // namespace redflag::testing
