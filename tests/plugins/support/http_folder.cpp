#include "support/http_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

namespace redflag::test {
namespace {

constexpr const char* kServer = R"(
import functools, http.server, sys
folder, log = sys.argv[1:]
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_request(self, *ignored):
        with open(log, 'a') as out:
            out.write(self.path + '\n')
    def log_message(self, *ignored):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Handler, directory=folder))
print(server.server_address[1], flush=True)
server.serve_forever()
)";

}  // namespace

HttpFolder::HttpFolder(const std::filesystem::path& folder) {
  auto pattern = (std::filesystem::temp_directory_path() / "redflag-http-XXXXXX").string();
  const int log = mkstemp(pattern.data());
  if (log >= 0) close(log);
  log_ = pattern;
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return;
  server_ = fork();
  if (server_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execlp("python3", "python3", "-c", kServer, folder.c_str(), log_.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';)
    port_.push_back(c);
  close(ends[0]);
  EXPECT_FALSE(port_.empty()) << "python3 did not serve";
}

HttpFolder::~HttpFolder() {
  stop();
  std::error_code ignored;
  std::filesystem::remove(log_, ignored);
}

void HttpFolder::stop() {
  if (server_ <= 0) return;
  kill(server_, SIGKILL);
  waitpid(server_, nullptr, 0);
  server_ = -1;
}

std::vector<std::string> HttpFolder::asked() const {
  std::vector<std::string> paths;
  std::ifstream in(log_);
  for (std::string line; std::getline(in, line);)
    paths.push_back(line);
  return paths;
}

}  // namespace redflag::test
