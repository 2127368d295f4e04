#pragma once
// OpenMetrics 1.0 text, read as strictly as its specification says; what is not in order is an exception.

#include <map>
#include <string>
#include <vector>

namespace redflag::testing {

struct MetricSample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct MetricFamily {
  std::string type;
  std::string unit;
  std::string help;
  std::vector<MetricSample> samples;
};

class OpenMetrics {
 public:
  // Throws std::runtime_error with the line.
  explicit OpenMetrics(const std::string& text);

  const std::map<std::string, MetricFamily>& families() const { return families_; }
  // Whether a query may name it: "redflag_x_total" of a counter, "redflag_x_bucket" of a histogram.
  bool hasSeries(const std::string& name) const;
  // Of a series that a query may name.
  std::vector<MetricSample> samplesOf(const std::string& name) const;
  // The sum of the samples with these labels (and perhaps others); 0 without any.
  double sum(const std::string& name, const std::map<std::string, std::string>& labels = {}) const;

 private:
  void line(const std::string& text);
  void metadata(const std::string& text);
  void sample(const std::string& text);
  MetricFamily& current();
  void checkHistograms() const;

  std::map<std::string, MetricFamily> families_;
  std::string current_;
  bool ended_ = false;
};

}  // namespace redflag::testing
