#pragma once
// How fast a file system fills, from what earlier scans saw.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redflag::storage {

struct Sample {
  std::int64_t at_s = 0;  // since the epoch
  std::int64_t used_bytes = 0;
  bool operator==(const Sample&) const = default;
};

// Kept between scans, by mount point: at most one sample an hour and 60 of them, of two weeks: the older, the
// fewer.
class Growth {
 public:
  // As text() wrote it; what does not parse is forgotten.
  static Growth from(std::string_view text);
  // At most 3 MiB: where many are mounted, the last ones by name are forgotten.
  std::string text() const;

  void add(const std::string& point, Sample sample);
  // Forgets mounts that are not among these.
  void keepOnly(const std::vector<std::string>& points);
  // A straight line through the samples of at least two days; nullopt when there are fewer, or it does not
  // grow, or the line reaches the end in more than ten years.
  std::optional<double> daysUntilFull(const std::string& point, std::int64_t capacity_bytes) const;

 private:
  std::map<std::string, std::vector<Sample>> samples_;
};

}  // namespace redflag::storage
