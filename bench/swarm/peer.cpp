#include "peer.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/NullStream.h>
#include <Poco/StreamCopier.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace redflag::bench {
namespace {

constexpr int kThreads = 32;

class Nothing : public Poco::Net::HTTPRequestHandler {
 public:
  void handleRequest(Poco::Net::HTTPServerRequest& request,
                     Poco::Net::HTTPServerResponse& response) override {
    Poco::NullOutputStream sink;
    Poco::StreamCopier::copyStream(request.stream(), sink);
    static const std::string body = R"({"commands":[]})";
    response.setContentType("application/json");
    response.setKeepAlive(true);
    response.sendBuffer(body.data(), body.size());
  }
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
    return new Nothing;
  }
};

[[noreturn]] void serve(const std::filesystem::path& tls, int told) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Poco::Net::initializeSSL();
  const Poco::Net::Context::Ptr context(new Poco::Net::Context(Poco::Net::Context::SERVER_USE,
                                                               tls / "server.key", tls / "server.pem", "",
                                                               Poco::Net::Context::VERIFY_NONE));
  Poco::Net::SecureServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 1024, context);
  auto* parameters = new Poco::Net::HTTPServerParams;
  parameters->setKeepAlive(true);
  parameters->setMaxKeepAliveRequests(0);
  parameters->setMaxThreads(kThreads);
  Poco::ThreadPool threads(kThreads, kThreads);
  Poco::Net::HTTPServer server(new Factory, threads, socket, parameters);
  server.start();
  const std::uint16_t port = socket.address().port();
  if (::write(told, &port, sizeof port) != sizeof port) ::_exit(1);
  for (;;)
    ::pause();
}

}  // namespace

Peer startPeer(const std::filesystem::path& tls) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  Peer peer;
  peer.pid = ::fork();
  if (peer.pid == 0) {
    ::close(ends[0]);
    try {
      serve(tls, ends[1]);
    } catch (...) {
      ::_exit(1);
    }
  }
  ::close(ends[1]);
  const bool told = ::read(ends[0], &peer.port, sizeof peer.port) == sizeof peer.port;
  ::close(ends[0]);
  if (!told) throw std::runtime_error("the bare server did not start");
  return peer;
}

void endPeer(const Peer& peer) {
  ::kill(peer.pid, SIGKILL);
  ::waitpid(peer.pid, nullptr, 0);
}

}  // namespace redflag::bench
