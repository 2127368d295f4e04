#include "local/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>

#include "base/line_flag.h"
#include "base/log.h"
#include "base/request_flag.h"
#include "base/time.h"
#include "local/noted_errors.h"

namespace redflag::kernel {
namespace {

// "<6>": how the journal is told a line's priority.
class PriorityFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    char digit = '7';
    if (message.level >= spdlog::level::critical)
      digit = '2';
    else if (message.level == spdlog::level::err)
      digit = '3';
    else if (message.level == spdlog::level::warn)
      digit = '4';
    else if (message.level == spdlog::level::info)
      digit = '6';
    const char text[] = {'<', digit, '>'};
    out.append(text, text + sizeof text);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<PriorityFlag>(); }
};

// What is told to the server, by whoever asks for it.
class NotedSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  NotedSink() { set_level(spdlog::level::err); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    noted_->note({message.payload.data(), message.payload.size()}, epochNow());
  }
  void flush_() override {}

 private:
  const std::shared_ptr<NotedErrors> noted_ = notedErrors();
};

constexpr std::size_t kKeptLines = 1000;
constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %q%Q";

std::unique_ptr<spdlog::pattern_formatter> formatterOf(const char* pattern,
                                                       const char* end = spdlog::details::os::default_eol) {
  auto out = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, end);
  out->add_flag<PriorityFlag>('*')
      .add_flag<RequestFlag>(RequestFlag::kFlag)
      .add_flag<LineFlag>(LineFlag::kFlag)
      .set_pattern(pattern);
  return out;
}

// As they were printed. spdlog's own ring makes room for all of them at once, which costs a scan from the
// command line a millisecond, and memory that an idle agent never uses.
class KeptLines : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> newest(std::size_t count) {
    const std::lock_guard lock(mutex_);
    const auto first = lines_.size() - std::min(count, lines_.size());
    return {lines_.begin() + static_cast<std::ptrdiff_t>(first), lines_.end()};
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (lines_.size() == kKeptLines) lines_.pop_front();
    lines_.emplace_back(line.data(), line.size());
  }
  void flush_() override {}

  std::deque<std::string> lines_;
};

std::shared_ptr<KeptLines>& kept() {
  static std::shared_ptr<KeptLines> sink;
  return sink;
}

}  // namespace

std::vector<std::string> recentLog(std::size_t lines) {
  return kept() == nullptr ? std::vector<std::string>() : kept()->newest(lines);
}

void startLog(const std::string& level, const std::string& to) {
  const bool to_journal = to == "journal" && std::getenv("JOURNAL_STREAM") != nullptr;
  auto out = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  out->set_formatter(formatterOf(to_journal ? "%*%q%Q" : kPattern));
  kept() = std::make_shared<KeptLines>();
  kept()->set_formatter(formatterOf(kPattern, ""));
  auto logger = std::make_shared<spdlog::logger>(
      "agent", spdlog::sinks_init_list{out, kept(), std::make_shared<NotedSink>()});
  spdlog::set_default_logger(std::move(logger));
  setLogLevel(level);
}

void setLogLevel(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace redflag::kernel
