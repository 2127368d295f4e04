#pragma once
// What a server counts and times, and its text form: OpenMetrics 1.0 (prometheus-cpp writes only the older
// text format). Memory is bounded: a family keeps so many series, those that came first, and counts the rest
// as "other". Threads: any.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace redflag::metrics {

using Labels = std::vector<std::string>;  // values, in the order of the family's names

inline constexpr const char* kContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

// What a family is called and means. `unit`: "seconds", "bytes", or "" for a plain number; the name ends with
// it.
struct Meaning {
  std::string name;
  std::string unit;
  std::string help;
  std::vector<std::string> labels;
};

class Counter {
 public:
  Counter(Meaning meaning, std::size_t most_series)
      : meaning_(std::move(meaning)), most_series_(most_series) {}
  void add(Labels labels, std::uint64_t count = 1);

 private:
  friend class Registry;
  void write(std::string& out) const;

  const Meaning meaning_;
  const std::size_t most_series_;
  mutable std::mutex mutex_;
  std::map<Labels, std::uint64_t> series_;
};

class Histogram {
 public:
  // `bounds`: upper ones, ascending, without infinity.
  Histogram(Meaning meaning, std::vector<double> bounds, std::size_t most_series)
      : meaning_(std::move(meaning)), bounds_(std::move(bounds)), most_series_(most_series) {}
  // These get a series of their own, however many others there are.
  void always(Labels labels);
  void observe(Labels labels, double value);

 private:
  friend class Registry;
  struct Series {
    std::vector<std::uint64_t> counts;  // one a bound, and those above
    double sum = 0;
  };
  void write(std::string& out) const;

  const Meaning meaning_;
  const std::vector<double> bounds_;
  const std::size_t most_series_;
  mutable std::mutex mutex_;
  std::map<Labels, Series> series_;
  std::set<Labels> always_;
};

// For what is asked at the moment it is read.
class Snapshot {
 public:
  explicit Snapshot(std::string& out) : out_(out) {}
  void gauge(const Meaning& meaning, const std::vector<std::pair<Labels, double>>& values);
  void counter(const Meaning& meaning, const std::vector<std::pair<Labels, double>>& values);
  // Always 1: what is to be known is in the labels.
  void info(const Meaning& meaning, const Labels& labels);

 private:
  std::string& out_;
};

// A little under the times that a server should keep, and far beyond.
std::vector<double> secondsBounds();

class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A name once; the references live as long as the registry.
  Counter& counter(Meaning meaning, std::size_t most_series = 1'000);
  Histogram& histogram(Meaning meaning, std::vector<double> bounds = secondsBounds(),
                       std::size_t most_series = 200);
  // Asked at each text(); what it throws, text() throws.
  void onRead(std::function<void(Snapshot&)> write);

  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Counter> counters_;
  std::deque<Histogram> histograms_;
  std::deque<std::function<void(Snapshot&)>> snapshots_;
};

// What this thread is doing, for who measures deep below: a route, or the name of some work of the server's
// own.
class Operation {
 public:
  explicit Operation(std::string name);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  static const std::string& current();  // "other" outside of any

 private:
  std::string before_;
};

}  // namespace redflag::metrics
