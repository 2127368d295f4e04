#pragma once
// One HTTPS connection to the server, kept alive between requests. Redirects are not followed, bodies are
// bounded, each wait has a limit. Threads: one owner; only interrupt() may be called from another.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "link/tls_trust.h"

namespace Poco::Net {
class HTTPClientSession;
class StreamSocket;
}  // namespace Poco::Net

namespace redflag::kernel {

struct HttpRequest {
  std::string method = "POST";
  std::string target;  // path and query
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct HttpReply {
  int status = 0;
  std::string content_type;  // without its parameters
  std::string body;
  std::optional<std::int64_t> date_s;  // of the Date header
  std::int64_t retry_after_s = 0;
  std::string request_id = {};  // as the server's log has it; "": it said none
};

// The way out: "none", "system" (the environment's https_proxy) or "http://host:port".
struct Proxy {
  std::string host;  // "": none
  std::uint16_t port = 0;
};
Result<Proxy> parseProxy(const std::string& text);

struct HttpTimes {
  std::int64_t connect_ns = 10'000'000'000;
  std::int64_t idle_ns = 30'000'000'000;    // without a byte
  std::int64_t total_ns = 120'000'000'000;  // of one answer's body
};

class HttpsClient {
 public:
  // `url`: https://host[:port], as a bundle holds it.
  HttpsClient(const std::string& url, TlsTrust trust, Proxy proxy = {}, HttpTimes times = {});
  ~HttpsClient();
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;

  // The Host header, which request signatures cover.
  const std::string& authority() const { return authority_; }

  // What is logged afterwards, within a RequestScope, carries the id that the server gave the request.
  // kUnavailable: no connection, TLS refused, cut off, too slow; the text says which. kLimit: the answer is
  // longer than max_body. Any status is an answer.
  Result<HttpReply> exchange(const HttpRequest& request, std::size_t max_body);
  // Whether the last exchange went over a connection that an earlier one had left open: if it failed, the
  // server may just have closed it, and a new one is worth a try at once.
  bool reused() const { return reused_; }

  // For event streams: `opened` is called when the head of one is there; `line` gets each line (without its
  // end) as it comes and ends the stream by answering false. Any other answer is handed back at once, with
  // its body. `idle_ns`: longest silence.
  using LineHandler = std::function<bool(std::string_view line)>;
  Result<HttpReply> stream(const HttpRequest& request, std::int64_t idle_ns,
                           const std::function<void()>& opened, const LineHandler& line);

  // Ends what runs now, and everything later, with kCancelled. A connect that is under way is waited for.
  void interrupt();

 private:
  Result<HttpReply> guarded(const std::function<HttpReply()>& work);
  std::istream& ask(const HttpRequest& request, HttpReply& reply, std::int64_t idle_ns);
  std::string readBody(std::istream& in, std::size_t max_body) const;
  void connect();
  Poco::Net::StreamSocket reach(const std::string& host, std::uint16_t port) const;
  Poco::Net::StreamSocket tunnel() const;
  void watchSocket(int descriptor);
  void drop();

  std::string host_;
  std::uint16_t port_ = 443;
  std::string authority_;
  TlsTrust trust_;
  Proxy proxy_;
  HttpTimes times_;
  std::unique_ptr<Poco::Net::HTTPClientSession> session_;
  bool reused_ = false;
  std::int64_t expected_bytes_ = -1;  // of the present answer's body; -1: not announced
  std::mutex guard_;                  // of socket_
  int socket_ = -1;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace redflag::kernel
