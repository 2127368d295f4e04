#include "swap.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "base/time.h"
#include "json_access.h"
#include "replaced_image.h"

namespace redflag::docker {
namespace {

constexpr const char* kNew = ".redflag-new";
constexpr const char* kRunning = ".redflag-running";
constexpr const char* kStopped = ".redflag-stopped";
constexpr const char* kPutBack = "docker.put_back";
constexpr const char* kComposeImage = "com.docker.compose.image";
// On what is made here: the number of the container that it is to replace.
constexpr const char* kReplaces = "redflag.replaces";
constexpr std::int64_t kStopS = 10;
constexpr std::int64_t kMostWaitS = 600;
constexpr std::int64_t kMostHealthyS = 3600;
constexpr auto kTick = std::chrono::milliseconds(250);

std::string idOf(const Json& container) {
  return textAt(container, {"Id"});
}

bool replaces(const Json& container, const std::string& old_id) {
  return textAt(container, {"Config", "Labels", kReplaces}) == old_id;
}

bool isRunning(const Json& container) {
  return flagAt(container, {"State", "Running"}) || flagAt(container, {"State", "Restarting"});
}

// Compose takes a container for one of somebody else's making if its label names another image than it would
// itself: by its number, or since 5.4 by the digest of the platform's manifest, where the engine has both.
void renewComposeImage(Json& labels, const Json& old, const Swap::Image& image) {
  const auto recorded = textAt(labels, {kComposeImage});
  if (recorded.empty()) return;
  const bool by_number = recorded == textAt(old, {"Image"});
  const bool by_manifest = recorded == textAt(old, {"ImageManifestDescriptor", "digest"});
  labels[kComposeImage] = by_manifest && !by_number ? image.manifest : image.id;
}

// Why a container that was started is not to stay; nullopt as long as nothing speaks against it.
std::optional<std::string> complaint(const Json& container) {
  if (!flagAt(container, {"State", "Running"}) || flagAt(container, {"State", "Restarting"}))
    return "it ended with " + std::to_string(numberAt(container, {"State", "ExitCode"}));
  if (numberAt(container, {"RestartCount"}) > 0) return "it ended and was started again";
  if (textAt(container, {"State", "Health", "Status"}) == "unhealthy")
    return "its own check says it is unhealthy";
  return std::nullopt;
}

// What comes up slowly says so itself.
std::int64_t healthyWithin(const Settings& settings, const Json& container) {
  const auto start_s = numberAt(container, {"Config", "Healthcheck", "StartPeriod"}) / kSecondNs;
  return std::max(settings.healthy_within_s, std::min(start_s, kMostHealthyS));
}

}  // namespace

Result<std::string> Swap::makeNew(const std::string& name, const Json& old, const Image& image) {
  const auto old_image = engine_.inspectImage(textAt(old, {"Image"}));
  if (!old_image) return tl::unexpected<Problem>(old_image.error());
  auto recreation = recreationOf(old, *old_image);
  if (!at(recreation.body, {"Labels"}).is_object()) recreation.body["Labels"] = Json::object();
  auto& labels = recreation.body["Labels"];
  renewComposeImage(labels, old, image);
  labels[kReplaces] = idOf(old);
  labels[kReplacedImage] = textAt(old, {"Image"});
  auto id = engine_.create(name + kNew, recreation.body);
  if (!id) return id;
  if (auto completed = complete(*id, recreation, image.id); !completed) {
    static_cast<void>(engine_.remove(*id));
    return tl::unexpected<Problem>(completed.error());
  }
  return id;
}

Result<> Swap::complete(const std::string& id, const Recreation& wanted, const std::string& image_id) {
  const auto made = engine_.inspectContainer(id);
  if (!made) return tl::unexpected<Problem>(made.error());
  // Anybody on this machine may give the tag to another image between two of our questions.
  if (const auto image = textAt(*made, {"Image"}); image != image_id)
    return fail(
        RF_PERMANENT, "docker.tag_moved",
        textAt(*made, {"Config", "Image"}) + " is " + image + " by now, and " + image_id + " was approved");
  for (const auto& [network, endpoint] : wanted.more_networks)
    if (auto connected = engine_.connect(network, id, endpoint); !connected) return connected;
  return {};
}

Result<std::string> Swap::exchange(const std::string& name, const Image& image) {
  const auto container = engine_.inspectContainer(name);
  if (!container) return tl::unexpected<Problem>(container.error());
  if (container->is_null()) return fail(RF_PERMANENT, "docker.engine_refused", name + " is gone");
  if (flagAt(*container, {"State", "Paused"}))
    return fail(RF_PERMANENT, "docker.paused", name + " is paused: whoever did that has to end it first");
  const Old old{idOf(*container), name, isRunning(*container)};
  const auto made = makeNew(name, *container, image);
  if (!made) return tl::unexpected<Problem>(made.error());
  if (auto renamed = engine_.rename(old.id, name + (old.was_running ? kRunning : kStopped)); !renamed) {
    static_cast<void>(engine_.remove(*made));
    return tl::unexpected<Problem>(renamed.error());
  }
  if (auto replaced = replace(old, *made, *container); !replaced)
    return tl::unexpected<Problem>(putBack(old, *made, replaced.error()).error());
  progress_.line(name + ": made anew");
  if (auto removed = remove(old.id); !removed) return tl::unexpected<Problem>(removed.error());
  return textAt(*container, {"Config", "Labels", kReplacedImage});
}

Result<> Swap::replace(const Old& old, const std::string& new_id, const Json& container) {
  if (old.was_running)
    if (auto stopped = stop(container); !stopped) return stopped;
  if (auto renamed = engine_.rename(new_id, old.name); !renamed) return renamed;
  if (!old.was_running) return {};
  if (auto started = engine_.start(new_id); !started) return started;
  return prove(new_id);
}

Result<> Swap::stop(const Json& container) {
  const auto asked_s = numberAt(container, {"Config", "StopTimeout"}, kStopS);
  const auto left_s = (run_.deadlineNs() - clock_.monotonicNs()) / kSecondNs;
  if (asked_s >= 0 && asked_s <= std::max(left_s, kStopS)) return engine_.stop(idOf(container), asked_s);
  // The engine's own stop ends in a kill: one that gets no time to the end gets the signal only.
  const auto wait_s = asked_s < 0 ? std::min(left_s, kMostWaitS) : left_s;
  const auto not_ended = [&](const std::string& why) {
    return fail(RF_PERMANENT, "docker.not_ended",
                why + "; it may take " +
                    (asked_s < 0 ? "as long as it wants" : std::to_string(asked_s) + " s") +
                    " and is not killed before");
  };
  if (wait_s <= 0) return not_ended("no time is left for it to end");
  const auto signal = textAt(container, {"Config", "StopSignal"});
  auto told = engine_.signal(idOf(container), signal.empty() ? "SIGTERM" : signal);
  const auto until = clock_.monotonicNs() + wait_s * kSecondNs;
  for (;;) {
    const auto now = engine_.inspectContainer(idOf(container));
    if (!now) return tl::unexpected<Problem>(now.error());
    // One that has ended refuses the signal.
    if (!isRunning(*now)) return {};
    if (!told) return told;
    if (clock_.monotonicNs() >= until)
      return not_ended("it was told to end and still runs after " + std::to_string(wait_s) + " s");
    std::this_thread::sleep_for(kTick);
  }
}

Result<> Swap::remove(const std::string& id) {
  const auto container = engine_.inspectContainer(id);
  if (!container) return tl::unexpected<Problem>(container.error());
  // Others may share its volumes: a kill in the middle of a write is theirs, too.
  if (isRunning(*container))
    if (auto stopped = stop(*container); !stopped) return stopped;
  return engine_.remove(id);
}

Result<> Swap::prove(const std::string& id) {
  const auto begun = clock_.monotonicNs();
  for (;;) {
    const auto container = engine_.inspectContainer(id);
    if (!container) return tl::unexpected<Problem>(container.error());
    if (container->is_null()) return fail(RF_PERMANENT, kPutBack, "it is gone");
    if (const auto why = complaint(*container)) return fail(RF_PERMANENT, kPutBack, *why);
    const auto health = textAt(*container, {"State", "Health", "Status"});
    const bool checked = health == "starting";
    const auto ran_s = (clock_.monotonicNs() - begun) / kSecondNs;
    if (health == "healthy" || (!checked && ran_s >= settings_.settle_s)) return {};
    const auto most_s = healthyWithin(settings_, *container);
    if (checked && ran_s >= most_s)
      return fail(RF_PERMANENT, kPutBack, "it was not healthy within " + std::to_string(most_s) + " s");
    std::this_thread::sleep_for(kTick);
  }
}

Result<> Swap::putBack(const Old& old, const std::string& new_id, const Problem& why) {
  progress_.line(old.name + ": " + why.text + "; the old one is put back");
  const auto give_up = [&](const Problem& second) {
    return fail(RF_PERMANENT, "docker.not_put_back",
                old.name + ": " + why.text +
                    "; and the old one, which is kept, could not be put back: " + second.text);
  };
  // The new one goes last: its label says whose the old one is, should this be killed in the middle.
  if (auto aside = setAside(new_id, old.name); !aside) return give_up(aside.error());
  if (old.was_running)
    if (auto started = engine_.start(old.id); !started) return give_up(started.error());
  if (auto renamed = engine_.rename(old.id, old.name); !renamed) return give_up(renamed.error());
  if (auto removed = remove(new_id); !removed) progress_.line(old.name + ": " + removed.error().text);
  return fail(RF_PERMANENT, kPutBack, old.name + ": " + why.text + "; the old one is back");
}

Result<> Swap::setAside(const std::string& new_id, const std::string& name) {
  const auto container = engine_.inspectContainer(new_id);
  if (!container || container->is_null())
    return container ? Result<>() : tl::unexpected<Problem>(container.error());
  if (isRunning(*container))
    if (auto stopped = stop(*container); !stopped) return stopped;
  return textAt(*container, {"Name"}) == "/" + name + kNew ? Result<>() : engine_.rename(new_id, name + kNew);
}

Result<> Swap::mendOld(const Old& old) {
  const auto was = engine_.inspectContainer(old.id);
  if (!was || was->is_null()) return was ? Result<>() : tl::unexpected<Problem>(was.error());
  const auto now = engine_.inspectContainer(old.name);
  if (!now) return tl::unexpected<Problem>(now.error());
  if (now->is_null()) {
    const auto made = engine_.inspectContainer(old.name + kNew);
    if (!made) return tl::unexpected<Problem>(made.error());
    if (!replaces(*made, old.id))
      return fail(
          RF_PERMANENT, "docker.leftover",
          "nothing says that " + textAt(*was, {"Name"}) + " was renamed by an update; it is left as it is");
    if (auto renamed = engine_.rename(old.id, old.name); !renamed) return renamed;
    if (!old.was_running) return {};
    // A stop that was asked for may still be under way, and would end what is started before it.
    if (auto stopped = stop(*was); !stopped) return stopped;
    return engine_.start(old.id);
  }
  if (!replaces(*now, old.id))
    return fail(
        RF_PERMANENT, "docker.leftover",
        "somebody else's container has the name " + old.name + " by now; the old one is kept beside it");
  if (old.was_running) {
    auto proved = engine_.start(idOf(*now));
    if (proved) proved = prove(idOf(*now));
    if (!proved) {
      const auto back = putBack(old, idOf(*now), proved.error());
      return back.error().code == kPutBack ? Result<>() : back;  // mended is that, too
    }
  }
  return remove(old.id);
}

Result<> Swap::mendNew(const std::string& id, const std::string& name) {
  const auto container = engine_.inspectContainer(id);
  if (!container) return tl::unexpected<Problem>(container.error());
  if (container->is_null()) return {};
  const auto label = textAt(*container, {"Config", "Labels", kReplaces});
  if (label.empty() || isRunning(*container))
    return fail(RF_PERMANENT, "docker.leftover",
                name + (label.empty() ? " was not made by an update; it is left as it is"
                                      : " runs, which nobody here has started"));
  return engine_.remove(id);
}

Result<> Swap::mend() {
  const auto list = engine_.listContainers();
  if (!list) return tl::unexpected<Problem>(list.error());
  Result<> worst;
  const auto note = [&](const Result<>& mended) {
    if (!mended && worst) worst = mended;
  };
  // The old ones first: what they are exchanged for may still have to be started.
  for (const bool olds : {true, false}) {
    // As long as an old one is not where it belongs, the new one's label is needed.
    if (!worst) break;
    for (const auto& item : *list) {
      const auto& names = at(item, {"Names"});
      if (!names.is_array() || names.empty() || !names.front().is_string()) continue;
      auto name = names.front().get<std::string>();
      if (name.starts_with('/')) name.erase(0, 1);
      for (const std::string end : {kNew, kRunning, kStopped}) {
        if (!name.ends_with(end) || olds == (end == kNew)) continue;
        const auto base = name.substr(0, name.size() - end.size());
        note(olds ? mendOld({idOf(item), base, end == kRunning}) : mendNew(idOf(item), name));
      }
    }
  }
  return worst;
}

}  // namespace redflag::docker
