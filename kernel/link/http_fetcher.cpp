#include "link/http_fetcher.h"

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/SecureStreamSocket.h>

#include <algorithm>
#include <array>
#include <istream>

#include "base/time.h"
#include "link/retrieval_guard.h"
#include "link/tls_trust.h"

namespace redflag::kernel {
namespace {

using Poco::Net::HTTPResponse;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;

Poco::Timespan spanOf(std::int64_t ns) {
  return Poco::Timespan(ns / 1000);
}

bool isThisMachine(const std::string& host) {
  if (host == "localhost") return true;
  Poco::Net::IPAddress address;
  return Poco::Net::IPAddress::tryParse(host, address) && address.isLoopback();
}

StreamSocket connectTo(const Poco::URI& base, std::int64_t wait_ns) {
  StreamSocket socket;
  socket.connect(SocketAddress(base.getHost(), base.getPort()), spanOf(wait_ns));
  socket.setReceiveTimeout(spanOf(wait_ns));
  socket.setSendTimeout(spanOf(wait_ns));
  return socket;
}

StreamSocket secured(const StreamSocket& socket, const std::string& host) {
  const auto trust = TlsTrust::ofThisMachine();
  if (!trust) throw Poco::IOException(trust.error().text);
  return Poco::Net::SecureStreamSocket::attach(socket, host, trust->contextFor(host));
}

Result<> checkHead(const HTTPResponse& response, std::uint64_t max_bytes) {
  const int status = response.getStatus();
  if (status == HTTPResponse::HTTP_NOT_FOUND || status == HTTPResponse::HTTP_FORBIDDEN) {
    return fail(Code::kNotFound, "the repository has no such file");
  }
  if (status != HTTPResponse::HTTP_OK) {
    return fail(Code::kUnavailable, "the repository answers with status " + std::to_string(status));
  }
  if (response.hasContentLength() && static_cast<std::uint64_t>(response.getContentLength64()) > max_bytes) {
    return fail(Code::kLimit, "the repository announces " + std::to_string(response.getContentLength64()) +
                                  " bytes, at most " + std::to_string(max_bytes) + " are expected");
  }
  return {};
}

Result<> readBody(std::istream& in, std::uint64_t max_bytes, const tuf::Fetcher::Sink& sink,
                  RetrievalGuard& guard, std::uint64_t& read) {
  std::array<char, 16384> part{};
  auto& buffer = *in.rdbuf();
  while (buffer.sgetc() != std::char_traits<char>::eof()) {
    const auto ready =
        std::clamp<std::streamsize>(buffer.in_avail(), 1, static_cast<std::streamsize>(part.size()));
    const auto got = static_cast<std::size_t>(buffer.sgetn(part.data(), ready));
    read += got;
    guard.count(got);
    if (read > max_bytes) return fail(Code::kLimit, "longer than " + std::to_string(max_bytes) + " bytes");
    if (auto ok = sink({part.data(), got}); !ok) return ok;
  }
  return {};
}

Result<> exchange(Poco::Net::HTTPClientSession& session, const std::string& authority,
                  const std::string& target, std::uint64_t max_bytes, const tuf::Fetcher::Sink& sink,
                  RetrievalGuard& guard) {
  Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, target, Poco::Net::HTTPMessage::HTTP_1_1);
  request.set("Host", authority);
  request.setKeepAlive(false);
  session.sendRequest(request);
  HTTPResponse response;
  std::istream& in = session.receiveResponse(response);
  if (auto ok = checkHead(response, max_bytes); !ok) return ok;
  std::uint64_t read = 0;
  if (auto ok = readBody(in, max_bytes, sink, guard, read); !ok) return ok;
  if (response.hasContentLength() && read != static_cast<std::uint64_t>(response.getContentLength64())) {
    return fail(Code::kUnavailable, "the answer was cut short");
  }
  return {};
}

}  // namespace

Result<HttpFetcher> HttpFetcher::make(const std::string& base, RetrievalFloor floor) {
  try {
    Poco::URI uri(base);
    const bool plain = uri.getScheme() == "http";
    if (uri.getHost().empty() || (!plain && uri.getScheme() != "https") || !uri.getRawQuery().empty() ||
        !uri.getFragment().empty() || !uri.getUserInfo().empty()) {
      return fail(Code::kInvalid, "\"" + base + "\": expected an address as https://host/folder");
    }
    if (plain && !isThisMachine(uri.getHost())) {
      return fail(Code::kInvalid, "\"" + base + "\": expected https; http is for this machine alone");
    }
    return HttpFetcher(std::move(uri), floor);
  } catch (const Poco::Exception&) {
    return fail(Code::kInvalid, "\"" + base + "\": expected an address as https://host/folder");
  }
}

Result<> HttpFetcher::fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) {
  std::string folder = base_.getPathEtc();
  if (folder.empty() || folder.back() != '/') folder.push_back('/');
  try {
    StreamSocket socket = connectTo(base_, 2 * floor_.window_ns);
    const auto whole_ns =
        floor_.least_ns + static_cast<std::int64_t>(max_bytes / floor_.bytes_per_s) * kSecondNs;
    RetrievalGuard guard(static_cast<int>(socket.impl()->sockfd()), floor_.window_ns, floor_.bytes_in_window,
                         whole_ns);
    try {
      Poco::Net::HTTPClientSession session(base_.getScheme() == "https" ? secured(socket, base_.getHost())
                                                                        : socket);
      auto ok = exchange(session, base_.getAuthority(), folder + reference, max_bytes, sink, guard);
      if (!guard.tooSlow()) return ok;
    } catch (const Poco::Exception&) {
      if (!guard.tooSlow()) throw;
    }
    return fail(Code::kUnavailable, "the repository sends too slowly");
  } catch (const Poco::Exception& e) {
    const std::string certificate = takeCertificateError();
    if (!certificate.empty()) return fail(Code::kUnavailable, "the certificate is refused: " + certificate);
    return fail(Code::kUnavailable, base_.getAuthority() + ": " + e.displayText());
  }
}

}  // namespace redflag::kernel
