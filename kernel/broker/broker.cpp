#include "broker/broker.h"

#include "base/log.h"
#include "broker/messages.h"
#include "host/frame.h"
#include "host/load.h"
#include "local/channel.h"
#include "platform/files.h"
#include "supervisor/host_starter.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kTickNs = 20 * kMillisecondNs;  // how soon a closed connection is seen

tl::unexpected<PluginRefusal> refuse(const char* status, const char* code, std::string text) {
  return tl::unexpected<PluginRefusal>(PluginRefusal{status, code, std::move(text)});
}

Json refusalJson(const PluginRefusal& refusal) {
  return {{"refused", {{"status", refusal.status}, {"code", refusal.code}, {"text", refusal.text}}}};
}

Json endJson(const platform::ExitState& state) {
  return {{"ended", {{"exited", state.exited}, {"code", state.code}, {"signal", state.signal}}}};
}

}  // namespace

tl::expected<ReadyPlugin, PluginRefusal> Broker::prepare(const std::string& plugin) {
  if (auto ours = platform::checkOnlyOursToWrite(settings_.config); !ours)
    return refuse("denied", "broker.config_not_trusted", ours.error().text);
  if (config_.changedOnDisk()) config_.reload();
  const auto config = config_.current();
  const PluginConfig* named = config->plugin(plugin);
  if (named == nullptr) {
    return refuse("denied", "broker.not_enabled",
                  "the plugin " + plugin + " is not enabled in " + config->file.string());
  }
  return preparePlugin(*config, *named, {settings_.plugins, true});
}

tl::expected<Broker::Host, PluginRefusal> Broker::start(const std::string& plugin) {
  if (!host::isPluginId(plugin)) return refuse("invalid", "broker.bad_request", "that is no plugin's id");
  auto ready = prepare(plugin);
  if (!ready) return tl::unexpected<PluginRefusal>(ready.error());
  auto pipe = platform::DuplexPipe::create();
  if (!pipe) return refuse("transient", "broker.not_started", pipe.error().text);
  auto options = scannerHost(settings_.host, ready->config.limits, settings_.scan_user);
  options.descriptors = {{host::kInputFd, pipe->childEnd()}, {host::kOutputFd, pipe->childEnd()}};
  auto process = platform::Process::spawn(options);
  if (!process) return refuse("transient", "broker.not_started", process.error().text);
  pipe->closeChildEnd();
  // What it may load and touch is said here, before anybody else can say anything to it.
  const auto load = host::loadOf(ready->manifest, ready->capabilities, ready->seal, settings_.scratch);
  const auto frame = host::encodeFrame(host::FrameType::kLoad, host::encodeLoad(load));
  if (auto written = pipe->writeAll(frame, kBrokerPatienceNs); !written)
    return refuse("transient", "broker.not_started", written.error().text);
  return Host{std::move(*pipe), std::move(*process)};
}

std::string Broker::serve(platform::LocalStream& stream, const std::atomic<bool>& stopping) {
  const auto request = receiveMessage(stream, kMaxBrokerRequest, kBrokerPatienceNs);
  if (!request) return request.error().text;
  if (!*request) return {};
  JsonReader in(**request, "request");
  const auto op = in.text("op", 16);
  const auto plugin = in.optionalText("plugin", 128);
  if (auto read = in.finish(); !read) return read.error().text;
  if (op == "status") {
    const Json status = {{"version", REDFLAG_VERSION}, {"hosts", hosts_.load()}};
    const auto sent = sendMessage(stream, status, kBrokerPatienceNs);
    return sent ? std::string() : sent.error().text;
  }
  if (op != "start") return "request.op: expected start or status";
  auto host = start(plugin);
  if (host) return keep(stream, std::move(*host), stopping);
  spdlog::warn("{} is not started: {}", plugin, host.error().text);
  const auto sent = sendMessage(stream, refusalJson(host.error()), kBrokerPatienceNs);
  return sent ? std::string() : sent.error().text;
}

std::string Broker::keep(platform::LocalStream& stream, Host host, const std::atomic<bool>& stopping) {
  struct Counted {
    Counted(std::atomic<int>& hosts, std::atomic<bool>& work) : count(hosts), worked(work) { ++count; }
    ~Counted() {
      --count;
      worked = true;
    }
    std::atomic<int>& count;
    std::atomic<bool>& worked;
  };
  const Counted counted(hosts_, worked_);
  const Json answer = {{"started", true}, {"pid", host.process.pid()}};
  if (auto sent = sendMessage(stream, answer, kBrokerPatienceNs); !sent) return sent.error().text;
  if (auto sent = stream.giveDescriptor(host.pipe.take(), kBrokerPatienceNs); !sent) return sent.error().text;
  while (!stopping) {
    const auto ended = host.process.wait(kTickNs);
    if (ended) {
      const auto told = sendMessage(stream, endJson(*ended), kBrokerPatienceNs);
      return told || told.error().code == Code::kIo ? std::string() : told.error().text;
    }
    if (!waitReadable(stream, 0)) continue;
    const auto message = receiveMessage(stream, kMaxBrokerRequest, kBrokerPatienceNs);
    if (!message) return message.error().text;
    if (!*message) return {};  // the kernel has what it wanted, or is gone: so is the host, with our Process
    if (**message != Json{{"op", "kill"}}) return "expected kill, or nothing";
    host.process.killGroup();
  }
  return {};
}

}  // namespace redflag::kernel
