#include "host/input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace redflag::host {
namespace {

constexpr std::size_t kMaxStateBytes = 17U << 20;

// 0: the end. Negative: an error.
ssize_t readSome(int fd, FrameDecoder& decoder) {
  std::array<char, 65536> chunk;  // not set: most starts fill one page of it
  ssize_t got = 0;
  do {
    got = ::read(fd, chunk.data(), chunk.size());
  } while (got < 0 && errno == EINTR);
  if (got > 0) decoder.feed({chunk.data(), static_cast<std::size_t>(got)});
  return got;
}

}  // namespace

Result<Opening> readOpening(int fd, FrameDecoder& decoder) {
  Opening opening;
  std::size_t state_bytes = 0;
  for (;;) {
    auto frame = decoder.next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!frame->has_value()) {
      const ssize_t got = readSome(fd, decoder);
      if (got < 0)
        return fail(Code::kIo, "the start cannot be read: " + std::generic_category().message(errno));
      if (got == 0) return fail(Code::kInvalid, "the stream ended before a start came");
      continue;
    }
    if (opening.load.empty()) {
      if ((*frame)->type != FrameType::kLoad) return fail(Code::kInvalid, "expected what to load");
      opening.load = std::move((*frame)->payload);
      continue;
    }
    if ((*frame)->type == FrameType::kStart) {
      opening.start = std::move((*frame)->payload);
      return opening;
    }
    if ((*frame)->type != FrameType::kStateIn) return fail(Code::kInvalid, "expected kept state or a start");
    state_bytes += (*frame)->payload.size();
    if (state_bytes > kMaxStateBytes) return fail(Code::kLimit, "more kept state than a plugin may have");
    auto state = decodeState((*frame)->payload);
    if (!state) return tl::unexpected<Error>(state.error());
    opening.state.insert_or_assign(std::move(state->first), std::move(state->second));
  }
}

CancelWatch::CancelWatch(int fd, FrameDecoder& decoder, bool end_cancels, std::atomic<bool>& cancelled)
    : fd_(fd),
      decoder_(decoder),
      end_cancels_(end_cancels),
      cancelled_(cancelled),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { listen(); }) {}

CancelWatch::~CancelWatch() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(stop_.get(), &one, sizeof(one)) == sizeof(one));
  thread_.join();
}

bool CancelWatch::handleFrames() {
  for (;;) {
    const auto frame = decoder_.next();
    if (!frame) return false;
    if (!frame->has_value()) return true;
    if ((*frame)->type != FrameType::kCancel) return false;
    cancelled_ = true;
  }
}

void CancelWatch::listen() {
  if (!handleFrames()) cancelled_ = true;  // what came together with the start
  for (;;) {
    std::array<pollfd, 2> waits = {pollfd{fd_, POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) continue;
    if (waits[1].revents != 0) return;
    const ssize_t got = readSome(fd_, decoder_);
    if (got <= 0) {
      if (end_cancels_) cancelled_ = true;
      return;
    }
    if (!handleFrames()) {
      cancelled_ = true;
      return;
    }
  }
}

}  // namespace redflag::host
