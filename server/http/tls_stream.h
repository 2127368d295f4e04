#pragma once
// One accepted TLS connection, never blocking. Used by one thread at a time.

#include <cstddef>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace redflag::http {

class TlsStream {
 public:
  enum class State {
    kOk,
    kWantRead,
    kWantWrite,
    kClosed
  };  // kClosed: ended, or broken; there is nothing else to do
  struct Io {
    State state = State::kClosed;
    std::size_t bytes = 0;
  };

  // Owns the socket, which must not block. Throws std::bad_alloc.
  TlsStream(int fd, ssl_ctx_st* context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  State handshake();
  // Of a handshake that has just ended with kClosed, what the other side did wrong or did not take:
  // tls.certificate_refused (it believes none of ours, or not any more), tls.plaintext, tls.version; "" where
  // it is none of these.
  std::string_view refusal() const { return refusal_; }
  Io read(char* buffer, std::size_t size);
  Io write(std::string_view bytes);
  // Bytes that were received but not read yet, which the socket no longer shows as readable.
  bool hasBuffered() const;

  // Says goodbye and stops sending. From then on only discard() makes sense: it reads on until the peer has
  // closed too, because closing over unread bytes would take our last answer away from a peer that is still
  // sending.
  void closeSending();
  Io discard();

  // Nothing was read from the peer yet.
  bool untouched() const;
  // Whether the peer has stopped sending, or is gone, as the system knows it: whatever it sent before need
  // not have been read.
  bool peerLeft() const;

  int fd() const { return fd_; }

 private:
  State outcome(int result);

  int fd_;
  ssl_st* ssl_;
  std::string_view refusal_;
};

}  // namespace redflag::http
