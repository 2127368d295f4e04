#pragma once
// The host's services as classes. Each is cheap to copy, may be used from any thread during a call, and
// answers kUnsupported where a host does not offer it.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "redflag/draft/http.h"
#include "redflag/draft/progress.h"
#include "redflag/services.h"
#include "redflag/status.hpp"

namespace rf {

// Outlives the plugin.
class Host {
 public:
  explicit Host(const rf_host* host) : host_(host) {}
  // nullptr if not offered, or offered by a host that knows less of the table than `Table` needs.
  template <class Table>
  const Table* service(std::string_view id) const {
    const auto* table = static_cast<const Table*>(host_->service(host_, str(id)));
    return table != nullptr && table->struct_size >= sizeof(Table) ? table : nullptr;
  }

 private:
  const rf_host* host_;
};

namespace detail {

// Collects what a host writes in pieces. Allocation may fail and must not throw into the host.
template <class Container>
rf_sink sinkInto(Container& container) {
  return {&container, [](void* data, rf_str bytes) -> rf_status {
            try {
              auto& target = *static_cast<Container*>(data);
              if constexpr (std::is_same_v<Container, std::string>) {
                target.append(view(bytes));
              } else {
                target.emplace_back(view(bytes));
              }
              return RF_OK;
            } catch (const std::exception&) {
              return RF_LIMIT;
            }
          }};
}

inline std::string because(std::string_view what, rf_status status) {
  static constexpr const char* kWhy[] = {"worked",
                                         "failed for now",
                                         "failed",
                                         "may not be used: a capability or permission is missing",
                                         "was cancelled",
                                         "exceeded a limit",
                                         "is not offered by this host",
                                         "was refused as malformed",
                                         "does not exist",
                                         "cannot work with these settings",
                                         "failed inside the host"};
  return std::string(what) + " " + kWhy[raw(toStatus(status))];
}

}  // namespace detail

// For the agent's log; technicians see Run::report.
class Log {
 public:
  explicit Log(Host host) : table_(host.service<rf_log_1>(RF_LOG_1)) {}
  void debug(std::string_view text) const { write(RF_LOG_DEBUG, text); }
  void info(std::string_view text) const { write(RF_LOG_INFO, text); }
  void warning(std::string_view text) const { write(RF_LOG_WARNING, text); }
  void error(std::string_view text) const { write(RF_LOG_ERROR, text); }

 private:
  void write(rf_log_level level, std::string_view text) const {
    if (table_ != nullptr) table_->write(table_, level, str(text));
  }
  const rf_log_1* table_;
};

class Clock {
 public:
  explicit Clock(Host host) : table_(host.service<rf_clock_1>(RF_CLOCK_1)) {}
  std::int64_t epochNs() const { return table_ == nullptr ? 0 : table_->epoch_ns(table_); }
  std::int64_t monotonicNs() const { return table_ == nullptr ? 0 : table_->monotonic_ns(table_); }

 private:
  const rf_clock_1* table_;
};

// What the plugin keeps between runs; kept only if the run ends with kOk.
class State {
 public:
  explicit State(Host host) : table_(host.service<rf_state_1>(RF_STATE_1)) {}
  Value<std::string> get(std::string_view key) const {
    std::string value;
    const rf_status status =
        table_ == nullptr ? RF_UNSUPPORTED : table_->get(table_, str(key), detail::sinkInto(value));
    if (status == RF_OK) return value;
    return {toStatus(status), detail::because(key, status)};
  }
  [[nodiscard]] Status put(std::string_view key, std::string_view value) const {
    return table_ == nullptr ? Status::kUnsupported : toStatus(table_->put(table_, str(key), str(value)));
  }

 private:
  const rf_state_1* table_;
};

struct FileInfo {
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t inode = 0;
  bool is_directory = false;
};

// Reading under the plugin's "read:" capabilities; paths are absolute. kNotApplicable: no such file.
class File {
 public:
  explicit File(Host host) : table_(host.service<rf_file_1>(RF_FILE_1)) {}
  Value<std::string> read(std::string_view path, std::uint64_t max_bytes = 16U << 20) const {
    std::string content;
    const rf_status status = table_ == nullptr
                                 ? RF_UNSUPPORTED
                                 : table_->read(table_, str(path), max_bytes, detail::sinkInto(content));
    if (status == RF_OK) return content;
    return {toStatus(status), detail::because(path, status)};
  }
  Value<FileInfo> info(std::string_view path) const {
    rf_file_info info{};
    info.struct_size = sizeof(info);
    const rf_status status = table_ == nullptr ? RF_UNSUPPORTED : table_->info(table_, str(path), &info);
    if (status == RF_OK)
      return FileInfo{info.size_bytes, info.modified_ns, info.inode, info.is_directory != 0};
    return {toStatus(status), detail::because(path, status)};
  }
  // Names, sorted by bytes.
  Value<std::vector<std::string>> list(std::string_view path) const {
    std::vector<std::string> names;
    const rf_status status =
        table_ == nullptr ? RF_UNSUPPORTED : table_->list(table_, str(path), detail::sinkInto(names));
    if (status == RF_OK) return names;
    return {toStatus(status), detail::because(path, status)};
  }

 private:
  const rf_file_1* table_;
};

struct ExecResult {
  std::int32_t exit_code = 0;  // 128 + the signal's number when one killed it
  std::string out;
  std::string err;
};

struct ExecLimits {
  std::int64_t timeout_ns = 0;         // 0: until the run's deadline
  std::uint64_t max_output_bytes = 0;  // of each stream; 0: the host's 16 MiB
};

// Starts tools named by "exec:" capabilities: argv only, no shell. argv[0] is an absolute path.
class Exec {
 public:
  explicit Exec(Host host) : table_(host.service<rf_exec_1>(RF_EXEC_1)) {}

  Value<ExecResult> run(const std::vector<std::string>& argv, ExecLimits limits = {}) const {
    if (table_ == nullptr || argv.empty()) {
      return {argv.empty() ? Status::kInvalid : Status::kUnsupported, "nothing could be started"};
    }
    std::vector<rf_str> words;
    words.reserve(argv.size());
    for (const auto& word : argv)
      words.push_back(str(word));
    const rf_exec_options options{sizeof(options), limits.timeout_ns, limits.max_output_bytes};
    ExecResult result;
    const rf_status status =
        table_->run(table_, words.data(), words.size(), &options, detail::sinkInto(result.out),
                    detail::sinkInto(result.err), &result.exit_code);
    if (status == RF_OK) return result;
    return {toStatus(status), detail::because(argv[0], status)};
  }

  // The output's lines, without their ends. An exit code other than 0 is kTransient, with the start of what
  // the tool said.
  Value<std::vector<std::string>> lines(const std::vector<std::string>& argv, ExecLimits limits = {}) const {
    auto ran = run(argv, limits);
    if (!ran) return {ran.status(), ran.text()};
    if (ran->exit_code != 0) {
      return {Status::kTransient,
              argv[0] + " ended with " + std::to_string(ran->exit_code) + ": " + ran->err.substr(0, 400)};
    }
    std::vector<std::string> lines;
    std::string_view rest = ran->out;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      lines.emplace_back(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return lines;
  }

 private:
  const rf_exec_1* table_;
};

struct HttpAnswer {
  std::int32_t http_status = 0;
  std::string body;
};

// Draft. Questions to a service behind a local socket that a "http:unix:" capability names. Any answer is a
// value, whatever its HTTP status.
class LocalHttp {
 public:
  explicit LocalHttp(Host host) : table_(host.service<rf_http_1>(RF_HTTP_1)) {}

  Value<HttpAnswer> get(std::string_view socket, std::string_view target, std::uint64_t max_bytes = 0) const {
    if (table_ == nullptr) return {Status::kUnsupported, "this host asks no local services"};
    HttpAnswer answer;
    const rf_status status = table_->get_local(table_, str(socket), str(target), max_bytes,
                                               detail::sinkInto(answer.body), &answer.http_status);
    if (status == RF_OK) return answer;
    return {toStatus(status), detail::because(socket, status)};
  }

 private:
  const rf_http_1* table_;
};

// Draft. For the person who watches long work.
class Progress {
 public:
  explicit Progress(Host host) : table_(host.service<rf_progress_1>(RF_PROGRESS_1)) {}
  void update(std::int32_t percent, std::string_view text) const {
    if (table_ != nullptr) table_->update(table_, percent, str(text));
  }
  void line(std::string_view text) const {
    if (table_ != nullptr) table_->line(table_, str(text));
  }

 private:
  const rf_progress_1* table_;
};

}  // namespace rf
