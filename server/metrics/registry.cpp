#include "metrics/registry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace redflag::metrics {
namespace {

constexpr std::size_t kMostLabelBytes = 128;
constexpr const char* kOther = "other";

thread_local std::string current_operation = kOther;

void cutLabel(std::string& value) {
  if (value.size() <= kMostLabelBytes) return;
  value.resize(kMostLabelBytes);
  // Not within a character of UTF-8.
  while (!value.empty() && (static_cast<unsigned char>(value.back()) & 0xC0U) == 0x80U)
    value.pop_back();
  if (!value.empty() && static_cast<unsigned char>(value.back()) >= 0xC0U) value.pop_back();
}

// The series of these labels; past the bound the one of all that have none.
template <class Value>
Value& seriesOf(std::map<Labels, Value>& series, Labels labels, std::size_t most) {
  for (std::string& value : labels)
    cutLabel(value);
  const auto found = series.find(labels);
  if (found != series.end()) return found->second;
  if (series.size() >= most) std::fill(labels.begin(), labels.end(), kOther);
  return series[std::move(labels)];
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

// Shortest that reads back the same; a whole number keeps its ".0", as OpenMetrics wants bounds.
std::string number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string out(buffer, end);
  if (error == std::errc{} && out.find_first_of(".en") == std::string::npos) out += ".0";
  return out;
}

std::string labelsText(const Meaning& meaning, const Labels& labels, const std::string& bound = "") {
  std::string out;
  for (std::size_t i = 0; i < meaning.labels.size(); ++i)
    out += (out.empty() ? "" : ",") + meaning.labels[i] + "=\"" + escaped(labels.at(i)) + '"';
  if (!bound.empty()) out += (out.empty() ? "" : ",") + std::string("le=\"") + bound + '"';
  return out.empty() ? out : "{" + out + "}";
}

void head(std::string& out, const Meaning& meaning, const char* type) {
  out += "# TYPE " + meaning.name + ' ' + type + '\n';
  if (!meaning.unit.empty()) out += "# UNIT " + meaning.name + ' ' + meaning.unit + '\n';
  out += "# HELP " + meaning.name + ' ' + escaped(meaning.help) + '\n';
}

void sample(std::string& out, const std::string& name, const std::string& labels, const std::string& value) {
  out += name + labels + ' ' + value + '\n';
}

}  // namespace

void Counter::add(Labels labels, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  seriesOf(series_, std::move(labels), most_series_) += count;
}

void Counter::write(std::string& out) const {
  head(out, meaning_, "counter");
  const std::lock_guard lock(mutex_);
  for (const auto& [labels, count] : series_)
    sample(out, meaning_.name + "_total", labelsText(meaning_, labels), std::to_string(count));
}

void Histogram::always(Labels labels) {
  const std::lock_guard lock(mutex_);
  always_.insert(std::move(labels));
}

void Histogram::observe(Labels labels, double value) {
  const auto bucket =
      static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
  const std::lock_guard lock(mutex_);
  const std::size_t most =
      always_.contains(labels) ? std::numeric_limits<std::size_t>::max() : most_series_ + always_.size();
  Series& series = seriesOf(series_, std::move(labels), most);
  series.counts.resize(bounds_.size() + 1);
  ++series.counts[bucket];
  series.sum += value;
}

void Histogram::write(std::string& out) const {
  head(out, meaning_, "histogram");
  const std::lock_guard lock(mutex_);
  for (const auto& [labels, series] : series_) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < series.counts.size(); ++i) {
      below += series.counts[i];
      const std::string bound = i < bounds_.size() ? number(bounds_[i]) : "+Inf";
      sample(out, meaning_.name + "_bucket", labelsText(meaning_, labels, bound), std::to_string(below));
    }
    sample(out, meaning_.name + "_count", labelsText(meaning_, labels), std::to_string(below));
    sample(out, meaning_.name + "_sum", labelsText(meaning_, labels), number(series.sum));
  }
}

void Snapshot::gauge(const Meaning& meaning, const std::vector<std::pair<Labels, double>>& values) {
  head(out_, meaning, "gauge");
  for (const auto& [labels, value] : values)
    sample(out_, meaning.name, labelsText(meaning, labels), number(value));
}

void Snapshot::counter(const Meaning& meaning, const std::vector<std::pair<Labels, double>>& values) {
  head(out_, meaning, "counter");
  for (const auto& [labels, value] : values)
    sample(out_, meaning.name + "_total", labelsText(meaning, labels), number(value));
}

void Snapshot::info(const Meaning& meaning, const Labels& labels) {
  head(out_, meaning, "info");
  sample(out_, meaning.name + "_info", labelsText(meaning, labels), "1");
}

std::vector<double> secondsBounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
}

Counter& Registry::counter(Meaning meaning, std::size_t most_series) {
  const std::lock_guard lock(mutex_);
  return counters_.emplace_back(std::move(meaning), most_series);
}

Histogram& Registry::histogram(Meaning meaning, std::vector<double> bounds, std::size_t most_series) {
  const std::lock_guard lock(mutex_);
  return histograms_.emplace_back(std::move(meaning), std::move(bounds), most_series);
}

void Registry::onRead(std::function<void(Snapshot&)> write) {
  const std::lock_guard lock(mutex_);
  snapshots_.push_back(std::move(write));
}

std::string Registry::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  Snapshot snapshot(out);
  for (const auto& write : snapshots_)
    write(snapshot);
  for (const auto& family : counters_)
    family.write(out);
  for (const auto& family : histograms_)
    family.write(out);
  return out + "# EOF\n";
}

Operation::Operation(std::string name) : before_(std::exchange(current_operation, std::move(name))) {}

Operation::~Operation() {
  current_operation = std::move(before_);
}

const std::string& Operation::current() {
  return current_operation;
}

}  // namespace redflag::metrics
