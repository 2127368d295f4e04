#pragma once
// A registry on loopback, a proxy before one, or an engine at a socket, that says what a test wrote down for
// it, and remembers what it was asked.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct ssl_ctx_st;
namespace redflag::kernel::test {
struct Issued;
}

namespace redflag::test {

struct ScriptedAsk {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // as long as Content-Length says
};

// A whole answer, head and body, byte by byte as it goes out. `endless` and `silent` end with the server.
struct ScriptedAnswer {
  std::string bytes;
  bool endless = false;  // then the last 1024 bytes again and again
  bool silent = false;   // then nothing, and the connection stays
  int tunnel_to = 0;     // then a port on loopback: what either side says is carried to the other
};

class HttpScript {
 public:
  explicit HttpScript(std::function<ScriptedAnswer(const ScriptedAsk&)> script);
  // With TLS.
  HttpScript(std::function<ScriptedAnswer(const ScriptedAsk&)> script,
             const kernel::test::Issued& certificate);
  HttpScript(const std::string& socket, std::function<ScriptedAnswer(const ScriptedAsk&)> script);
  ~HttpScript();
  HttpScript(const HttpScript&) = delete;
  HttpScript& operator=(const HttpScript&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  std::vector<ScriptedAsk> asks() const;

 private:
  void serve();
  void talk(int fd);
  void carry(int near, int port) const;

  std::function<ScriptedAnswer(const ScriptedAsk&)> script_;
  int listener_ = -1;
  int port_ = 0;
  std::shared_ptr<ssl_ctx_st> tls_;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::vector<ScriptedAsk> asks_;
  std::vector<std::thread> talks_;
  std::thread thread_;
};

// "HTTP/1.1 STATUS x" with these header lines, the body's length and the body.
ScriptedAnswer answer(int status, const std::vector<std::string>& headers = {}, const std::string& body = {});

}  // namespace redflag::test
