#pragma once
// Errors that this program logged, counted by kind until they are told to the server. Whoever logs never
// waits for the disk, and however often one comes, it is one. Threads: any.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace redflag::kernel {

struct NotedError {
  std::string subsystem;
  std::string code;
  std::string text;        // of the first one
  std::int64_t at_ns = 0;  // of the newest one
  std::int64_t times = 1;
};

class NotedErrors {
 public:
  // A line of the log at level error (base/logged_error.h).
  void note(std::string_view line, std::int64_t now_ns);
  // At most kMaxToldErrors (protocol/limits.h), what exceeds them counted in the last. None is left.
  std::vector<NotedError> take();
  // What could not be told after all.
  void putBack(const std::vector<NotedError>& errors);

 private:
  void add(const NotedError& error);

  std::mutex mutex_;
  std::map<std::string, NotedError> noted_;  // by kind
};

// Of this program since its first startLog().
std::shared_ptr<NotedErrors> notedErrors();

}  // namespace redflag::kernel
