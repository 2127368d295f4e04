#include "agent/local_client.h"

#include "platform/local_socket.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxAnswerBytes = 4U << 20U;

}  // namespace

Result<Json> askAgent(const std::filesystem::path& run_folder, const Json& request, std::int64_t timeout_ns) {
  const auto socket = run_folder / kAgentSocket;
  auto stream = platform::LocalStream::connect(socket);
  if (!stream && stream.error().code == Code::kUnavailable) {
    return fail(Code::kUnavailable, "no agent is running (" + socket.string() + ")");
  }
  if (!stream) return tl::unexpected<Error>(stream.error());
  if (auto sent = stream->send(dumpJson(request), timeout_ns); !sent)
    return tl::unexpected<Error>(sent.error());
  auto answer = stream->receive(kMaxAnswerBytes, timeout_ns);
  if (!answer) return tl::unexpected<Error>(answer.error());
  if (!*answer) return fail(Code::kUnavailable, "the agent closed the connection");
  auto json = parseJson(**answer, {.bytes = kMaxAnswerBytes});
  if (!json) return failAt("the agent's answer", json.error());
  if (json->is_object() && json->contains("error")) return fail(Code::kDenied, json->value("error", ""));
  return json;
}

}  // namespace redflag::kernel
