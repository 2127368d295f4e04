#pragma once
// One HTTPS connection that never blocks: requests one after the other, or an event stream. Threads: the
// reactor's.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "swarm/reactor.h"
#include "swarm/trust.h"

struct sockaddr;

namespace redflag::swarm {

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower-case names; several of one in lines
  std::string body;
  std::int64_t took_ns = 0;  // from the first byte of the request, or of the connection it had to wait for
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::string code() const;          // of a problem document; else "status.503"
  std::string requestId() const;     // as the server's log has it; "" without
  std::string refusal() const;       // code and request id, for people
  std::int64_t dateS() const;        // of the Date header; 0 without
  std::int64_t retryAfterS() const;  // 0 without
  // The server itself, and not a proxy before it, says when to come again.
  bool putsOff() const;
  // And it is only that more is asked than it can do: nothing failed.
  bool isBusy() const { return putsOff() && code() == "server.busy"; }
};

// An address, resolved once.
struct Target {
  Origin origin;
  Trust trust;
  std::vector<std::string> addresses;  // sockaddr bytes, each tried in turn

  static Result<Target> resolve(const Origin& origin, const Trust& trust);  // blocks
};

class Connection {
 public:
  // Each is the last thing a connection does in its turn, so that it may be destroyed from inside.
  class User {
   public:
    virtual ~User() = default;
    virtual void sent(Connection&) {}                     // the whole request is with the system
    virtual void replied(Connection&, Reply& reply) = 0;  // also the head of a stream, with status 200
    virtual void lines(Connection&, std::vector<std::string>&) {}  // of a stream, without their ends
    // Nothing more comes; `why` is one word of the swarm's own: connect, tls, closed, timeout, protocol,
    // limit, descriptors (this machine gives no more of them).
    virtual void closed(Connection&, const std::string& why) = 0;
  };

  // Begins to connect; the outcome is told later. Throws std::system_error.
  Connection(Reactor& reactor, const Target& target, User& user);
  ~Connection();  // closes without a word, as a process that is killed does
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // At most one at a time; sent once the connection stands. `stream`: a 200 opens an event stream.
  void send(std::string request, bool stream, std::int64_t timeout_ns);
  // From now on at most `bytes` are read every `pause_ns`.
  void readSlowly(std::size_t bytes, std::int64_t pause_ns);

  bool idle() const { return state_ == State::kIdle; }
  std::int64_t handshakeNs() const { return handshake_ns_; }  // TCP and TLS; 0 until it stands

 private:
  enum class State { kConnecting, kHandshake, kIdle, kSending, kHead, kBody, kStream };

  void ready();
  void advance();
  bool shakeHands();
  bool write();
  void read();
  bool takeHead();
  void takeLines();
  void finish(const std::string& why);
  void setTimeout(std::int64_t ns);
  bool fill();

  Reactor& reactor_;
  User& user_;
  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
  Reactor::WatchId watch_ = 0;
  Reactor::TimerId timeout_{};
  Reactor::TimerId slow_{};
  std::size_t slow_bytes_ = 0;
  std::int64_t slow_pause_ns_ = 0;
  State state_ = State::kConnecting;
  bool stream_ = false;
  std::string out_;
  std::size_t written_ = 0;
  std::string in_;
  bool ended_ = false;  // the peer sends nothing more
  std::size_t body_bytes_ = 0;
  Reply reply_;
  std::int64_t began_ns_;
  std::int64_t handshake_ns_ = 0;
  std::int64_t request_ns_ = 0;
};

}  // namespace redflag::swarm
