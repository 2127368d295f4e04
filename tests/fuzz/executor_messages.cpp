// What the executor reads: messages at its socket, and the frames of a host that it let loose.
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "executor/host_report.h"
#include "executor/messages.h"
#include "fuzz.h"
#include "local/channel.h"

namespace redflag::fuzz {
namespace {

constexpr std::int64_t kPatienceNs = 100'000'000;

// As the socket's other end sends them, with their lengths or without.
void receive(std::string_view bytes) {
  int ends[2];
  claim(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
  static_cast<void>(!::send(ends[1], bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  ::shutdown(ends[1], SHUT_WR);
  platform::LocalStream stream{platform::Descriptor(ends[0])};
  for (bool more = true; more;) {
    const auto message = kernel::receiveMessage(stream, kernel::kMaxExecutorRequest, kPatienceNs);
    more = message && *message;
    if (more) claim(!dumpJson(**message).empty(), "a message is JSON");
  }
  ::close(ends[1]);
}

void follow(std::string_view bytes) {
  std::size_t handed_on = 0;
  kernel::HostReport report("c", [&](const Json& event) {
    claim(event.at("event").is_string() && event.at("command_id") == "c", "an event is one of this order");
    ++handed_on;
  });
  host::FrameDecoder decoder;
  decoder.feed(bytes);
  std::size_t frames = 0;
  for (auto frame = decoder.next(); frame && *frame; frame = decoder.next()) {
    ++frames;
    // Those go to the log, and nowhere else.
    if ((*frame)->type != host::FrameType::kLog) report.take(**frame);
  }
  report.flush(1, 1);
  claim(handed_on <= 2 * frames + 2, "no more is handed on than was said");
  claim(report.done() || report.status().empty(), "only a host that said how it ended has ended");
  claim(!report.code("none").empty() && !report.text("none").empty(), "there is always a word");
}

}  // namespace

REDFLAG_FUZZ(executor_messages) {
  receive(input);
  const auto size = input.size();
  std::string framed;
  for (unsigned shift = 0; shift < 32; shift += 8)
    framed += static_cast<char>((size >> shift) & 0xFFU);
  receive(framed + std::string(input));
  follow(input);
}

}  // namespace redflag::fuzz
