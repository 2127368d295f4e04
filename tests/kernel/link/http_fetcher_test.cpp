#include "link/http_fetcher.h"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/time.h"

namespace redflag::kernel {
namespace {

// Sends a piece each tenth of a second, for as long as somebody takes it.
class Dripping {
 public:
  explicit Dripping(std::size_t piece) : thread_([this, piece] { serve(piece); }) {}
  ~Dripping() {
    stopping_ = true;
    thread_.join();
  }
  std::string address() const {
    return "http://127.0.0.1:" + std::to_string(listener_.address().port()) + "/";
  }

 private:
  void serve(std::size_t piece) {
    try {
      auto peer = listener_.acceptConnection();
      std::string text = "HTTP/1.1 200 OK\r\n\r\n";
      while (!stopping_) {
        peer.sendBytes(text.data(), static_cast<int>(text.size()));
        text.assign(piece, 'x');
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    } catch (const Poco::Exception&) {  // it was cut off: meant
    }
  }

  Poco::Net::ServerSocket listener_{Poco::Net::SocketAddress("127.0.0.1", 0)};
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

std::string errorOf(std::size_t piece, RetrievalFloor floor) {
  const Dripping server(piece);
  const auto before = monotonicNow();
  auto fetcher = HttpFetcher::make(server.address(), floor).value();
  const auto ok = fetcher.fetch("1.root.json", 1U << 30U, [](std::string_view) { return Result<>(); });
  EXPECT_LT(monotonicNow() - before, 20 * kSecondNs);
  return ok ? "fetched" : ok.error().text;
}

TEST(HttpFetcher, leaves_a_repository_that_sends_less_than_the_floor) {
  EXPECT_THAT(errorOf(10, {.window_ns = kSecondNs / 2}), testing::HasSubstr("too slowly"));
}

TEST(HttpFetcher, leaves_one_that_keeps_above_the_floor_and_does_not_come_to_an_end) {
  EXPECT_THAT(errorOf(9000, {.window_ns = kSecondNs / 2, .least_ns = kSecondNs, .bytes_per_s = 1U << 30U}),
              testing::HasSubstr("too slowly"));
}

}  // namespace
}  // namespace redflag::kernel
