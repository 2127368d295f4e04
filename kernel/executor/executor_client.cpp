#include "executor/executor_client.h"

#include <chrono>

#include "base/time.h"
#include "executor/messages.h"
#include "executor/not_started.h"
#include "local/channel.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kAnswerTimeNs = 10 * kSecondNs;
constexpr std::int64_t kStopTickNs = kSecondNs / 5;
constexpr std::int64_t kFirstPauseNs = kSecondNs / 5;
constexpr std::int64_t kLastPauseNs = 10 * kSecondNs;
constexpr std::int64_t kComplainAgainNs = 3600 * kSecondNs;

// Whatever is wrong with the way to the executor, nothing was decided there.
tl::unexpected<Error> unavailable(const Error& error) {
  return fail(Code::kUnavailable, "executor: " + error.text);
}

Result<OrderEvent> eventFrom(const Json& json) {
  JsonReader in(json, "event");
  OrderEvent out;
  out.event = in.text("event", 16);
  out.command_id = in.optionalText("command_id", 64);
  out.id = in.optionalText("id", 64);
  out.state = in.optionalText("state", 16);
  out.code = in.optionalText("code", kSentAtMost * kMaxEventCode);
  out.text = in.optionalText("text", kSentAtMost * kMaxEventText);
  out.percent = static_cast<int>(in.optionalInteger("percent", -1, 100, -1));
  out.results = in.optionalArray("results", 16);
  for (const Json& line : in.optionalArray("lines", 10'000)) {
    if (line.is_string()) out.lines.push_back(line.get<std::string>());
  }
  const auto at = fromRfc3339(in.text("at", 40));
  if (!at) in.refuse("at", "a time");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  out.at_ns = *at;
  return out;
}

}  // namespace

ExecutorClient::~ExecutorClient() {
  stopping_ = true;
  if (follower_.joinable()) follower_.join();
}

Result<Json> ExecutorClient::ask(const Json& request) const {
  auto stream = platform::LocalStream::connect(socket_);
  if (!stream) return unavailable(stream.error());
  if (auto ok = sendMessage(*stream, request, kAnswerTimeNs); !ok) return unavailable(ok.error());
  auto answer = receiveMessage(*stream, kMaxExecutorEvent, kAnswerTimeNs, kMaxExecutorEventValues);
  if (!answer) return unavailable(answer.error());
  if (!*answer) return unavailable({Code::kUnavailable, "the connection was closed"});
  JsonReader in(**answer, "answer");
  const std::string event = in.text("event", 16);
  const std::string text = in.optionalText("text", kSentAtMost * kMaxEventText);
  const bool full = in.optionalText("code", kSentAtMost * kMaxEventCode) == kExecutorFull;
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  if (event == "error") return fail(full ? Code::kLimit : Code::kUnavailable, "executor: " + text);
  return std::move(**answer);
}

Result<OrderEvent> ExecutorClient::submit(const Json& envelope, const Json& trust) {
  const auto answer = ask({{"op", "submit"}, {"envelope", envelope}, {"trust", trust}});
  if (!answer) return tl::unexpected<Error>(answer.error());
  return eventFrom(*answer);
}

Result<bool> ExecutorClient::cancel(const std::string& command_id) {
  const auto answer = ask({{"op", "cancel"}, {"command_id", command_id}});
  if (!answer) return tl::unexpected<Error>(answer.error());
  JsonReader in(*answer, "answer");
  const bool cancelled = in.boolean("cancelled");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  return cancelled;
}

Result<> ExecutorClient::ack(const std::string& command_id) {
  const auto answer = ask({{"op", "ack"}, {"command_id", command_id}});
  if (!answer) return tl::unexpected<Error>(answer.error());
  return {};
}

Result<Json> ExecutorClient::status() {
  return ask({{"op", "status"}});
}

void ExecutorClient::attach(Callback callback) {
  follower_ = std::thread([this, callback = std::move(callback)] { follow(callback); });
}

void ExecutorClient::follow(const Callback& callback) {
  std::int64_t pause = kFirstPauseNs;
  std::int64_t complain_at = monotonicNow() + patience_ns_;
  while (!stopping_) {
    const std::int64_t began = monotonicNow();
    const bool heard = followOnce(callback);
    const std::int64_t now = monotonicNow();
    if (now - began > kLastPauseNs) pause = kFirstPauseNs;
    // Who is cut off at once has reached nobody.
    if (heard || now - began > kLastPauseNs) complain_at = now + patience_ns_;
    if (!stopping_ && now >= complain_at) {
      callback(unreachable());
      complain_at = now + kComplainAgainNs;
    }
    if (!pauseFor(pause)) return;
    pause = std::min(pause * 2, kLastPauseNs);
  }
}

// Whether anything came.
bool ExecutorClient::followOnce(const Callback& callback) {
  auto stream = platform::LocalStream::connect(socket_);
  if (!stream || !sendMessage(*stream, {{"op", "attach"}}, kAnswerTimeNs)) return false;
  bool heard = false;
  while (!stopping_) {
    if (!waitReadable(*stream, kStopTickNs)) continue;
    const auto message = receiveMessage(*stream, kMaxExecutorEvent, kAnswerTimeNs, kMaxExecutorEventValues);
    if (!message || !*message) break;
    heard = true;
    const auto event = eventFrom(**message);
    if (event && !callback(*event)) break;
  }
  return heard;
}

OrderEvent ExecutorClient::unreachable() const {
  OrderEvent out;
  out.event = "error";
  out.code = "executor.unreachable";
  out.at_ns = epochNow();
  const std::string why = whyNotStarted(socket_);
  out.text = "nobody answers at " + socket_.string() +
             (why.empty() ? ", the executor's own log may say why" : ", the executor does not start: " + why);
  return out;
}

bool ExecutorClient::pauseFor(std::int64_t ns) {
  const std::int64_t until = monotonicNow() + ns;
  while (!stopping_ && monotonicNow() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return !stopping_;
}

}  // namespace redflag::kernel
