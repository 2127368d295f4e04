#include "host/session.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "base/json.h"
#include "host/input.h"
#include "host/library.h"
#include "host/operation.h"
#include "host/run.h"
#include "host/seal.h"
#include "host/services/services.h"
#include "host/text.h"

namespace redflag::host {
namespace {

constexpr int kDelivered = 0;
constexpr int kNotDelivered = 1;

// Why a run ended before the plugin could answer.
struct Stop {
  rf_status status;
  const char* code;
  std::string text;
};
template <class T = void>
using Step = tl::expected<T, Stop>;

tl::unexpected<Stop> stop(rf_status status, const char* code, std::string text) {
  return tl::unexpected<Stop>(Stop{status, code, std::move(text)});
}

rf_status notLoaded(const Error& error) {
  switch (error.code) {
    case Code::kUnsupported:
      return RF_UNSUPPORTED;
    case Code::kLimit:
      return RF_LIMIT;
    default:
      return RF_INVALID;
  }
}

struct Loaded {
  const rf_library* library;
  Manifest manifest;
};

// Everything a run was given, and what it was given it through.
struct Given {
  Load load;
  Start start;
  Capabilities capabilities;
  std::vector<Wall> walls;
};

std::string otherLibrary(const std::string& member, const Manifest& expected, const Manifest& library) {
  constexpr std::size_t kShown = 200;
  const auto value = [&](const Manifest& of) {
    const auto text = dumpJson(toJson(of)[member]);
    return text.size() > kShown ? std::string("something else") : text;
  };
  return "the library does not match its manifest: " + member + " is " + value(library) +
         " in the library, " + value(expected) + " in the manifest; install both from the same package";
}

Step<Loaded> loadPlugin(const Load& load) {
  for (const auto& soname : load.requires_libraries) {
    if (!sonameIsPresent(soname)) {
      return stop(RF_NOT_APPLICABLE, "plugin.library_missing", soname + " is not installed on this machine");
    }
  }
  auto library =
      load.expected ? loadLibraryWithHash(load.library, load.expected->sha256) : loadLibrary(load.library);
  if (!library) return stop(notLoaded(library.error()), "plugin.not_loaded", library.error().text);
  auto manifest = describe(*library);
  if (!manifest) {
    const bool other_abi = manifest.error().code == Code::kUnsupported;
    return stop(notLoaded(manifest.error()), other_abi ? "plugin.other_abi" : "plugin.broken_contract",
                manifest.error().text);
  }
  if (load.expected) {
    if (const auto member = firstDifference(*load.expected, *manifest); !member.empty())
      return stop(RF_INVALID, "plugin.other_library", otherLibrary(member, *load.expected, *manifest));
  }
  return Loaded{*library, std::move(*manifest)};
}

// The plugin object; destroyed with it.
class Instance {
 public:
  static Step<Instance> create(const rf_library& library, const rf_host* host) {
    rf_plugin* plugin = library.create(host);
    if (plugin == nullptr) return stop(RF_INTERNAL, "plugin.not_created", "the plugin could not be created");
    if (!RF_HAS(plugin, rf_plugin, destroy) || plugin->configure == nullptr || plugin->query == nullptr ||
        plugin->destroy == nullptr) {
      return stop(RF_INVALID, "plugin.broken_contract", "rf_plugin is too small, or lacks a function");
    }
    return Instance(plugin);
  }
  Instance(Instance&& other) noexcept : plugin_(std::exchange(other.plugin_, nullptr)) {}
  Instance& operator=(Instance&&) = delete;
  ~Instance() {
    if (plugin_ != nullptr) plugin_->destroy(plugin_);
  }
  rf_plugin* get() const { return plugin_; }

 private:
  explicit Instance(rf_plugin* plugin) : plugin_(plugin) {}
  rf_plugin* plugin_;
};

std::string wallsText(const std::vector<Wall>& walls) {
  Json standing = Json::object();
  for (const auto& wall : walls)
    standing[wall.name] = wall.standing;
  return dumpJson(standing);
}

std::string helloOf(const Manifest& manifest) {
  return dumpJson({{"id", manifest.id},
                   {"version", manifest.version},
                   {"abi_major", manifest.abi_major},
                   {"abi_minor", manifest.abi_minor},
                   {"pid", ::getpid()}});
}

Step<rf_status> callPlugin(const Given& given, const Loaded& loaded, Services& services,
                           const RunControl& control, Channel& channel, Reporter& reporter) {
  auto instance = Instance::create(*loaded.library, services.host());
  if (!instance) return tl::unexpected<Stop>(instance.error());
  channel.send(FrameType::kHello, helloOf(loaded.manifest));

  const Start& start = given.start;
  const rf_status configured = instance->get()->configure(instance->get(), rfStr(start.settings));
  if (configured != RF_OK) {
    return stop(configured, "plugin.not_configured", "the plugin does not accept its settings");
  }
  if (!loaded.manifest.offers(start.interface_id)) {
    return stop(RF_UNSUPPORTED, "plugin.unsupported", "the plugin does not offer " + start.interface_id);
  }
  Run run({loaded.manifest.id, loaded.manifest.record_kinds, start.purpose, start.max_records, scans(start)},
          control, channel, reporter);
  auto returned = perform(instance->get(), run.table(), start, channel);
  if (!returned) {
    const bool unsupported = returned.error().code == Code::kUnsupported;
    reporter.conclude(notLoaded(returned.error()),
                      unsupported ? "plugin.unsupported" : "plugin.broken_contract", returned.error().text);
    return run.finish(notLoaded(returned.error()));
  }
  return run.finish(*returned);
}

rf_status serve(const Given& given, Opening& opening, int reads, const RunControl& control, Channel& channel,
                Reporter& reporter) {
  auto loaded = loadPlugin(given.load);
  if (!loaded) {
    reporter.conclude(loaded.error().status, loaded.error().code, loaded.error().text);
    return loaded.error().status;
  }
  Services services({given.capabilities, control, reporter}, std::move(opening.state),
                    given.start.purpose != RF_PURPOSE_VERIFY, reads);
  // The plugin is gone when this returns: a crash in its destroy is still before kDone.
  auto status = callPlugin(given, *loaded, services, control, channel, reporter);
  if (!status) {
    reporter.conclude(status.error().status, status.error().code, status.error().text);
    return status.error().status;
  }
  if (*status == RF_OK) {
    for (const auto& [key, value] : services.state().takePut())
      channel.send(FrameType::kState, encodeState(key, value));
  }
  return *status;
}

Step<Given> take(const Opening& opening) {
  auto load = decodeLoad(opening.load);
  if (!load) return stop(RF_INVALID, "host.bad_start", load.error().text);
  auto start = decodeStart(opening.start);
  if (!start) return stop(RF_INVALID, "host.bad_start", start.error().text);
  const Capabilities capabilities(load->capabilities);
  auto walls = sealProcess(*load, capabilities);
  if (!walls) return stop(RF_DENIED, "host.wall_missing", walls.error().text);
  return Given{std::move(*load), std::move(*start), capabilities, std::move(*walls)};
}

int done(Channel& channel, rf_status status) {
  channel.send(FrameType::kDone, std::string(R"({"status":")") + statusName(status) + "\"}");
  return channel.finish() ? kDelivered : kNotDelivered;
}

}  // namespace

int runSession(const Endpoints& ends) {
  Channel channel(ends.output);
  Reporter reporter(channel);
  FrameDecoder decoder;
  auto opening = readOpening(ends.input, decoder);
  // Sealed while there is one thread, and before anything foreign is read into the process.
  auto given =
      opening ? take(*opening) : Step<Given>(stop(RF_INVALID, "host.bad_start", opening.error().text));
  if (!given) {
    reporter.conclude(given.error().status, given.error().code, given.error().text);
    return done(channel, given.error().status);
  }
  channel.send(FrameType::kSealed, wallsText(given->walls));
  channel.flush();
  RunControl control;
  control.deadline_ns = given->start.deadline_ns;
  rf_status status = RF_INTERNAL;
  try {
    const CancelWatch watch(ends.input, decoder, !changesTheMachine(given->start), control.cancelled);
    status = serve(*given, *opening, ends.reads, control, channel, reporter);
  } catch (const std::system_error& error) {  // no room for a thread
    reporter.conclude(RF_TRANSIENT, "host.no_thread", error.what());
    status = RF_TRANSIENT;
  }
  return done(channel, status);
}

}  // namespace redflag::host
