#include "executor/host_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "base/time.h"
#include "executor/os_error.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kBeginTimeNs = 30 * kSecondNs;
constexpr std::int64_t kPollNs = kSecondNs / 20;
constexpr int kChunksAtOnce = 64;  // of 64 KiB

std::filesystem::path framesFile(const HostPlace& place) {
  return place.folder / (place.operation + ".frames");
}
std::filesystem::path controlFile(const HostPlace& place) {
  return place.folder / (place.operation + ".control");
}

// A FIFO opened for both directions: neither side ever sees its end, whichever of them restarts.
Result<host::Descriptor> openControl(const HostPlace& place, int more_flags) {
  host::Descriptor fd(open(controlFile(place).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | more_flags));
  if (!fd) return osError(controlFile(place).string());
  return fd;
}

Result<host::Descriptor> openFrames(const HostPlace& place) {
  host::Descriptor fd(open(framesFile(place).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return osError(framesFile(place).string());
  return fd;
}

Result<host::Descriptor> makeFiles(const HostPlace& place) {
  unlink(framesFile(place).c_str());
  unlink(controlFile(place).c_str());
  host::Descriptor frames(
      open(framesFile(place).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!frames) return osError(framesFile(place).string());
  if (mkfifo(controlFile(place).c_str(), 0600) != 0) return osError(controlFile(place).string());
  return frames;
}

Result<> dropRights(platform::SpawnOptions& options) {
  if (!platform::mayBecomeOthers()) return {};
  const auto user = planUser();
  if (!user) return fail(Code::kUnavailable, "neither the user redflag-scan nor nobody exists");
  options.uid = user->uid;
  options.gid = user->gid;
  return {};
}

Result<platform::SpawnOptions> optionsFor(const HostIdentity& identity) {
  platform::SpawnOptions options;
  options.program = identity.program;
  options.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                         "LC_ALL=C.UTF-8", identity.privileged ? "HOME=/root" : "HOME=/nonexistent"};
  options.limits = identity.limits;
  options.no_new_privileges = !identity.privileged;
  options.new_session = identity.privileged;
  options.dies_with_parent = !identity.privileged;
  options.keeps_descendants = identity.keeps_descendants;
  if (!identity.privileged) {
    if (auto ok = dropRights(options); !ok) return tl::unexpected<Error>(ok.error());
  }
  return options;
}

}  // namespace

std::optional<platform::User> planUser() {
  for (const char* name : {"redflag-scan", "nobody"}) {
    if (auto user = platform::findUser(name); user && user->uid != 0) return user;
  }
  return std::nullopt;
}

Result<HostRun> HostRun::spawn(const HostPlace& place, const HostIdentity& identity) {
  auto options = optionsFor(identity);
  if (!options) return tl::unexpected<Error>(options.error());
  const auto output = makeFiles(place);
  if (!output) return tl::unexpected<Error>(output.error());
  auto frames = openFrames(place);
  if (!frames) return tl::unexpected<Error>(frames.error());
  const auto input = openControl(place, 0);  // its own description: ours does not block, the host's does
  if (!input) return tl::unexpected<Error>(input.error());
  auto control = openControl(place, O_NONBLOCK);
  if (!control) return tl::unexpected<Error>(control.error());
  options->descriptors = {{host::kInputFd, input->get()}, {host::kOutputFd, output->get()}};
  auto desk = ReadDesk::open(identity.privileged ? std::vector<std::string>() : identity.capabilities);
  if (!desk) return tl::unexpected<Error>(desk.error());
  if (*desk) (*desk)->giveTo(*options);
  // Never while a privileged one runs: orders are carried out one after the other, and a plan's host is let
  // go before its install begins.
  auto adoption = identity.privileged ? nullptr : std::make_unique<platform::OrphanAdoption>();
  auto process = platform::Process::spawn(*options);
  if (!process) return tl::unexpected<Error>(process.error());
  if (auto begun = *desk ? (*desk)->begin() : Result<>(); !begun) return tl::unexpected<Error>(begun.error());
  auto group = identity.privileged || identity.groups == nullptr
                   ? platform::RunGroup()
                   : identity.groups->make().value_or(platform::RunGroup());
  // Before it is told to begin, it cannot have started another process.
  if (auto added = group.add(process->pid()); !added) return tl::unexpected<Error>(added.error());
  const auto mark = markOf(process->pid());
  if (!mark) return fail(Code::kIo, "the host ended at once");
  HostRun run(*mark, std::move(*frames), std::move(*control));
  run.adoption_ = std::move(adoption);
  run.desk_ = std::move(*desk);
  run.process_.emplace(std::move(*process));
  run.group_ = std::move(group);
  return run;
}

Result<HostRun> HostRun::attach(const HostPlace& place, const ProcessMark& mark) {
  auto frames = openFrames(place);
  if (!frames) return tl::unexpected<Error>(frames.error());
  auto control = openControl(place, O_NONBLOCK);
  if (!control) return tl::unexpected<Error>(control.error());
  return HostRun(mark, std::move(*frames), std::move(*control));
}

void HostRun::dismissWaiting(const HostPlace& place) {
  // Opening it for writing alone fails when no host holds the other end.
  const host::Descriptor control(
      open(controlFile(place).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!control) return;
  const std::string frame = host::encodeFrame(host::FrameType::kCancel, "{}");
  // A host that is gone meanwhile needs no telling.
  if (write(control.get(), frame.data(), frame.size()) < 0) return;
}

Result<> HostRun::begin(const host::Load& load, const Json& start) {
  return writeControl(host::encodeFrame(host::FrameType::kLoad, host::encodeLoad(load)) +
                      host::encodeFrame(host::FrameType::kStart, dumpJson(start)));
}

void HostRun::cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  // A host that does not read any more is ended by the hard limit.
  static_cast<void>(writeControl(host::encodeFrame(host::FrameType::kCancel, "{}")));
}

void HostRun::kill() {
  killTree(mark_);
  if (process_) process_->killGroup();
}

void HostRun::release() {
  if (process_ && !adoption_) process_->release();
  group_ = {};
  process_.reset();
  desk_.reset();
  adoption_.reset();
}

Result<std::vector<host::Frame>> HostRun::step(std::int64_t timeout_ns) {
  const bool over = waitForEnd(behind_ ? 0 : timeout_ns);
  std::vector<host::Frame> out;
  const auto read = readNew(out);
  behind_ = read && !*read;
  ended_ = over && !behind_;
  if (!read) return tl::unexpected<Error>(read.error());
  return out;
}

bool HostRun::waitForEnd(std::int64_t timeout_ns) {
  if (process_) return process_->wait(std::min(timeout_ns, kPollNs)).has_value();
  if (!isAlive(mark_)) return true;
  std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(timeout_ns, kPollNs)));
  return !isAlive(mark_);
}

// True when nothing more is there. A host may write without end, and what an earlier executor's host wrote is
// all there at once: neither has to fit into our memory.
Result<bool> HostRun::readNew(std::vector<host::Frame>& out) {
  std::array<char, 65536> chunk{};
  for (int chunks = 0; chunks < kChunksAtOnce; ++chunks) {
    const ssize_t got = read(frames_.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return osError("frames");
    if (got == 0) return true;
    decoder_.feed({chunk.data(), static_cast<std::size_t>(got)});
    for (;;) {
      auto frame = decoder_.next();
      if (!frame) return tl::unexpected<Error>(frame.error());
      if (!*frame) break;
      out.push_back(std::move(**frame));
    }
  }
  return false;
}

Result<> HostRun::writeControl(std::string_view bytes) {
  const std::int64_t deadline = monotonicNow() + kBeginTimeNs;
  while (!bytes.empty()) {
    const ssize_t wrote = write(control_.get(), bytes.data(), bytes.size());
    if (wrote > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return osError("control");
    if (!isAlive(mark_)) return fail(Code::kIo, "the host ended before it was told what to do");
    if (monotonicNow() > deadline) return fail(Code::kLimit, "the host does not read what it is told");
    pollfd entry = {control_.get(), POLLOUT, 0};
    poll(&entry, 1, 100);
  }
  return {};
}

}  // namespace redflag::kernel
