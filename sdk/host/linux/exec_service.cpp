// rf.exec/1: argv only, both streams read side by side so that neither can block the other.
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/time.h"
#include "host/guard.h"
#include "host/linux/child.h"
#include "host/services/services.h"
#include "host/text.h"

namespace redflag::host {
namespace {

constexpr std::uint64_t kDefaultOutputBytes = 16U << 20;
constexpr std::uint64_t kMaxWords = 4096;
constexpr std::uint64_t kMaxWordBytes = 128U << 10;
constexpr int kTickMs = 20;  // how soon a cancel, or the end of a child that closed its streams, is seen

ServiceContext& contextOf(const rf_exec_1* self) {
  return *static_cast<ServiceContext*>(self->service_data);
}

// One stream of the child on its way to the plugin.
class Stream {
 public:
  Stream(rf_sink sink, std::uint64_t max_bytes) : sink_(sink), left_(max_bytes) {}

  bool open() const { return open_; }
  // Hands on what is there; RF_OK also when nothing is, or at its end.
  rf_status pump(int fd) {
    std::array<char, 65536> chunk;
    while (open_) {
      const ssize_t got = ::read(fd, chunk.data(), chunk.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return RF_OK;
      if (got <= 0) {
        open_ = false;
        return RF_OK;
      }
      const auto size = static_cast<std::uint64_t>(got);
      if (size > left_) return RF_LIMIT;
      left_ -= size;
      const rf_status status =
          sink_.write(sink_.sink_data, rfStr({chunk.data(), static_cast<std::size_t>(size)}));
      if (status != RF_OK) return status;
    }
    return RF_OK;
  }

 private:
  rf_sink sink_;
  std::uint64_t left_;
  bool open_ = true;
};

struct Limits {
  std::int64_t deadline_ns = 0;
  std::uint64_t max_output_bytes = kDefaultOutputBytes;
};

Limits limitsOf(const rf_exec_options* options, const RunControl& control) {
  Limits limits{control.deadline_ns, kDefaultOutputBytes};
  if (RF_HAS(options, rf_exec_options, timeout_ns) && options->timeout_ns > 0) {
    const std::int64_t now = monotonicNow();
    if (options->timeout_ns < limits.deadline_ns - now) limits.deadline_ns = now + options->timeout_ns;
  }
  if (RF_HAS(options, rf_exec_options, max_output_bytes) && options->max_output_bytes > 0) {
    limits.max_output_bytes = options->max_output_bytes;
  }
  return limits;
}

rf_status wordsOf(const rf_str* argv, std::uint64_t argc, std::vector<std::string>& words) {
  if (argv == nullptr || argc == 0 || argc > kMaxWords) return RF_INVALID;
  for (std::uint64_t i = 0; i < argc; ++i) {
    const std::string_view word = viewOf(argv[i]);
    if (word.size() > kMaxWordBytes || word.find('\0') != std::string_view::npos) return RF_INVALID;
    words.emplace_back(word);
  }
  return RF_OK;
}

// A child may close its streams and run on, or end while a grandchild holds them: only its own end counts.
rf_status attend(Child& child, Stream& out, Stream& err, const Limits& limits, const RunControl& control,
                 std::int32_t& exit_code) {
  for (;;) {
    const auto code = child.poll();  // before the last pump, so that nothing it wrote is missed
    if (const rf_status status = out.pump(child.out()); status != RF_OK) return status;
    if (const rf_status status = err.pump(child.err()); status != RF_OK) return status;
    if (code) {
      exit_code = *code;
      return RF_OK;
    }
    if (control.cancelled) return RF_CANCELLED;
    if (monotonicNow() >= limits.deadline_ns) return RF_LIMIT;
    std::array<pollfd, 2> waits = {pollfd{out.open() ? child.out() : -1, POLLIN, 0},
                                   pollfd{err.open() ? child.err() : -1, POLLIN, 0}};
    // With both streams closed its end is near: look often.
    ::poll(waits.data(), waits.size(), out.open() || err.open() ? kTickMs : 1);
  }
}

rf_status run(const rf_exec_1* self, const rf_str* argv, std::uint64_t argc, const rf_exec_options* options,
              rf_sink out, rf_sink err, std::int32_t* exit_code) {
  return guard([&]() -> rf_status {
    const ServiceContext& context = contextOf(self);
    std::vector<std::string> words;
    if (const rf_status status = wordsOf(argv, argc, words); status != RF_OK || exit_code == nullptr) {
      return RF_INVALID;
    }
    if (!context.capabilities.mayExecute(words[0])) return context.deny("exec:" + words[0]);
    const Limits limits = limitsOf(options, context.control);
    auto child = Child::start(words);
    if (!child) {
      context.reporter.log("warning", child.error().text);
      return child.error().code == Code::kNotFound ? RF_NOT_APPLICABLE
             : child.error().code == Code::kDenied ? RF_DENIED
                                                   : RF_TRANSIENT;
    }
    Stream out_stream(out, limits.max_output_bytes);
    Stream err_stream(err, limits.max_output_bytes);
    return attend(*child, out_stream, err_stream, limits, context.control, *exit_code);
  });
}

}  // namespace

ExecService::ExecService(ServiceContext& context) {
  table_.struct_size = sizeof(rf_exec_1);
  table_.service_data = &context;
  table_.run = &run;
}

}  // namespace redflag::host
