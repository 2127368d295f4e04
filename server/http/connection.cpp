#include "http/connection.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/log.h"
#include "base/request_id.h"
#include "base/time.h"
#include "http/answer.h"

namespace redflag::http {
namespace {

constexpr const char* kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kKeptCapacity = 4096;  // an idle connection's buffer gives back what is more

// Who stops sending after its request may still take an answer. One that is late has rather been given up.
constexpr std::int64_t kLateNs = kSecondNs;
// All of a crowd are put off in the same moment: they are not to come again in one.
constexpr std::uint64_t kComeAgainWithinS = 15;
constexpr std::int64_t kComplainEveryNs = 10 * kSecondNs;

// Whoever asks for what is anybody's stays in the lane where it is.
Lane laneOf(const Principal& principal, Lane otherwise) {
  switch (principal.kind) {
    case Principal::Kind::kUser:
    case Principal::Kind::kMonitor:
      return Lane::kPeople;
    case Principal::Kind::kAgent:
    case Principal::Kind::kEnrolling:
      return Lane::kAgents;
    default:
      return otherwise;
  }
}

}  // namespace

Connection::Connection(std::uint64_t id, std::unique_ptr<TlsStream> stream, std::string peer, Shared& shared)
    : id_(id), stream_(std::move(stream)), peer_(std::move(peer)), client_(peer_), shared_(shared) {
  setDeadline(shared_.limits.head_ms);
}

Connection::~Connection() {
  releaseBody();
}

Wait Connection::firstWait() const {
  return {Wait::For::kRead, deadline_ns_};
}

Wait Connection::advance(Wake why, std::int64_t waited_ns) {
  // A request's waits count together, whose head and body came piece by piece; a handshake's do not, which
  // its peer waits for by another clock.
  waited_ns_ = state_ == State::kHandshake ? waited_ns : waited_ns_ + waited_ns;
  try {
    if (why == Wake::kStopping) {
      stopping_ = true;
      const bool idle = state_ == State::kHead && in_.empty();
      if (idle || state_ == State::kHandshake || state_ == State::kLinger) return {};
    }
    if (why == Wake::kDeadline && state_ != State::kStream) return overdue();
    for (;;) {
      if (const auto wait = step(why)) return *wait;
      why = Wake::kReady;
    }
  } catch (const Problem& problem) {
    logError("connection ended: " + problem.detail);
  } catch (const std::exception& error) {
    logError(fmt::format("connection ended: {}", error.what()));
  }
  return {};
}

std::optional<Wait> Connection::step(Wake why) {
  switch (state_) {
    case State::kHandshake:
      return shakeHands();
    case State::kHead:
      return readHead();
    case State::kBody:
      return readBody();
    case State::kAnswer:
      return writeAnswer();
    case State::kStream:
      return followStream(why);
    case State::kLinger:
      return linger();
  }
  return Wait{};
}

Wait Connection::overdue() {
  const bool idle = state_ == State::kHead && in_.empty();
  if (!idle && state_ != State::kLinger) shared_.dispatcher.cut("connection.too_slow", peer_);
  return {};
}

void Connection::logError(const std::string& text) const {
  const RequestScope scope(request_id_);
  spdlog::error("{}", text);
}

void Connection::setDeadline(std::int64_t ms) {
  deadline_ns_ = monotonicNow() + ms * kMillisecondNs;
}

std::int64_t Connection::transferMs(std::uint64_t bytes) const {
  const auto size = static_cast<std::int64_t>(bytes);
  return shared_.limits.transfer_ms + size * 1000 / shared_.limits.transfer_bytes_per_s;
}

Wait Connection::waitFor(TlsStream::State state) const {
  switch (state) {
    case TlsStream::State::kWantRead:
      return {Wait::For::kRead, deadline_ns_};
    case TlsStream::State::kWantWrite:
      return {Wait::For::kWrite, deadline_ns_};
    default:
      return {};
  }
}

bool Connection::receive() {
  std::array<char, 16 << 10> buffer;
  const TlsStream::Io io = stream_->read(buffer.data(), buffer.size());
  io_ = io.state;
  if (io.state != TlsStream::State::kOk) return false;
  in_.append(buffer.data(), io.bytes);
  return true;
}

std::optional<Wait> Connection::shakeHands() {
  if (stream_->untouched()) {
    if (hungUp()) return Wait{};
    if (waitedTooLong(shared_.limits.handshake_wait_ms)) {
      shared_.dispatcher.letGo("connection.busy");
      return Wait{};
    }
  }
  const TlsStream::State state = stream_->handshake();
  if (!stream_->refusal().empty()) shared_.dispatcher.cut(std::string(stream_->refusal()), peer_);
  if (state != TlsStream::State::kOk) return waitFor(state);
  state_ = State::kHead;
  return std::nullopt;
}

std::optional<Wait> Connection::readHead() {
  for (;;) {
    std::optional<std::size_t> end;
    try {
      end = findHeadEnd(in_, shared_.limits.head);
    } catch (const Problem& problem) {
      request_id_ = newId();
      refuse(problem, RequestHead{});
      return std::nullopt;
    }
    if (end) {
      begin(*end);
      return std::nullopt;
    }
    const bool was_idle = in_.empty() && served_;
    if (!receive()) {
      Wait wait = waitFor(io_);
      wait.spare = was_idle;
      return wait;
    }
    if (was_idle) setDeadline(shared_.limits.head_ms);
  }
}

void Connection::begin(std::size_t head_size) {
  const std::string bytes = in_.substr(0, head_size);
  in_.erase(0, head_size);
  request_id_ = newId();
  served_ = true;
  client_ = peer_;
  RequestHead head;
  try {
    head = parseHead(bytes, shared_.limits.head);
    keep_alive_ = head.keep_alive && !stopping_;
    client_ = shared_.proxies.clientOf(peer_, head);
    shared_.dispatcher.waited(lane_, waited_ns_);
    if (letGo(head)) return;
    admission_ = shared_.dispatcher.admit(std::move(head), client_, request_id_);
    lane_ = laneOf(admission_->request.principal, lane_);
    reserveBody(admission_->body_bytes);
  } catch (const Problem& problem) {
    refuse(problem, admission_ ? admission_->head : head);
    return;
  } catch (const std::exception& error) {
    logError(fmt::format("error=\"{}\"", error.what()));
    refuse({500, "internal", "something went wrong here; the log knows it by the request's id"}, head);
    return;
  }
  setDeadline(transferMs(admission_->body_bytes));
  state_ = State::kBody;
  if (admission_->head.expects_continue && in_.size() < admission_->body_bytes) {
    out_ = kContinue;
    state_ = State::kAnswer;
    after_answer_ = State::kBody;
  }
}

// A refused request's body is not read, so that only a request without one leaves the connection usable.
void Connection::refuse(const Problem& problem, const RequestHead& head) {
  const bool bodiless = head.content_length.value_or(0) == 0 && !head.headers.contains("transfer-encoding");
  keep_alive_ = keep_alive_ && !head.headers.empty() && bodiless;
  const Response response = shared_.dispatcher.refuse(problem, request_id_, client_, head);
  send(response, head.method == "HEAD" ? Framing::kHeadOnly : Framing::kWhole);
  releaseBody();
  admission_.reset();  // `head` may be its own
}

bool Connection::hungUp() {
  if (waited_ns_ < kLateNs || !stream_->peerLeft()) return false;
  shared_.dispatcher.letGo("connection.hung_up");
  return true;
}

bool Connection::waitedTooLong(std::int64_t limit_ms) {
  if (waited_ns_ < limit_ms * kMillisecondNs) return false;
  const std::int64_t now = monotonicNow();
  std::int64_t before = shared_.complained_ns;
  if (now - before >= kComplainEveryNs && shared_.complained_ns.compare_exchange_strong(before, now))
    spdlog::error(
        "http: server.busy: more is asked than can be done; what waits too long for a worker is put off");
  return true;
}

// Whether a request is not worth its work any more, because nobody will take the answer: those who still
// would are waiting for that worker.
bool Connection::letGo(RequestHead& head) {
  if (hungUp()) {
    enterLinger();
    return true;
  }
  if (!waitedTooLong(shared_.limits.request_wait_ms)) return false;
  skipBody(head);
  const auto come_again_s = static_cast<int>(1 + shared_.put_off++ % kComeAgainWithinS);
  refuse({503, "server.busy", "it would take too long to get to this now", "", come_again_s}, head);
  return true;
}

// Of what is put off and is there already, so that it can come again without another handshake. A body where
// none belongs is left to end the connection: others may not have taken it for one.
void Connection::skipBody(RequestHead& head) {
  const std::uint64_t size = head.content_length.value_or(0);
  if (head.method == "GET" || head.method == "HEAD") return;
  while (in_.size() < std::min<std::uint64_t>(size, shared_.limits.linger_bytes) && receive())
    continue;
  if (size == 0 || in_.size() < size) return;
  in_.erase(0, static_cast<std::size_t>(size));
  head.content_length = 0;
}

std::optional<Wait> Connection::readBody() {
  while (in_.size() < admission_->body_bytes) {
    if (!receive()) return waitFor(io_);
  }
  finish();
  return std::nullopt;
}

void Connection::finish() {
  if (letGo(admission_->head)) return;
  const auto size = static_cast<std::size_t>(admission_->body_bytes);
  std::string rest = in_.substr(size);
  in_.resize(size);
  const Response response = shared_.dispatcher.answer(*admission_, std::move(in_));
  in_ = std::move(rest);
  releaseBody();
  const bool streams = admission_->route != nullptr && admission_->route->stream != Stream::kNone;
  if (admission_->request.method == "HEAD") {
    send(response, Framing::kHeadOnly);
  } else if (streams && response.status == 200) {
    startStream(response);
  } else {
    send(response, Framing::kWhole);
  }
  admission_.reset();
}

void Connection::startStream(Response response) {
  try {
    feed_ = shared_.feeds.open(*admission_, id_);
  } catch (const Problem& problem) {
    refuse(problem, admission_->head);
    return;
  }
  keep_alive_ = false;
  response.content_type = "text/event-stream";
  send(response, Framing::kStream);
  after_answer_ = State::kStream;
}

void Connection::send(const Response& response, Framing framing) {
  const std::int64_t date_s = shared_.date_s ? shared_.date_s() : epochNow() / kSecondNs;
  out_ = serializeResponse(response, framing, keep_alive_, date_s, request_id_);
  until_sent_ = response.until_sent;
  written_ = 0;
  state_ = State::kAnswer;
  after_answer_ = keep_alive_ ? State::kHead : State::kLinger;
  setDeadline(transferMs(out_.size()));
}

std::optional<Wait> Connection::flush() {
  while (written_ < out_.size()) {
    const TlsStream::Io io = stream_->write(std::string_view(out_).substr(written_));
    if (io.state != TlsStream::State::kOk) return waitFor(io.state);
    written_ += io.bytes;
  }
  out_ = std::string();
  until_sent_.reset();
  written_ = 0;
  return std::nullopt;
}

std::optional<Wait> Connection::writeAnswer() {
  if (const auto wait = flush()) return wait;
  state_ = after_answer_;
  if (state_ == State::kLinger || (state_ == State::kHead && stopping_)) {
    enterLinger();
    return std::nullopt;
  }
  if (state_ == State::kStream) openStream();
  if (state_ != State::kHead) return std::nullopt;
  waited_ns_ = 0;
  if (!in_.empty() || stream_->hasBuffered()) {
    setDeadline(shared_.limits.head_ms);
    return Wait{Wait::For::kTurn, 0};
  }
  if (in_.capacity() > kKeptCapacity) in_ = std::string();
  setDeadline(shared_.limits.idle_ms);
  return Wait{Wait::For::kRead, deadline_ns_, true};
}

void Connection::openStream() {
  setDeadline(shared_.limits.heartbeat_ms);
  last_pull_ = !feed_->pull(stopping_ ? Feed::Moment::kStopping : Feed::Moment::kOpened, out_);
}

// What a peer sends into a stream means nothing; that it closed does.
bool Connection::peerStillThere() {
  while (receive())
    in_.clear();
  return io_ != TlsStream::State::kClosed;
}

std::optional<Wait> Connection::followStream(Wake why) {
  const bool writing = !out_.empty();
  if (writing && why == Wake::kDeadline) return overdue();
  if (!writing && why == Wake::kReady && !peerStillThere()) return Wait{};
  if (!writing && why != Wake::kReady) {
    const auto moment = why == Wake::kDeadline   ? Feed::Moment::kHeartbeat
                        : why == Wake::kStopping ? Feed::Moment::kStopping
                                                 : Feed::Moment::kCalled;
    last_pull_ = !feed_->pull(moment, out_);
    if (!out_.empty()) setDeadline(transferMs(out_.size()));
  }
  while (!out_.empty()) {
    if (const auto wait = flush()) return wait;
    setDeadline(shared_.limits.heartbeat_ms);
    if (last_pull_) break;
    last_pull_ = !feed_->pull(stopping_ ? Feed::Moment::kStopping : Feed::Moment::kWritten, out_);
    if (!out_.empty()) setDeadline(transferMs(out_.size()));
  }
  if (!last_pull_) return Wait{Wait::For::kRead, deadline_ns_};
  enterLinger();
  return std::nullopt;
}

void Connection::enterLinger() {
  feed_.reset();
  stream_->closeSending();
  state_ = State::kLinger;
  setDeadline(shared_.limits.linger_ms);
}

std::optional<Wait> Connection::linger() {
  while (lingered_ < shared_.limits.linger_bytes) {
    const TlsStream::Io io = stream_->discard();
    if (io.state != TlsStream::State::kOk) return waitFor(io.state);
    lingered_ += io.bytes;
  }
  return Wait{};
}

void Connection::reserveBody(std::uint64_t bytes) {
  if (shared_.body_bytes.fetch_add(bytes) + bytes > shared_.limits.waiting_bodies_bytes) {
    shared_.body_bytes -= bytes;
    throw Problem{503, "server.busy", "too much is arriving at once", "", 1};
  }
  reserved_ = bytes;
}

void Connection::releaseBody() {
  shared_.body_bytes -= reserved_;
  reserved_ = 0;
}

}  // namespace redflag::http
