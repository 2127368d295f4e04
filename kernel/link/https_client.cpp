#include "link/https_client.h"

#include <Poco/DateTimeParser.h>
#include <Poco/Environment.h>
#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketDefs.h>
#include <Poco/NumberParser.h>
#include <Poco/URI.h>

#include <algorithm>
#include <array>
#include <istream>

#include "base/request_id.h"
#include "base/time.h"
#include "protocol/message_signature.h"

namespace redflag::kernel {
namespace {

using Poco::Timespan;
using Poco::Net::HTTPMessage;
using Poco::Net::HTTPResponse;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;

constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxProblemBytes = 64U << 10;
constexpr std::int64_t kLongestRetryAfterS = 3600;
constexpr int kBothDirections = 2;  // SHUT_RDWR, and SD_BOTH

struct TooLong {};  // the answer is over its limit

Timespan timespan(std::int64_t ns) {
  return Timespan(ns / 1000);
}

std::optional<std::int64_t> dateOf(const HTTPResponse& response) {
  Poco::DateTime at;
  int zone = 0;
  if (!Poco::DateTimeParser::tryParse("%w, %d %b %Y %H:%M:%S %Z", response.get("Date", ""), at, zone))
    return {};
  return at.timestamp().epochTime();
}

void readHead(const HTTPResponse& response, HttpReply& reply) {
  reply.status = response.getStatus();
  const std::string type = response.getContentType();
  reply.content_type = type.substr(0, type.find_first_of("; "));
  reply.date_s = dateOf(response);
  reply.request_id = checkedRequestId(response.get(kRequestIdHeader, ""));
  RequestScope::setId(reply.request_id);
  Poco::Int64 seconds = 0;
  if (Poco::NumberParser::tryParse64(response.get("Retry-After", ""), seconds)) {
    reply.retry_after_s = std::clamp<std::int64_t>(seconds, 0, kLongestRetryAfterS);
  }
}

// DNS::resolve asks for the name of an address, and fails where that has none.
std::vector<Poco::Net::IPAddress> addressesOf(const std::string& host) {
  Poco::Net::IPAddress address;
  if (Poco::Net::IPAddress::tryParse(host, address)) return {address};
  return Poco::Net::DNS::hostByName(host).addresses();
}

Error errorOf(const Poco::Exception& e) {
  const std::string certificate = takeCertificateError();
  if (!certificate.empty()) {
    return {Code::kUnavailable, "the server's certificate is refused: " + certificate};
  }
  return {Code::kUnavailable, e.displayText()};
}

}  // namespace

Result<Proxy> parseProxy(const std::string& text) {
  std::string address = text;
  if (text == "system")
    address = Poco::Environment::get("https_proxy", Poco::Environment::get("HTTPS_PROXY", ""));
  if (address.empty() || address == "none") return Proxy{};
  try {
    const Poco::URI uri(address);
    if (uri.getScheme() != "http" || uri.getHost().empty()) throw Poco::SyntaxException("no host");
    return Proxy{uri.getHost(), uri.getPort()};
  } catch (const Poco::Exception&) {
    return fail(Code::kInvalid, "proxy: expected none, system or http://host:port");
  }
}

HttpsClient::HttpsClient(const std::string& url, TlsTrust trust, Proxy proxy, HttpTimes times)
    : trust_(std::move(trust)), proxy_(std::move(proxy)), times_(times) {
  const Poco::URI uri(url);
  host_ = uri.getHost();
  port_ = uri.getPort();
  authority_ = protocol::normalizeAuthority(url.substr(url.find("//") + 2));
}

HttpsClient::~HttpsClient() {
  drop();
}

void HttpsClient::drop() {
  watchSocket(-1);
  session_.reset();
}

void HttpsClient::watchSocket(int descriptor) {
  const std::lock_guard lock(guard_);
  socket_ = descriptor;
}

void HttpsClient::interrupt() {
  interrupted_ = true;
  const std::lock_guard lock(guard_);
  // The TLS session belongs to the other thread; ending the connection below it is safe.
  if (socket_ >= 0) ::shutdown(socket_, kBothDirections);
}

StreamSocket HttpsClient::reach(const std::string& host, std::uint16_t port) const {
  const auto addresses = addressesOf(host);
  for (std::size_t i = 0; i + 1 < addresses.size(); ++i) {
    try {
      StreamSocket socket;
      socket.connect(SocketAddress(addresses[i], port), timespan(times_.connect_ns));
      return socket;
    } catch (const Poco::Exception&) {
      continue;  // the last one's reason is told
    }
  }
  if (addresses.empty()) throw Poco::Net::NoAddressFoundException(host);
  StreamSocket socket;
  socket.connect(SocketAddress(addresses.back(), port), timespan(times_.connect_ns));
  return socket;
}

StreamSocket HttpsClient::tunnel() const {
  const std::string target = authority_.find(':') == std::string::npos ? authority_ + ":443" : authority_;
  StreamSocket socket = reach(proxy_.host, proxy_.port);
  socket.setReceiveTimeout(timespan(times_.connect_ns));
  socket.setSendTimeout(timespan(times_.connect_ns));
  Poco::Net::HTTPClientSession session(socket);
  Poco::Net::HTTPRequest request("CONNECT", target, HTTPMessage::HTTP_1_1);
  request.set("Host", target);
  session.sendRequest(request);
  HTTPResponse response;
  session.receiveResponse(response);
  if (response.getStatus() != HTTPResponse::HTTP_OK) {
    throw Poco::IOException("the proxy does not connect us: " + std::to_string(response.getStatus()));
  }
  return session.detachSocket();
}

// The TCP connection is ours before TLS begins on it, so that interrupt() reaches a peer that stalls the
// handshake.
void HttpsClient::connect() {
  StreamSocket tcp = proxy_.host.empty() ? reach(host_, port_) : tunnel();
  watchSocket(static_cast<int>(tcp.impl()->sockfd()));
  // Asked for before there was a socket to end.
  if (interrupted_) throw Poco::IOException("stopping");
  tcp.setReceiveTimeout(timespan(times_.connect_ns));
  tcp.setSendTimeout(timespan(times_.connect_ns));
  tcp.setNoDelay(true);
  const auto secure = Poco::Net::SecureStreamSocket::attach(tcp, host_, trust_.contextFor(host_));
  session_ = std::make_unique<Poco::Net::HTTPClientSession>(secure);
  session_->setKeepAlive(true);
}

std::istream& HttpsClient::ask(const HttpRequest& request, HttpReply& reply, std::int64_t idle_ns) {
  reused_ = session_ != nullptr;
  if (!reused_) connect();
  session_->socket().setSendTimeout(timespan(times_.idle_ns));
  session_->socket().setReceiveTimeout(timespan(idle_ns));
  Poco::Net::HTTPRequest message(request.method, request.target, HTTPMessage::HTTP_1_1);
  message.set("Host", authority_);
  for (const auto& [name, value] : request.headers)
    message.set(name, value);
  message.setContentLength64(static_cast<Poco::Int64>(request.body.size()));
  std::ostream& out = session_->sendRequest(message);
  // A server that refuses early answers while we still send: what it says counts more than a failed write.
  out.write(request.body.data(), static_cast<std::streamsize>(request.body.size())).flush();
  HTTPResponse response;
  std::istream& in = session_->receiveResponse(response);
  readHead(response, reply);
  expected_bytes_ = response.hasContentLength() ? response.getContentLength64() : -1;
  return in;
}

std::string HttpsClient::readBody(std::istream& in, std::size_t max_body) const {
  const std::int64_t deadline = monotonicNow() + times_.total_ns;
  std::string body;
  std::array<char, 16384> part{};
  auto& buffer = *in.rdbuf();
  while (buffer.sgetc() != std::char_traits<char>::eof()) {
    const auto ready =
        std::clamp<std::streamsize>(buffer.in_avail(), 1, static_cast<std::streamsize>(part.size()));
    body.append(part.data(), static_cast<std::size_t>(buffer.sgetn(part.data(), ready)));
    if (body.size() > max_body) throw TooLong{};
    if (monotonicNow() > deadline) throw Poco::TimeoutException("the answer came too slowly");
  }
  if (expected_bytes_ >= 0 && static_cast<std::int64_t>(body.size()) != expected_bytes_) {
    throw Poco::IOException("the answer was cut short");
  }
  return body;
}

Result<HttpReply> HttpsClient::guarded(const std::function<HttpReply()>& work) {
  if (interrupted_) return fail(Code::kCancelled, "stopping");
  RequestScope::setId("");
  try {
    return work();
  } catch (const TooLong&) {
    drop();
    return fail(Code::kLimit, "the server's answer is too long");
  } catch (const Poco::Exception& e) {
    drop();
    if (interrupted_) return fail(Code::kCancelled, "stopping");
    return tl::unexpected<Error>(errorOf(e));
  }
}

Result<HttpReply> HttpsClient::exchange(const HttpRequest& request, std::size_t max_body) {
  return guarded([&] {
    HttpReply reply;
    std::istream& in = ask(request, reply, times_.idle_ns);
    reply.body = readBody(in, max_body);
    return reply;
  });
}

Result<HttpReply> HttpsClient::stream(const HttpRequest& request, std::int64_t idle_ns,
                                      const std::function<void()>& opened, const LineHandler& line) {
  return guarded([&] {
    HttpReply reply;
    std::istream& in = ask(request, reply, idle_ns);
    if (reply.status != HTTPResponse::HTTP_OK || reply.content_type != "text/event-stream") {
      reply.body = readBody(in, kMaxProblemBytes);
      return reply;
    }
    opened();
    std::string text;
    auto& buffer = *in.rdbuf();
    for (int c = buffer.sbumpc(); c != std::char_traits<char>::eof(); c = buffer.sbumpc()) {
      if (c == '\n') {
        if (!text.empty() && text.back() == '\r') text.pop_back();
        if (!line(text)) break;
        text.clear();
      } else {
        text.push_back(static_cast<char>(c));
        if (text.size() > kMaxLine) throw TooLong{};
      }
    }
    drop();
    return reply;
  });
}

}  // namespace redflag::kernel
