#pragma once
// One HTTP exchange at a time through libcurl, bounded in time and bytes. Follows no redirect by itself,
// knows no proxy but the one it is told, reads no file of anybody's home, and checks certificates always.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "problem.h"

namespace redflag::docker {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string user_password;         // "user:password"; "": none
  std::string body;                  // of a POST
  std::string socket;                // the local socket to ask at; "": the host in the URL
  std::string certificates;          // PEM, trusted beside the system's
  std::string proxy;                 // as proxyAddress() writes it; "": directly
  std::string proxy_user_password;   // for nobody but that proxy; "": none
  std::size_t max_bytes = 1U << 20U;
  std::int64_t timeout_ns = 0;
  // Takes the body in pieces instead of HttpReply::body; false ends the exchange.
  std::function<bool(std::string_view)> sink;
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case; of several the first
  std::string body;

  std::string header(const std::string& name) const;  // "" if there is none
};

class HttpClient {
 public:
  // `stopped` is asked several times a second.
  explicit HttpClient(std::function<bool()> stopped);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer is a reply. Else RF_TRANSIENT with "docker.unreachable", ".certificate", ".slow", ".endless"
  // or ".malformed"; "docker.proxy" where the proxy is to blame, RF_MISCONFIGURED if it wants a password;
  // RF_CANCELLED. Whatever fails on the way through a proxy names it.
  Result<HttpReply> send(const HttpRequest& request);

 private:
  struct Exchange;
  void prepare(const HttpRequest& request, Exchange& exchange);
  void prepareWay(const HttpRequest& request);

  std::function<bool()> stopped_;
  void* handle_ = nullptr;  // CURL; keeps connections open between exchanges
};

// The parts of an address that say to whom it leads; "" where it is none. "https://registry.example.net:443"
std::string originOf(const std::string& url);
bool isHttps(const std::string& url);
// The same of a proxy, in lower case, however people write it: "user:password@proxy.example.net:3128" is
// "http://proxy.example.net:3128". "" where it is no HTTP proxy's.
std::string proxyAddress(std::string_view text);
// `relative` as seen from `base`, whole; "" where that is no http or https address.
std::string resolved(const std::string& base, const std::string& relative);
std::string urlEncoded(std::string_view text);

}  // namespace redflag::docker
