#pragma once
// A TCP hop between one client and a server: an HTTP proxy that knows CONNECT, or a line with a stall in it.

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <chrono>
#include <string>
#include <thread>

namespace redflag::kernel::test {

class Relay {
 public:
  struct Options {
    bool connect_proxy = false;
    std::chrono::milliseconds stall_back{0};  // before the server's first bytes are let through
  };
  Relay(std::uint16_t target, Options options)
      : listener_(Poco::Net::SocketAddress("127.0.0.1", 0)),
        thread_([this, target, options] { run(target, options); }) {}
  ~Relay() { join(); }

  std::uint16_t port() const { return listener_.address().port(); }
  // Waits for the end of its one connection.
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  // What the client asked the proxy for; after join().
  const std::string& asked() const { return asked_; }

 private:
  using Socket = Poco::Net::StreamSocket;

  static void pump(Socket from, Socket to, std::chrono::milliseconds stall) {
    char bytes[4096];
    try {
      for (int n = from.receiveBytes(bytes, sizeof bytes); n > 0;
           n = from.receiveBytes(bytes, sizeof bytes)) {
        std::this_thread::sleep_for(std::exchange(stall, std::chrono::milliseconds(0)));
        to.sendBytes(bytes, n);
      }
      to.shutdownSend();
    } catch (const Poco::Exception&) {
      from.close();  // the other end is gone
    }
  }

  void run(std::uint16_t target, const Options& options) {
    Socket near = listener_.acceptConnection();
    if (options.connect_proxy) {
      char head[1024];
      const int size = near.receiveBytes(head, sizeof head);
      asked_.assign(head, static_cast<std::size_t>(size > 0 ? size : 0));
      const std::string ok = "HTTP/1.1 200 OK\r\n\r\n";
      near.sendBytes(ok.data(), static_cast<int>(ok.size()));
    }
    const Socket far(Poco::Net::SocketAddress("127.0.0.1", target));
    std::thread back([=] { pump(far, near, options.stall_back); });
    pump(near, far, std::chrono::milliseconds(0));
    back.join();
  }

  Poco::Net::ServerSocket listener_;
  std::string asked_;
  std::thread thread_;
};

}  // namespace redflag::kernel::test
