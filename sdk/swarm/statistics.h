#pragma once
// What a run measured, in memory that does not grow with it. Threads: one owner; merged at the end.

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "swarm/connection.h"

namespace redflag::swarm {

using Report = nlohmann::ordered_json;  // read by people too: in the order in which it is written

// Durations in buckets whose width is at most 1/64 of their value (log-linear, as in HdrHistogram).
class Histogram {
 public:
  void add(std::int64_t ns);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::int64_t maxNs() const { return max_ns_; }
  // The smallest value that `share` (0, 1] of all do not exceed, at most 1/64 too large; 0 without any.
  std::int64_t percentileNs(double share) const;

 private:
  static constexpr int kStepBits = 6;
  static constexpr int kPowers = 34;  // of microseconds: up to 4.7 hours
  static std::size_t bucketOf(std::uint64_t us);
  static std::uint64_t upperBound(std::size_t bucket);

  std::array<std::uint32_t, static_cast<std::size_t>(kPowers) << kStepBits> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

class Statistics {
 public:
  void took(const std::string& operation, std::int64_t ns) { operations_[operation].add(ns); }
  // `code`: of the server's problem document, or the swarm's own word ("connection.closed").
  // `request_id`: of an answer, to look it up in the server's log.
  void failed(const std::string& code, const std::string& request_id = {}) {
    ++errors_[code];
    if (!request_id.empty()) requests_[code] = request_id;
  }
  // An answer that is not the one that was asked for.
  void refused(const Reply& reply);
  void moved(std::uint64_t sent, std::uint64_t received) {
    sent_ += sent;
    received_ += received;
  }
  void merge(const Statistics& other);

  const std::map<std::string, Histogram>& operations() const { return operations_; }
  const std::map<std::string, std::uint64_t>& errors() const { return errors_; }
  std::uint64_t putOff() const { return put_off_; }
  // {"operations": {name: {"count","per_s","p50_ms","p90_ms","p99_ms","max_ms"}}, "put_off": n, "errors":
  //  {code: n}, "requests": {code: id of the last request that met it}, "bytes": {"sent","received"}}
  Report report(double seconds) const;

 private:
  std::map<std::string, Histogram> operations_;
  std::uint64_t put_off_ = 0;  // answers that asked to come later, because the server has too much to do
  std::map<std::string, std::uint64_t> errors_;
  std::map<std::string, std::string> requests_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace redflag::swarm
