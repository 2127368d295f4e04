#pragma once
// The request's id in the lines of a log.

#include <spdlog/pattern_formatter.h>

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/request_id.h"

namespace redflag {

// "request_id=… " in a log's pattern, nothing outside of a request. For sinks that write on the thread that
// logs.
class RequestFlag : public spdlog::custom_flag_formatter {
 public:
  static constexpr char kFlag = 'q';

  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view id = RequestScope::id();
    if (id.empty()) return;
    for (const std::string_view part : {std::string_view("request_id="), id, std::string_view(" ")})
      out.append(part.data(), part.data() + part.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<RequestFlag>(); }
};

}  // namespace redflag
