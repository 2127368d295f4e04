#include "swarm/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/time.h"
#include "swarm/trust.h"

namespace redflag::swarm {
namespace {

constexpr auto kLook = std::chrono::milliseconds(10);
constexpr std::int64_t kStartNs = 120 * kSecondNs;
constexpr std::int64_t kStopNs = 60 * kSecondNs;

bool ended(pid_t pid, int& status) {
  return ::waitpid(pid, &status, WNOHANG) == pid;
}

std::string contentOf(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

}  // namespace

ServerProcess::~ServerProcess() {
  kill();
}

// Only what may be done between fork and exec is done there; the arguments are made before.
pid_t ServerProcess::spawn(const std::vector<std::string>& arguments, int in, int out) const {
  std::vector<std::string> copies = {settings_.program.string()};
  copies.insert(copies.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : copies)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int err = ::open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);  // what a terminal interrupts is the run
    ::dup2(in, 0);
    ::dup2(out >= 0 ? out : err, 1);
    ::dup2(err, 2);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(err);
  return pid;
}

Result<std::string> ServerProcess::run(const std::vector<std::string>& arguments, const std::string& input) {
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return fail(Code::kIo, "no pipe");
  const pid_t pid = spawn(arguments, in[0], out[1]);
  ::close(in[0]);
  ::close(out[1]);
  const bool written = ::write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size());
  ::close(in[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(out[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(count));
  ::close(out[0]);
  int status = -1;
  ::waitpid(pid, &status, 0);
  if (written && WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  return fail(Code::kIo, settings_.program.string() + " " + arguments.front() + " failed; " + log().string() +
                             " says why");
}

Result<> ServerProcess::init() {
  std::error_code error;
  std::filesystem::create_directories(settings_.state, error);
  if (error) return fail(Code::kIo, settings_.state.string() + ": " + error.message());
  std::filesystem::permissions(settings_.state, std::filesystem::perms::owner_all, error);
  std::vector<std::string> arguments = {"init", "--data", settings_.state};
  if (!settings_.database.empty()) arguments.insert(arguments.end(), {"--database", settings_.database});
  if (auto done = run(arguments, ""); !done) return tl::unexpected<Error>(done.error());
  if (std::filesystem::exists(settings_.state / "trust/metadata")) return {};
  // A whole fleet behind one address, in a hurry.
  const auto file = settings_.state / "server.yaml";
  std::ofstream out(file, std::ios::app);
  out << "rate_limits: {agent: 100000, enrolment: 1000000, people: 100000}\n" << std::flush;
  if (!out) return fail(Code::kIo, file.string() + ": cannot be written");
  return makeTrustRoot();
}

// Offline keys belong on another machine, for good; these sign once and are forgotten.
Result<> ServerProcess::makeTrustRoot() {
  const auto offline = settings_.state / "swarm-offline-keys";
  const auto about = settings_.state / "swarm-server-keys.json";
  std::error_code error;
  std::filesystem::remove_all(offline, error);  // of a run that was interrupted here
  const std::string passphrase = toBase64Url(randomBytes(24)) + "\n";
  const std::string passphrases = passphrase + passphrase;  // root's and targets'
  const auto described = run({"keys", "server", "--data", settings_.state}, "");
  if (!described) return tl::unexpected<Error>(described.error());
  if (!(std::ofstream(about) << *described << std::flush))
    return fail(Code::kIo, about.string() + ": cannot be written");
  using Step = std::pair<std::vector<std::string>, std::string>;
  for (const auto& [arguments, input] :
       {Step{{"keys", "init", "--keys", offline, "--server", about, "--passphrase-fd", "0"}, passphrases},
        Step{{"keys", "sign", "--keys", offline, "--passphrase-fd", "0"}, passphrases},
        Step{{"keys", "publish", "--keys", offline, settings_.state / "trust"}, ""}}) {
    if (auto done = run(arguments, input); !done) return tl::unexpected<Error>(done.error());
  }
  std::filesystem::remove(about, error);
  if (!error) std::filesystem::remove_all(offline, error);
  return error ? fail(Code::kIo, offline.string() + ": " + error.message()) : Result<>();
}

Result<> ServerProcess::start() {
  const auto file = settings_.state / "server.url";
  std::filesystem::remove(file);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_ = spawn({"serve", "--data", settings_.state, "--listen", "127.0.0.1:" + port_}, null, -1);
  ::close(null);
  for (const std::int64_t end = monotonicNow() + kStartNs; monotonicNow() < end;) {
    int status = 0;
    if (ended(pid_, status)) {
      pid_ = -1;
      return fail(Code::kIo, "the server ended while it started; " + log().string() + " says why");
    }
    const std::string url = contentOf(file);
    if (url.ends_with('\n')) {
      url_ = url.substr(0, url.size() - 1);
      const auto origin = parseOrigin(url_);
      if (!origin) return tl::unexpected<Error>(origin.error());
      port_ = std::to_string(origin->port);
      return {};
    }
    std::this_thread::sleep_for(kLook);
  }
  return fail(Code::kUnavailable, "the server did not serve within two minutes");
}

Result<> ServerProcess::check() {
  int status = 0;
  if (pid_ <= 0 || !ended(pid_, status)) return {};
  pid_ = -1;
  const std::string how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                              : "exit code " + std::to_string(WEXITSTATUS(status));
  return fail(Code::kIo, "the server ended by itself with " + how + "; " + log().string() + " says why");
}

void ServerProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

Result<> ServerProcess::stop() {
  if (pid_ <= 0) return {};
  ::kill(pid_, SIGTERM);
  for (const std::int64_t end = monotonicNow() + kStopNs; monotonicNow() < end;) {
    int status = 0;
    if (ended(pid_, status)) {
      pid_ = -1;
      return {};
    }
    std::this_thread::sleep_for(kLook);
  }
  kill();
  return fail(Code::kUnavailable, "the server did not stop within a minute of SIGTERM");
}

std::int64_t ServerProcess::rssKib() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; in >> word;) {
    std::int64_t kib = 0;
    if (word == "VmRSS:" && in >> kib) return kib;
  }
  return 0;
}

// The fields after the name, which may hold anything: state is the first, utime the twelfth.
std::int64_t ServerProcess::cpuNs() const {
  constexpr int kBeforeUser = 11;
  const std::string about = contentOf("/proc/" + std::to_string(pid_) + "/stat");
  std::istringstream in(about.substr(std::min(about.size(), about.rfind(')') + 1)));
  std::string skipped;
  for (int i = 0; i < kBeforeUser; ++i)
    in >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!(in >> user >> system)) return 0;
  return (user + system) * (kSecondNs / ::sysconf(_SC_CLK_TCK));
}

Result<std::string> ServerProcess::bundle(std::int64_t seats) {
  return run({"token", "create", "--data", settings_.state, "--seats", std::to_string(seats), "--expires",
              "1d", "--accept", "auto"},
             "");
}

Result<> ServerProcess::makeUser(const Credentials& credentials) {
  const auto done = run({"user", "create", "--data", settings_.state, "--username", credentials.username,
                         "--role", "admin", "--password-stdin"},
                        credentials.password + "\n");
  return done ? Result<>() : tl::unexpected<Error>(done.error());
}

}  // namespace redflag::swarm
