#pragma once
// A client that can misbehave: it sends exactly the bytes it is given, when it is told to.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

struct ssl_st;

namespace redflag::testing {

struct Reply {
  int status = 0;                              // 0: the connection ended without an answer
  std::map<std::string, std::string> headers;  // lower-case names; the last of several
  std::string body;
};

class TlsClient {
 public:
  // Connects to 127.0.0.1. Reads fail after `timeout_ms`. Throws std::runtime_error. `shake_hands` false
  // leaves the connection without TLS.
  explicit TlsClient(std::uint16_t port, int timeout_ms = 8000, bool shake_hands = true);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool send(std::string_view bytes);  // false: the connection is gone
  Reply reply(bool has_body = true);
  // Everything up to and with `mark`; what came until the end or the timeout when it does not come.
  std::string readUntil(std::string_view mark);
  // Whether the peer closes within the timeout; discards what it sends until then.
  bool closes();
  // Shrinks what the kernel takes in for us, so that a peer's writes block soon.
  void takeLittle();
  int fd() const { return fd_; }

 private:
  bool fill();

  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
  std::string in_;
};

// "GET /x HTTP/1.1\r\nHost: …" with the headers given as lines, and a body with its length unless it is a
// GET.
std::string request(const std::string& method, const std::string& target,
                    const std::string& header_lines = "", const std::string& body = "");

}  // namespace redflag::testing
