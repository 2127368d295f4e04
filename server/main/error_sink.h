#pragma once
// Hands every line of the log at level error to the store's errors, while it exists.

#include <spdlog/sinks/base_sink.h>

#include <memory>
#include <mutex>

#include "base/log.h"
#include "base/request_id.h"
#include "services/error_log.h"

namespace redflag::server {

class ErrorSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ErrorSink(services::ErrorLog& errors) : errors_(errors) { set_level(spdlog::level::err); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view line(message.payload.data(), message.payload.size());
    const std::string_view id = RequestScope::id();
    errors_.noteLine(id.empty() ? std::string(line) : fmt::format("request_id={} {}", id, line));
  }
  void flush_() override {}

 private:
  services::ErrorLog& errors_;
};

// Made and ended while nobody else logs.
class ErrorTap {
 public:
  explicit ErrorTap(services::ErrorLog& errors) : sink_(std::make_shared<ErrorSink>(errors)) {
    spdlog::default_logger()->sinks().push_back(sink_);
  }
  ~ErrorTap() { std::erase(spdlog::default_logger()->sinks(), sink_); }
  ErrorTap(const ErrorTap&) = delete;
  ErrorTap& operator=(const ErrorTap&) = delete;

 private:
  spdlog::sink_ptr sink_;
};

}  // namespace redflag::server
