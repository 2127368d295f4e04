#include "reads/read_desk.h"

#include <algorithm>
#include <system_error>

#include "base/json.h"
#include "base/time.h"
#include "host/capabilities.h"
#include "host/frame.h"
#include "platform/duplex_pipe.h"
#include "reads/engine_questions.h"
#include "reads/local_http.h"
#include "reads/process_questions.h"
#include "redflag/abi.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kIdleNs = 24 * 3600 * kSecondNs;  // the host's own end comes long before
constexpr std::int64_t kSendNs = 10 * kSecondNs;
constexpr std::int64_t kMostNs = 60 * kSecondNs;
constexpr int kHttpOk = 200;

rf_status statusOf(Code code) {
  switch (code) {
    case Code::kNotFound:
      return RF_NOT_APPLICABLE;
    case Code::kDenied:
      return RF_DENIED;
    case Code::kLimit:
      return RF_LIMIT;
    default:
      return RF_TRANSIENT;
  }
}

std::string refusal(rf_status status, const std::string& text) {
  return dumpJson({{"refused", host::statusName(status)}, {"text", text.substr(0, 2000)}});
}

// Only what could be understood, and cleaned, is handed on.
Result<std::string> cleaned(std::string body) {
  auto parsed = parseJson(body, {.bytes = host::kMaxReadBytes, .depth = 32, .values = 400'000});
  if (!parsed) return failAt("the engine's answer", parsed.error());
  removeEnvironments(*parsed);
  maskProxyPasswords(*parsed);
  return dumpJson(*parsed);
}

}  // namespace

Result<std::unique_ptr<ReadDesk>> ReadDesk::open(const std::vector<std::string>& capabilities,
                                                 SmartPlaces smart, UnitPlaces units) {
  auto sockets = host::Capabilities(capabilities).sockets();
  if (sockets.empty()) return nullptr;
  auto pipe = platform::DuplexPipe::create();
  if (!pipe) return tl::unexpected<Error>(pipe.error());
  auto child = pipe->takeChildEnd();
  return std::unique_ptr<ReadDesk>(
      new ReadDesk(std::move(sockets), std::move(smart), std::move(units), pipe->take(), std::move(child)));
}

ReadDesk::~ReadDesk() {
  stopping_ = true;
  stream_.shutDown();
  if (thread_.joinable()) thread_.join();
}

void ReadDesk::giveTo(platform::SpawnOptions& options) const {
  options.descriptors.emplace_back(host::kReadsFd, child_.get());
}

Result<> ReadDesk::begin() {
  child_.reset();
  try {
    thread_ = std::thread([this] { serve(); });
  } catch (const std::system_error& error) {
    return fail(Code::kUnavailable, std::string("there is no room for a thread: ") + error.what());
  }
  return {};
}

void ReadDesk::serve() {
  while (!stopping_) {
    const auto message = stream_.receive(host::kMaxQuestionBytes, kIdleNs);
    if (!message || !*message || !answer(**message)) break;
  }
  stream_.shutDown();  // so that a host that waits does not wait for nothing
}

bool ReadDesk::say(std::string_view text) {
  return stream_.send(text, kSendNs).has_value();
}

bool ReadDesk::sayBody(const host::Question& question, const std::string& body) {
  if (body.size() > question.max_bytes)
    return say(
        refusal(RF_LIMIT, "the answer has more than " + std::to_string(question.max_bytes) + " bytes"));
  return say(dumpJson({{"http_status", kHttpOk}})) && say(body);
}

bool ReadDesk::answerOnProcesses(const host::Question& question) {
  if (!isProcessQuestion(question.target))
    return say(refusal(RF_DENIED, question.target + " is not among the reads of the agent's list"));
  return sayBody(question, processesJson(question.target));
}

bool ReadDesk::answerOnDisks(const host::Question& question) {
  if (!isSmartQuestion(question.target))
    return say(refusal(RF_DENIED, question.target + " is not among the reads of the agent's list"));
  const auto time = std::min(question.timeout_ms * kMillisecondNs, kMostNs);
  const auto body = disksHealthJson(smart_, monotonicNow() + time / 4 * 3, stopping_);
  if (!body) return say(refusal(statusOf(body.error().code), body.error().text));
  return sayBody(question, *body);
}

bool ReadDesk::answerOnUnits(const host::Question& question) {
  if (!isUnitQuestion(question.target))
    return say(refusal(RF_DENIED, question.target + " is not among the reads of the agent's list"));
  const auto time = std::min(question.timeout_ms * kMillisecondNs, kMostNs);
  const auto body = failedUnitsJson(units_, monotonicNow() + time / 4 * 3, stopping_);
  if (!body) return say(refusal(statusOf(body.error().code), body.error().text));
  return sayBody(question, *body);
}

bool ReadDesk::answer(std::string_view message) {
  const auto question = host::decodeQuestion(message);
  if (!question) return false;
  if (std::find(sockets_.begin(), sockets_.end(), question->socket) == sockets_.end())
    return say(refusal(RF_DENIED, "http:unix:" + question->socket + " is not among its capabilities"));
  if (question->socket == kProcesses) return answerOnProcesses(*question);
  if (question->socket == kDisks) return answerOnDisks(*question);
  if (question->socket == kUnits) return answerOnUnits(*question);
  if (!isEngineQuestion(question->target))
    return say(refusal(RF_DENIED, "GET " + question->target + " is not among the reads of the agent's list"));
  const auto time = std::min(question->timeout_ms * kMillisecondNs, kMostNs);
  auto got = getLocal(question->socket, question->target, question->max_bytes, time, stopping_);
  if (!got) return say(refusal(statusOf(got.error().code), got.error().text));
  if (got->http_status == kHttpOk && question->target != "/_ping") {
    auto body = cleaned(std::move(got->body));
    if (!body) return say(refusal(statusOf(body.error().code), body.error().text));
    got->body = std::move(*body);
  }
  if (got->body.size() > question->max_bytes)
    return say(
        refusal(RF_LIMIT, "the answer has more than " + std::to_string(question->max_bytes) + " bytes"));
  return say(dumpJson({{"http_status", got->http_status}})) && say(got->body);
}

}  // namespace redflag::kernel
