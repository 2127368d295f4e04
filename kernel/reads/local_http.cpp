#include "reads/local_http.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/time.h"
#include "platform/duplex_pipe.h"
#include "platform/local_socket.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxHead = 16U << 10U;
constexpr std::int64_t kTickNs = 50 * kMillisecondNs;  // how soon `stopping` is seen

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

tl::unexpected<Error> notHttp(const std::string& what) {
  return fail(Code::kInvalid, "the answer is not understood: " + what);
}

struct Head {
  int http_status = 0;
  std::optional<std::size_t> length;
};

Result<int> statusOf(std::string_view line) {
  // "HTTP/1.1 200 OK"
  if (!(line.starts_with("HTTP/1.0 ") || line.starts_with("HTTP/1.1 ")) || line.size() < 12)
    return notHttp("no status line");
  int status = 0;
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status);
  if (error != std::errc() || end != line.data() + 12 || status < 200 || status > 599)
    return notHttp("no status from 200 to 599");
  return status;
}

Result<Head> parseHead(std::string_view text) {
  Head head;
  const auto first = text.substr(0, text.find("\r\n"));
  const auto status = statusOf(first);
  if (!status) return tl::unexpected<Error>(status.error());
  head.http_status = *status;
  for (std::size_t at = first.size() + 2; at < text.size();) {
    const auto line = text.substr(at, text.find("\r\n", at) - at);
    at += line.size() + 2;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return notHttp("a line of its head has no colon");
    const auto name = lower(line.substr(0, colon));
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    if (name == "transfer-encoding") return notHttp("a transfer encoding, which HTTP/1.0 has not");
    if (name != "content-length") continue;
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (head.length || error != std::errc() || end != value.data() + value.size())
      return notHttp("Content-Length is no number");
    head.length = length;
  }
  return head;
}

// Until the other end closes.
Result<std::string> readAll(platform::DuplexPipe& pipe, std::size_t max_bytes, std::int64_t until_ns,
                            const std::atomic<bool>& stopping) {
  std::string out;
  std::array<char, 65536> chunk{};
  for (;;) {
    if (stopping) return fail(Code::kUnavailable, "was stopped");
    const std::int64_t left = until_ns - monotonicNow();
    if (left <= 0) return fail(Code::kUnavailable, "did not answer in time");
    const auto ready = pipe.wait(false, std::min(left, kTickNs));
    if (!ready) return tl::unexpected<Error>(ready.error());
    if (!ready->readable) continue;
    const auto got = pipe.read(chunk.data(), chunk.size());
    if (!got) return tl::unexpected<Error>(got.error());
    if (!*got) continue;
    if (**got == 0) return out;
    if (out.size() + **got > max_bytes + kMaxHead)
      return fail(Code::kLimit, "the answer has more than " + std::to_string(max_bytes) + " bytes");
    out.append(chunk.data(), **got);
  }
}

Result<LocalAnswer> parseAnswer(std::string text, std::size_t max_bytes) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos || end > kMaxHead) return notHttp("no end of its head");
  const auto head = parseHead(std::string_view(text).substr(0, end));
  if (!head) return tl::unexpected<Error>(head.error());
  text.erase(0, end + 4);
  if (head->length && *head->length != text.size()) return notHttp("it was cut off");
  if (text.size() > max_bytes)
    return fail(Code::kLimit, "the answer has more than " + std::to_string(max_bytes) + " bytes");
  return LocalAnswer{head->http_status, std::move(text)};
}

}  // namespace

Result<LocalAnswer> getLocal(const std::filesystem::path& socket, std::string_view target,
                             std::size_t max_bytes, std::int64_t timeout_ns,
                             const std::atomic<bool>& stopping) {
  const std::int64_t until = monotonicNow() + timeout_ns;
  std::error_code error;
  if (!std::filesystem::exists(socket, error) && !error)
    return fail(Code::kNotFound, socket.string() + ": no such socket");
  auto stream = platform::LocalStream::connect(socket);
  if (!stream) return tl::unexpected<Error>(stream.error());
  auto pipe = platform::DuplexPipe::adopt(stream->leave());
  const auto request = "GET " + std::string(target) + " HTTP/1.0\r\nAccept: application/json\r\n\r\n";
  if (auto sent = pipe.writeAll(request, until - monotonicNow()); !sent)
    return failAt(socket.string(), sent.error());
  auto text = readAll(pipe, max_bytes, until, stopping);
  if (!text) return failAt(socket.string(), text.error());
  auto answer = parseAnswer(std::move(*text), max_bytes);
  if (!answer) return failAt(socket.string(), answer.error());
  return answer;
}

}  // namespace redflag::kernel
