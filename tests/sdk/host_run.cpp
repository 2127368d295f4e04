#include "host_run.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace redflag::test {

using host::FrameType;

std::vector<Json> Outcome::all(FrameType type) const {
  std::vector<Json> out;
  for (const auto& frame : frames) {
    if (frame.type == type) out.push_back(Json::parse(frame.payload));
  }
  return out;
}

std::string Outcome::status() const {
  const auto done = all(FrameType::kDone);
  return done.size() == 1 ? done[0].at("status").get<std::string>() : "";
}

std::vector<std::string> Outcome::scopes() const {
  std::vector<std::string> out;
  for (const auto& scope : all(host::FrameType::kEndScope))
    out.push_back(scope.at("key").get<std::string>() + "=" + scope.at("status").get<std::string>());
  return out;
}

std::vector<std::string> Outcome::codes() const {
  std::vector<std::string> out;
  for (const auto& report : all(FrameType::kReport))
    out.push_back(report.at("code"));
  return out;
}

std::string Outcome::reportText(const std::string& report_code) const {
  for (const auto& report : all(FrameType::kReport)) {
    if (report.at("code") == report_code) return report.at("text");
  }
  return {};
}

Json Outcome::fact(const std::string& name) const {
  for (const auto& record : all(FrameType::kRecord)) {
    if (record.at("record") == "fact/1" && record.at("name") == name) return record.at("value");
  }
  return nullptr;
}

HostProcess::HostProcess(const std::string& output_file) : output_file_(output_file) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::runtime_error("socketpair");
  // Out of the way of 3 and 4, which the child's side is copied to.
  socket_ = ::fcntl(ends[0], F_DUPFD_CLOEXEC, 20);
  const int theirs = ::fcntl(ends[1], F_DUPFD_CLOEXEC, 20);
  ::close(ends[0]);
  ::close(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, theirs, host::kInputFd);
  if (output_file.empty()) {
    ::posix_spawn_file_actions_adddup2(&actions, theirs, host::kOutputFd);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, host::kOutputFd, output_file.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0600);
  }
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string program = std::string(REDFLAG_BUILD) + "/bin/redflag-host";
  std::array<char*, 2> argv = {program.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  const int error =
      ::posix_spawn(&pid_, program.c_str(), &actions, &attributes, argv.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  ::close(theirs);
  if (error != 0) throw std::runtime_error(program + " cannot be started");
}

HostProcess::~HostProcess() {
  closeInput();
  if (pid_ > 0) {
    killGroup();
    ::waitpid(pid_, nullptr, 0);
  }
}

void HostProcess::killGroup() const {
  ::kill(-pid_, SIGKILL);
}

void HostProcess::send(FrameType type, const std::string& payload) {
  sendBytes(host::encodeFrame(type, payload));
}

constexpr const char* kOfLoad[] = {"library", "seal", "capabilities", "requires", "expect"};

void HostProcess::load(const Json& start) {
  Json load = Json::object();
  for (const char* member : kOfLoad) {
    if (start.contains(member)) load[member] = start[member];
  }
  send(FrameType::kLoad, dumpJson(load));
}

void HostProcess::begin(const Json& start) {
  Json rest = start;
  for (const char* member : kOfLoad)
    rest.erase(member);
  send(FrameType::kStart, dumpJson(rest));
}

void HostProcess::sendBytes(const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t put = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) return;
    sent += static_cast<std::size_t>(put);
  }
}

void HostProcess::closeInput() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

bool HostProcess::readSome() {
  std::array<char, 65536> chunk{};
  const ssize_t got = ::read(socket_, chunk.data(), chunk.size());
  if (got <= 0) return false;
  decoder_.feed({chunk.data(), static_cast<std::size_t>(got)});
  cut();
  return true;
}

void HostProcess::cut() {
  for (;;) {
    auto frame = decoder_.next();
    if (!frame && outcome_.broken.empty()) outcome_.broken = frame.error().text;
    if (!frame || !frame->has_value()) return;
    outcome_.frames.push_back(std::move(**frame));
  }
}

void HostProcess::waitFor(FrameType type) {
  const auto is_here = [&] {
    for (const auto& frame : outcome_.frames) {
      if (frame.type == type) return true;
    }
    return false;
  };
  while (!is_here() && readSome()) {
  }
}

Outcome HostProcess::finish() {
  while (socket_ >= 0 && readSome()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status)) outcome_.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome_.signal = WTERMSIG(status);
  if (!output_file_.empty()) {
    std::ifstream file(output_file_, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    decoder_.feed(text.str());
    cut();
  }
  return outcome_;
}

std::string fixture(const std::string& id) {
  return std::string(REDFLAG_BUILD) + "/test_plugins/" + id + ".so";
}

Json startOf(const std::string& id, const Json& more) {
  Json start = {{"library", fixture(id)},     {"operation", "scan"},       {"interface", "rf.scanner/1"},
                {"settings", Json::object()}, {"purpose", "updates"},      {"deadline_ms", 20'000},
                {"seal", "require"},          {"requires", Json::array()}, {"capabilities", Json::array()}};
  start.update(more);
  return start;
}

Outcome runFixture(const std::string& id, const Json& more) {
  HostProcess process;
  process.start(startOf(id, more));
  return process.finish();
}

Outcome runMoody(const std::string& mode, const std::string& argument, const Json& more) {
  Json start = {{"settings", {{"mode", mode}, {"argument", argument}}}};
  start.update(more);
  return runFixture("test.moody", start);
}

}  // namespace redflag::test
