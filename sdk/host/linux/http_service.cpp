// rf.http/1: hands the question to whoever started this process, and waits for the answer.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "base/json.h"
#include "base/time.h"
#include "host/frame.h"
#include "host/guard.h"
#include "host/json_text.h"
#include "host/reads.h"
#include "host/services/services.h"
#include "host/text.h"

namespace redflag::host {
namespace {

constexpr int kAskTickMs = 50;  // how soon a cancel is seen
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kMaxHeadBytes = 8192;

rf_status waitFor(int fd, short events, const RunControl& control) {
  for (;;) {
    if (control.cancelled) return RF_CANCELLED;
    if (monotonicNow() >= control.deadline_ns) return RF_LIMIT;
    pollfd entry{fd, events, 0};
    if (::poll(&entry, 1, kAskTickMs) > 0) return RF_OK;
  }
}

rf_status readExactly(int fd, char* into, std::size_t size, const RunControl& control) {
  while (size > 0) {
    if (const rf_status waited = waitFor(fd, POLLIN, control); waited != RF_OK) return waited;
    const ssize_t got = ::read(fd, into, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return RF_TRANSIENT;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return RF_OK;
}

rf_status readMessage(int fd, std::size_t max_bytes, const RunControl& control, std::string& message) {
  std::array<unsigned char, kLengthBytes> length{};
  const rf_status status = readExactly(fd, reinterpret_cast<char*>(length.data()), length.size(), control);
  if (status != RF_OK) return status;
  std::size_t size = 0;
  for (std::size_t i = kLengthBytes; i > 0; --i)
    size = size << 8U | length[i - 1];
  if (size > max_bytes) return RF_TRANSIENT;
  message.resize(size);
  return readExactly(fd, message.data(), size, control);
}

rf_status writeMessage(int fd, std::string_view text, const RunControl& control) {
  std::string bytes;
  for (unsigned shift = 0; shift < 8 * kLengthBytes; shift += 8)
    bytes.push_back(static_cast<char>(static_cast<std::uint8_t>(text.size() >> shift)));
  bytes += text;
  for (std::string_view rest = bytes; !rest.empty();) {
    if (const rf_status waited = waitFor(fd, POLLOUT, control); waited != RF_OK) return waited;
    const ssize_t put = ::write(fd, rest.data(), rest.size());
    if (put < 0 && errno != EINTR) return RF_TRANSIENT;
    if (put > 0) rest.remove_prefix(static_cast<std::size_t>(put));
  }
  return RF_OK;
}

}  // namespace

HttpService::HttpService(ServiceContext& context, int reads) : context_(context), reads_(reads) {
  table_.struct_size = sizeof(rf_http_1);
  table_.service_data = this;
  table_.get_local = [](const rf_http_1* self, rf_str socket, rf_str target, std::uint64_t max_bytes,
                        rf_sink body, std::int32_t* http_status) {
    return guard([&]() -> rf_status {
      if (http_status == nullptr) return RF_INVALID;
      return static_cast<HttpService*>(self->service_data)
          ->get(viewOf(socket), viewOf(target), max_bytes, body, *http_status);
    });
  };
}

rf_status HttpService::refused(std::string_view head) {
  const auto parsed = parseJson(head, {.bytes = kMaxHeadBytes, .depth = 2, .values = 8});
  if (!parsed) return RF_TRANSIENT;
  JsonReader in(*parsed, "answer");
  const auto status = statusFromName(in.text("refused", 32));
  const auto text = in.optionalText("text", 4096);
  if (!status || *status == RF_OK || !in.finish()) return RF_TRANSIENT;
  context_.reporter.log("warning", text);
  if (*status == RF_DENIED) context_.reporter.reportOnce(RF_DENIED, "service.denied", readable(text, 512));
  return *status;
}

rf_status HttpService::get(std::string_view socket, std::string_view target, std::uint64_t max_bytes,
                           rf_sink body, std::int32_t& http_status) {
  const RunControl& control = context_.control;
  if (!context_.capabilities.mayAsk(socket)) return context_.deny("http:unix:" + std::string(socket));
  if (reads_ < 0) return RF_UNSUPPORTED;
  const std::int64_t left_ms = (control.deadline_ns - monotonicNow()) / kMillisecondNs;
  if (left_ms <= 0) return RF_LIMIT;
  if (max_bytes == 0 || max_bytes > kMaxReadBytes) max_bytes = kMaxReadBytes;
  const auto question = encodeQuestion(
      {std::string(socket), std::string(target), max_bytes, std::min<std::int64_t>(left_ms, 3'600'000)});
  if (question.size() > kMaxQuestionBytes) return RF_INVALID;
  const std::lock_guard lock(mutex_);
  // After a question that was left, what comes next would be taken for the answer to another one.
  if (broken_) return RF_TRANSIENT;
  broken_ = true;
  std::string head;
  if (const rf_status put = writeMessage(reads_, question, control); put != RF_OK) return put;
  if (const rf_status got = readMessage(reads_, kMaxHeadBytes, control, head); got != RF_OK) return got;
  const auto parsed = parseJson(head, {.bytes = kMaxHeadBytes, .depth = 2, .values = 8});
  if (!parsed || !parsed->contains("http_status")) {
    broken_ = false;
    return refused(head);
  }
  JsonReader in(*parsed, "answer");
  http_status = static_cast<std::int32_t>(in.integer("http_status", 100, 599));
  std::string content;
  if (const rf_status got = readMessage(reads_, max_bytes, control, content); got != RF_OK || !in.finish())
    return got == RF_OK ? RF_TRANSIENT : got;
  broken_ = false;
  return body.write(body.sink_data, rfStr(content));
}

}  // namespace redflag::host
