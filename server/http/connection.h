#pragma once
// One connection as a state machine over bytes: handshake → (head → body → answer)* or stream → goodbye.
//
// Every state has a deadline that the peer cannot extend by sending a little: a head must be whole, a body
// and an answer through, within a time that depends on their size alone. Nothing here waits.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/answer.h"
#include "http/dispatcher.h"
#include "http/feed.h"
#include "http/guest.h"
#include "http/proxies.h"
#include "http/tls_stream.h"

namespace redflag::http {

struct ConnectionLimits {
  HeadLimits head;
  std::int64_t head_ms = 10'000;  // from the first byte (or the accept, with the handshake) to the empty line
  std::int64_t idle_ms = 75'000;  // between requests
  std::int64_t transfer_ms = 10'000;           // for a body or an answer, and in addition
  std::int64_t transfer_bytes_per_s = 16'384;  // one second for so many bytes
  std::int64_t heartbeat_ms = 60'000;          // of streams
  std::int64_t linger_ms = 2'000;              // for a peer that still sends what was refused
  std::size_t linger_bytes = 1U << 20;
  std::uint64_t waiting_bodies_bytes = 256U
                                       << 20;  // bodies in arrival, of all connections together; past it 503
  // For a worker. What is begun later is done for nobody: an agent gives a handshake 10 s to go on, and a
  // request 30 s until its answer, which has yet to be made.
  std::int64_t handshake_wait_ms = 8'000;
  std::int64_t request_wait_ms = 15'000;
};

// What all connections of a front share.
struct Shared {
  Dispatcher& dispatcher;
  FeedOpener& feeds;
  const ConnectionLimits limits;
  const TrustedProxies proxies;
  const std::function<std::int64_t()> date_s;
  std::atomic<std::uint64_t> body_bytes{0};
  std::atomic<std::uint64_t> put_off{0};       // requests that are to come again, for want of a worker
  std::atomic<std::int64_t> complained_ns{0};  // of that, in the log
};

class Connection : public Guest {
 public:
  Connection(std::uint64_t id, std::unique_ptr<TlsStream> stream, std::string peer, Shared& shared);
  ~Connection() override;

  int fd() const override { return stream_->fd(); }
  Lane lane() const override { return lane_; }
  Wait advance(Wake why, std::int64_t waited_ns) override;
  // What a connection that was just accepted waits for.
  Wait firstWait() const;

 private:
  enum class State { kHandshake, kHead, kBody, kAnswer, kStream, kLinger };

  // Each moves on as far as it can: nullopt when the state has changed, or what to wait for.
  std::optional<Wait> step(Wake why);
  std::optional<Wait> shakeHands();
  std::optional<Wait> readHead();
  std::optional<Wait> readBody();
  std::optional<Wait> writeAnswer();
  std::optional<Wait> followStream(Wake why);
  std::optional<Wait> linger();

  void begin(std::size_t head_size);
  void finish();
  void send(const Response& response, Framing framing);
  void refuse(const Problem& problem, const RequestHead& head);
  bool hungUp();
  bool waitedTooLong(std::int64_t limit_ms);
  bool letGo(RequestHead& head);
  void skipBody(RequestHead& head);
  void startStream(Response response);
  void openStream();
  bool peerStillThere();
  void enterLinger();
  Wait overdue();
  void logError(const std::string& text) const;

  bool receive();               // into in_; false: see io_
  std::optional<Wait> flush();  // out_; nullopt when all of it is written
  Wait waitFor(TlsStream::State state) const;
  void setDeadline(std::int64_t ms);
  std::int64_t transferMs(std::uint64_t bytes) const;
  void reserveBody(std::uint64_t bytes);
  void releaseBody();

  const std::uint64_t id_;
  std::unique_ptr<TlsStream> stream_;
  const std::string peer_;
  std::string client_;  // who asks, where proxies stand in front; of the request at hand
  Shared& shared_;
  Lane lane_ = Lane::kStrangers;
  std::int64_t waited_ns_ = 0;  // for workers, with the request at hand
  State state_ = State::kHandshake;
  State after_answer_ = State::kHead;
  std::int64_t deadline_ns_ = 0;
  TlsStream::State io_ = TlsStream::State::kOk;  // of the last receive()
  std::string in_;                               // received, not yet used
  std::shared_ptr<void> until_sent_;             // of what is in out_
  std::string out_;
  std::size_t written_ = 0;  // of out_
  std::string request_id_;
  std::optional<Dispatcher::Admission> admission_;
  std::uint64_t reserved_ = 0;  // of Shared::body_bytes
  std::size_t lingered_ = 0;
  bool served_ = false;  // one request at least: what follows has its own deadlines
  bool keep_alive_ = true;
  bool stopping_ = false;
  bool last_pull_ = false;
  std::unique_ptr<Feed> feed_;
};

}  // namespace redflag::http
