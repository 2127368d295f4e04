#include "broker/broker_starter.h"

#include "base/json.h"
#include "broker/messages.h"
#include "local/channel.h"
#include "platform/local_socket.h"

namespace redflag::kernel {
namespace {

class BrokeredHost : public StartedHost {
 public:
  BrokeredHost(platform::LocalStream broker, platform::DuplexPipe pipe)
      : broker_(std::move(broker)), pipe_(std::move(pipe)) {}

  platform::DuplexPipe& pipe() override { return pipe_; }

  // A broker that is gone has taken its hosts with it.
  void kill() override { static_cast<void>(sendMessage(broker_, {{"op", "kill"}}, kBrokerPatienceNs)); }

  Result<std::optional<platform::ExitState>> wait(std::int64_t timeout_ns) override {
    if (exit_ || !waitReadable(broker_, timeout_ns)) return exit_;
    const auto message = receiveMessage(broker_, kMaxBrokerAnswer, kBrokerPatienceNs);
    if (!message) return failAt("the broker", message.error());
    if (!*message) return fail(Code::kUnavailable, "the broker ended, and its hosts with it");
    JsonReader in(**message, "broker");
    JsonReader how(in.object("ended"), "broker.ended");
    platform::ExitState state;
    state.exited = how.boolean("exited");
    state.code = static_cast<int>(how.integer("code", 0, 255));
    state.signal = static_cast<int>(how.integer("signal", 0, 255));
    if (auto read = in.finish(); !read) return tl::unexpected<Error>(read.error());
    if (auto read = how.finish(); !read) return tl::unexpected<Error>(read.error());
    return exit_ = state;
  }

 private:
  platform::LocalStream broker_;
  platform::DuplexPipe pipe_;
  std::optional<platform::ExitState> exit_;
};

Error refusalOf(const Json& answer) {
  const auto refused = answer.find("refused");
  if (refused == answer.end() || !refused->is_object())
    return {Code::kInternal, "the broker's answer was not understood"};
  JsonReader in(*refused, "refused");
  const auto text = in.optionalText("text", 4096, "no reason given");
  return {Code::kDenied, "the broker refused: " + text};
}

}  // namespace

Result<std::unique_ptr<StartedHost>> BrokerStarter::start(const RunRequest& request) const {
  auto broker = platform::LocalStream::connect(socket_);
  if (!broker) return fail(broker.error().code, "the broker cannot be reached: " + broker.error().text);
  Json order = {{"op", "start"}, {"plugin", request.manifest.id}};
  if (!request.command_id.empty()) order["command_id"] = request.command_id;
  if (auto sent = sendMessage(*broker, order, kBrokerPatienceNs); !sent)
    return failAt("the broker", sent.error());
  const auto answer = receiveMessage(*broker, kMaxBrokerAnswer, kBrokerPatienceNs);
  if (!answer) return failAt("the broker", answer.error());
  if (!*answer) return fail(Code::kUnavailable, "the broker closed the connection; its log says why");
  if (!(**answer).contains("started")) return tl::unexpected<Error>(refusalOf(**answer));
  auto socket = broker->takeDescriptor(kBrokerPatienceNs);
  if (!socket) return failAt("the broker", socket.error());
  return std::make_unique<BrokeredHost>(std::move(*broker), platform::DuplexPipe::adopt(std::move(*socket)));
}

}  // namespace redflag::kernel
