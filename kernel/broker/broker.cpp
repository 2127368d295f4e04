#include "broker/broker.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/history_line.h"
#include "base/log.h"
#include "broker/messages.h"
#include "host/frame.h"
#include "host/load.h"
#include "identity/fingerprint.h"
#include "local/channel.h"
#include "platform/files.h"
#include "protocol/limits.h"
#include "supervisor/host_starter.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kHelloNs = 10 * kSecondNs;      // as the kernel waits for it
constexpr std::int64_t kSlackNs = 20 * kSecondNs;      // beyond what the kernel lets it have
constexpr std::int64_t kPlaceNs = 5 * kSecondNs;       // for the last one of that plugin to be gone
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

// The id is what the kernel says it is.
void logHost(const Broker::Wanted& wanted, const char* from, const char* to, const std::string& code) {
  if (wanted.command_id.empty()) return;
  HistoryStep step;
  step.at_ns = epochNow();
  step.program = "redflag-broker";
  step.subsystem = "hosts";
  step.command_id = wanted.command_id;
  step.action = wanted.plugin;
  step.from = from;
  step.to = to;
  step.actor = "broker";
  step.code = code;
  spdlog::info("{}", historyLine(step));
}

std::string tellMarks(platform::LocalStream& stream, const std::string& salt) {
  if (salt.size() != kMarkSaltBytes) return "request.salt: expected 64 hexadecimal digits";
  const auto found = marksWithTpm(platform::machineMarks(), salt);
  if (!found) return found.error().text;
  Json marks = Json::array();
  for (const auto& mark : *found)
    marks.push_back({{"source", mark.source}, {"hash", toHex(mark.hash)}});
  const auto sent = sendMessage(stream, {{"marks", std::move(marks)}}, kBrokerPatienceNs);
  return sent ? std::string() : sent.error().text;
}

}  // namespace

bool Broker::asksDisks(const Config& config) {
  const auto granted = "http:unix:" + std::string(kDisks);
  return std::any_of(config.plugins.begin(), config.plugins.end(), [&](const PluginConfig& plugin) {
    const auto listed = plugin.capabilities.value_or(std::vector<std::string>());
    const auto smart = plugin.owner_settings.find("smart");
    return std::find(listed.begin(), listed.end(), granted) != listed.end() ||
           (plugin.id == "storage" && smart != plugin.owner_settings.end() && *smart == true);
  });
}

Broker::Place::Place(Broker& broker, const std::string& plugin) : broker_(broker), plugin_(plugin) {
  std::unique_lock lock(broker_.mutex_);
  taken_ = broker_.freed_.wait_for(lock, std::chrono::nanoseconds(kPlaceNs),
                                   [&] { return !broker_.running_.contains(plugin_); });
  if (taken_) broker_.running_.insert(plugin_);
}

Broker::Place::~Place() {
  if (!taken_) return;
  const std::lock_guard lock(broker_.mutex_);
  broker_.running_.erase(plugin_);
  broker_.freed_.notify_all();
}

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
  auto desk = ReadDesk::open(ready->capabilities);
  if (!desk) return refuse("transient", "broker.not_started", desk.error().text);
  if (*desk) (*desk)->giveTo(options);
  auto process = platform::Process::spawn(options);
  if (!process) return refuse("transient", "broker.not_started", process.error().text);
  pipe->closeChildEnd();
  if (auto begun = *desk ? (*desk)->begin() : Result<>(); !begun)
    return refuse("transient", "broker.not_started", begun.error().text);
  auto group = groups_ == nullptr ? platform::RunGroup() : groups_->make().value_or(platform::RunGroup());
  // Before it is told anything, it cannot have started another process.
  if (auto added = group.add(process->pid()); !added)
    return refuse("transient", "broker.not_started", added.error().text);
  // What it may load and touch is said here, before anybody else can say anything to it.
  const auto load = host::loadOf(ready->manifest, ready->capabilities, ready->seal, settings_.scratch);
  const auto frame = host::encodeFrame(host::FrameType::kLoad, host::encodeLoad(load));
  if (auto written = pipe->writeAll(frame, kBrokerPatienceNs); !written)
    return refuse("transient", "broker.not_started", written.error().text);
  const std::int64_t end_by = monotonicNow() + ready->config.limits.time_ns + kHelloNs + kSlackNs;
  return Host{std::move(*desk), std::move(*pipe), std::move(*process), std::move(group), end_by};
}

std::string Broker::serve(platform::LocalStream& stream, const std::atomic<bool>& stopping) {
  const auto request = receiveMessage(stream, kMaxBrokerRequest, kBrokerPatienceNs);
  if (!request) return request.error().text;
  if (!*request) return {};
  JsonReader in(**request, "request");
  const auto op = in.text("op", 16);
  const auto plugin = in.optionalText("plugin", 128);
  const auto command_id = in.optionalText("command_id", protocol::kMaxIdBytes);
  const auto salt = fromHex(in.optionalText("salt", 2 * kMarkSaltBytes)).value_or("");
  if (auto read = in.finish(); !read) return read.error().text;
  if (op == "status") {
    const std::lock_guard lock(mutex_);
    const Json status = {{"version", REDFLAG_VERSION}, {"hosts", running_.size()}};
    const auto sent = sendMessage(stream, status, kBrokerPatienceNs);
    return sent ? std::string() : sent.error().text;
  }
  if (op == "fingerprint") return tellMarks(stream, salt);
  if (op != "start") return "request.op: expected start, status or fingerprint";
  auto ended = run(stream, {plugin, command_id}, stopping);
  worked_ = true;
  return ended;
}

std::string Broker::run(platform::LocalStream& stream, const Wanted& wanted,
                        const std::atomic<bool>& stopping) {
  const std::string& plugin = wanted.plugin;
  const Place place(*this, plugin);
  using Started = tl::expected<Host, PluginRefusal>;
  auto host = place.taken()
                  ? start(plugin)
                  : Started(refuse("transient", "broker.busy", "the plugin " + plugin + " runs already"));
  if (host) {
    logHost(wanted, "", "started", "");
    const std::string cut_off = keep(stream, std::move(*host), stopping);
    logHost(wanted, "started", "ended", cut_off.empty() ? "" : "broker.cut_off");
    return cut_off;
  }
  logHost(wanted, "", "refused", host.error().code);
  spdlog::warn("{} is not started: {}", plugin, host.error().text);
  const auto sent = sendMessage(stream, refusalJson(host.error()), kBrokerPatienceNs);
  return sent ? std::string() : sent.error().text;
}

std::string Broker::keep(platform::LocalStream& stream, Host host, const std::atomic<bool>& stopping) {
  const Json answer = {{"started", true}, {"pid", host.process.pid()}};
  if (auto sent = sendMessage(stream, answer, kBrokerPatienceNs); !sent) return sent.error().text;
  if (auto sent = stream.giveDescriptor(host.pipe.take(), kBrokerPatienceNs); !sent) return sent.error().text;
  while (!stopping) {
    if (monotonicNow() > host.end_by) return "its host was ended: it ran far beyond its time";
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
    host.group.kill();
    host.process.killGroup();
  }
  return {};
}

}  // namespace redflag::kernel
