#include "link/doorbell.h"

#include <algorithm>
#include <random>

#include "base/log.h"
#include "base/request_id.h"

namespace redflag::kernel {
namespace {

// One that is closed sooner was no good: coming back at once would be a storm.
constexpr std::int64_t kGoodLifeNs = 10 * kSecondNs;
constexpr int kCutsToTell = 8;  // in a row

std::int64_t randomUpTo(std::int64_t most) {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(most, 0))(engine);
}

}  // namespace

Doorbell::Doorbell(Parts parts)
    : parts_(std::move(parts)),
      connection_(parts_.endpoint),
      backoff_(parts_.settings.backoff),
      cut_(parts_.settings.doorbell_cut) {}

void Doorbell::start() {
  thread_ = std::thread([this] { run(); });
}

void Doorbell::halt() {
  wake_.stop();
  connection_.interrupt();
}

void Doorbell::stop() {
  halt();
  if (thread_.joinable()) thread_.join();
}

void Doorbell::run() {
  while (!wake_.stopped()) {
    if (backoff_.mayTry(monotonicNow())) {
      listenOnce();
    } else {
      wake_.waitUntil(backoff_.nextNs());
    }
  }
}

void Doorbell::listenOnce() {
  const RequestScope logged;
  const std::string url = connection_.url();
  std::int64_t opened_at = 0;
  std::int64_t after_ms = -1;
  const ServerApi::Doorbell handlers{[&] {
                                       opened_at = monotonicNow();
                                       parts_.contact.doorbell(true);
                                       parts_.contact.succeeded(url);
                                       parts_.rung();
                                     },
                                     parts_.rung, [&](std::int64_t ms) { after_ms = ms; }};
  const auto answer = connection_.api().doorbell(handlers, parts_.settings.doorbell_idle_ns);
  parts_.contact.doorbell(false);
  const std::int64_t now = monotonicNow();
  const bool unreachable = !answer && answer.error().kind == Failure::Kind::kUnreachable;
  if (after_ms >= 0 || (opened_at != 0 && now - opened_at >= kGoodLifeNs))
    return comeBack(std::max<std::int64_t>(after_ms, 0) * 1'000'000);
  if (opened_at != 0) {
    if (unreachable) connection_.rotate();
    return comeBackFromCut(url);
  }
  if (answer) return backoff_.failed(now);
  backOff(backoff_, answer.error(), now);
  parts_.contact.failed(url, answer.error(), backoff_.failures(), backoff_.open(), backoff_.nextNs());
  if (unreachable) connection_.rotate();
}

// Spread, because every agent of the server was just told the same.
void Doorbell::comeBack(std::int64_t at_least_ns) {
  backoff_.succeeded();
  cut_.succeeded();
  wake_.pause(at_least_ns + randomUpTo(parts_.settings.longest_return_ns));
}

void Doorbell::comeBackFromCut(const std::string& url) {
  if (wake_.stopped()) return;
  backoff_.succeeded();
  const std::int64_t now = monotonicNow();
  cut_.failed(now);
  if (cut_.failures() == kCutsToTell)
    spdlog::warn(
        "{} answers, but the connection on which it rings was cut within {} s each of {} times: look for a "
        "proxy or load balancer that ends idle connections. Orders arrive late meanwhile",
        url, kGoodLifeNs / kSecondNs, kCutsToTell);
  wake_.pause(cut_.nextNs() - now);
}

}  // namespace redflag::kernel
