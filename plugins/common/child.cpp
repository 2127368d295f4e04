#include "common/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>

namespace redflag::plugin {
namespace {

constexpr std::size_t kLinesKept = 30;
constexpr std::size_t kLineBytes = 500;
constexpr int kTickMs = 200;
constexpr std::chrono::seconds kGrace{10};

using Line = std::function<void(const std::string&)>;

class Output {
 public:
  explicit Output(const Line& line) : line_(line) {}

  void take(const char* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (bytes[i] == '\n' || bytes[i] == '\r')
        finish();
      else if (current_.size() < kLineBytes)
        // A terminal's escapes and everything else that is not text stays out of reports.
        current_.push_back(static_cast<unsigned char>(bytes[i]) < ' ' || bytes[i] == '\x7f' ? ' ' : bytes[i]);
    }
  }
  void finish() {
    if (current_.find_first_not_of(' ') != std::string::npos) {
      line_(current_);
      last_.push_back(current_);
      if (last_.size() > kLinesKept) last_.pop_front();
    }
    current_.clear();
  }
  std::string words() const {
    std::string all;
    for (const auto& line : last_)
      all += (all.empty() ? "" : " | ") + line;
    return all;
  }

 private:
  const Line& line_;
  std::string current_;
  std::deque<std::string> last_;
};

pid_t start(const std::vector<std::string>& argv, const std::string& answers, int output) {
  std::vector<char*> words;
  for (const auto& word : argv)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::string locale = "LC_ALL=C.UTF-8";
  std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, answers.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  pid_t child = -1;
  const int failed = posix_spawn(&child, words[0], &files, nullptr, words.data(), environment.data());
  posix_spawn_file_actions_destroy(&files);
  return failed != 0 ? -1 : child;
}

int codeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Asks to end, then insists.
class Stopper {
 public:
  Stopper(pid_t child, const std::function<bool()>& stop) : child_(child), stop_(stop) {}
  void look() {
    if (child_ <= 0 || !stop_ || killed_) return;
    const auto now = std::chrono::steady_clock::now();
    if (!asked_ && stop_()) {
      kill(child_, SIGTERM);
      asked_ = true;
      insist_at_ = now + kGrace;
    } else if (asked_ && now >= insist_at_) {
      kill(child_, SIGKILL);
      killed_ = true;
    }
  }

 private:
  pid_t child_;
  const std::function<bool()>& stop_;
  bool asked_ = false;
  bool killed_ = false;
  std::chrono::steady_clock::time_point insist_at_;
};

}  // namespace

ChildEnd runChild(const std::vector<std::string>& argv, const std::string& answers, const Line& line,
                  const std::function<bool()>& stop) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const auto child = start(argv, answers, ends[1]);
  close(ends[1]);
  Output output(line);
  Stopper stopper(child, stop);
  std::array<char, 4096> buffer{};
  int status = 0;
  bool open = child > 0;
  bool ended = !open;
  const auto pump = [&](int wait_ms) {
    pollfd wait{open ? ends[0] : -1, POLLIN, 0};
    if (poll(&wait, 1, wait_ms) <= 0) return false;
    const auto count = read(ends[0], buffer.data(), buffer.size());
    open = count > 0;
    if (open) output.take(buffer.data(), static_cast<std::size_t>(count));
    return open;
  };
  // What it started may hold the pipe for longer: only its own end counts.
  while (!ended) {
    ended = waitpid(child, &status, WNOHANG) == child;
    if (!ended) pump(kTickMs);
    stopper.look();
  }
  while (pump(0)) {
  }
  output.finish();
  close(ends[0]);
  return {child > 0 ? codeOf(status) : -1, output.words()};
}

}  // namespace redflag::plugin
