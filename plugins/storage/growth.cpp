#include "growth.h"

#include <algorithm>
#include <charconv>

namespace redflag::storage {
namespace {

constexpr std::int64_t kHourS = 3600;
constexpr std::int64_t kDayS = 24 * kHourS;
constexpr std::size_t kMostSamples = 60;
constexpr std::int64_t kShortestS = 2 * kDayS;
constexpr std::int64_t kLongestS = 14 * kDayS;  // whole weeks: what every one of them repeats is no trend
constexpr double kLongestDays = 3650;
constexpr std::size_t kMostKept = 3U << 20U;  // a value of 4 MiB is refused, and the scan with it

// Never less than nothing: what lies between two of them then always fits.
bool number(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

// "1700000000 4096\t/srv": a point may hold anything but a line's end, so it comes last.
bool parseLine(std::string_view line, Sample& sample, std::string& point) {
  const auto space = line.find(' ');
  const auto tab = line.find('\t');
  if (space == std::string_view::npos || tab == std::string_view::npos || space > tab) return false;
  point = line.substr(tab + 1);
  return number(line.substr(0, space), sample.at_s) &&
         number(line.substr(space + 1, tab - space - 1), sample.used_bytes) && !point.empty();
}

}  // namespace

Growth Growth::from(std::string_view text) {
  Growth out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    Sample sample;
    std::string point;
    if (parseLine(text.substr(0, end), sample, point)) out.add(point, sample);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string Growth::text() const {
  std::string out;
  for (const auto& [point, samples] : samples_) {
    if (point.find('\n') != std::string::npos) continue;
    std::string lines;
    for (const auto& sample : samples)
      lines.append(std::to_string(sample.at_s))
          .append(" ")
          .append(std::to_string(sample.used_bytes))
          .append("\t")
          .append(point)
          .append("\n");
    if (out.size() + lines.size() <= kMostKept) out += lines;
  }
  return out;
}

void Growth::add(const std::string& point, Sample sample) {
  auto& samples = samples_[point];
  // A clock that was set back: what it saw then is no past.
  std::erase_if(samples, [&](const Sample& known) { return known.at_s >= sample.at_s; });
  if (!samples.empty() && sample.at_s - samples.back().at_s < kHourS) return;
  // The further back one is, the more of the line it decides: a clean-up of last year would.
  std::erase_if(samples, [&](const Sample& known) { return known.at_s < sample.at_s - kLongestS; });
  samples.push_back(sample);
  // Every other one goes: the span stays, and grows with the next ones.
  if (samples.size() <= kMostSamples) return;
  std::vector<Sample> thinner;
  for (std::size_t i = 0; i < samples.size(); i += 2)
    thinner.push_back(samples[i]);
  if (thinner.back() != sample) thinner.push_back(sample);
  samples = std::move(thinner);
}

void Growth::keepOnly(const std::vector<std::string>& points) {
  std::erase_if(samples_, [&](const auto& entry) {
    return std::find(points.begin(), points.end(), entry.first) == points.end();
  });
}

std::optional<double> Growth::daysUntilFull(const std::string& point, std::int64_t capacity_bytes) const {
  const auto found = samples_.find(point);
  if (found == samples_.end() || found->second.size() < 3) return std::nullopt;
  const auto& samples = found->second;
  if (samples.back().at_s - samples.front().at_s < kShortestS) return std::nullopt;
  const auto count = static_cast<double>(samples.size());
  double mean_at = 0;
  double mean_used = 0;
  for (const auto& sample : samples) {
    mean_at += static_cast<double>(sample.at_s - samples.front().at_s) / count;
    mean_used += static_cast<double>(sample.used_bytes) / count;
  }
  double with = 0;
  double square = 0;
  for (const auto& sample : samples) {
    const double at = static_cast<double>(sample.at_s - samples.front().at_s) - mean_at;
    with += at * (static_cast<double>(sample.used_bytes) - mean_used);
    square += at * at;
  }
  const double bytes_a_second = with / square;
  const auto left = static_cast<double>(capacity_bytes - samples.back().used_bytes);
  const double days = left / bytes_a_second / static_cast<double>(kDayS);
  if (bytes_a_second <= 0 || left < 0 || days > kLongestDays) return std::nullopt;
  return days;
}

}  // namespace redflag::storage
