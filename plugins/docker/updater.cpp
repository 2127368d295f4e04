#include "updater.h"

#include <algorithm>
#include <set>

#include "base/time.h"
#include "common/ending.h"
#include "json_access.h"
#include "replaced_image.h"

namespace redflag::docker {
namespace {

// Found by its digest only: nobody can have given another image this name.
std::string approvedName(const Work& work) {
  return work.reference.registry + "/" + work.reference.repository + "@" + work.step.to;
}

std::string difference(const std::vector<Step>& planned, const std::vector<Step>& found) {
  std::string out;
  for (const auto& step : planned)
    if (std::find(found.begin(), found.end(), step) == found.end())
      out +=
          (out.empty() ? "" : "; ") + step.name + " is no longer to go from " + step.from + " to " + step.to;
  for (const auto& step : found)
    if (std::find(planned.begin(), planned.end(), step) == planned.end())
      out +=
          (out.empty() ? "" : "; ") + step.name + " would go from " + step.from + " to " + step.to + " now";
  return out;
}

}  // namespace

DockerUpdater::DockerUpdater(const Settings& settings, const rf::Host& host, rf::Run& run)
    : settings_(settings),
      local_(host),
      clock_(host),
      progress_(host),
      run_(run),
      engine_(settings.socket),
      planner_(settings, host, run),
      swap_(engine_, settings, host, run) {}

rf::Status DockerUpdater::plan(std::string_view text, rf::Output& result) {
  const auto make = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    const auto prepared = planner_.prepare(
        [this](const std::string& target) { return local_.get(settings_.socket, target, kMaxEngineAnswer); },
        *request);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    return toJson((*prepared)->plan);
  };
  return plugin::end(run_, result, make());
}

Result<std::unique_ptr<Prepared>> DockerUpdater::confirmed(const Request& request) {
  auto prepared =
      planner_.prepare([this](const std::string& target) { return engine_.get(target); }, request);
  if (prepared && (*prepared)->plan.steps != request.planned)
    return fail(RF_PERMANENT, "docker.plan_changed", difference(request.planned, (*prepared)->plan.steps));
  return prepared;
}

Result<std::string> DockerUpdater::pull(const Work& work) {
  const auto left = run_.deadlineNs() - clock_.monotonicNs();
  if (left <= 0 || run_.cancelled())
    return fail(RF_CANCELLED, "docker.cancelled", "cancelled before anything was changed");
  progress_.line("pulling " + work.step.name + " " + work.step.to);
  auto pulled =
      engine_.pull(work.reference, work.step.to, work.step.arch, planner_.passwordOf(work.reference.registry),
                   left, [this](const std::string& said) {
                     if (!said.empty()) progress_.line(said);
                     return !run_.cancelled();
                   });
  if (!pulled && run_.cancelled())
    return fail(RF_CANCELLED, "docker.cancelled", "cancelled while " + work.step.name + " was pulled");
  if (!pulled) return tl::unexpected<Problem>(pulled.error());
  const auto image = engine_.inspectImage(approvedName(work));
  if (!image) return tl::unexpected<Problem>(image.error());
  auto id = textAt(*image, {"Id"});
  if (id.empty())
    return fail(RF_PERMANENT, "docker.pull_failed",
                work.step.name + ": what was pulled is not what was approved");
  return id;
}

rf::Status DockerUpdater::download(std::string_view text, rf::Output& result) {
  const auto fetch = [&]() -> Result<Json> {
    const auto request = parseRequest(text, true);
    if (!request) return tl::unexpected<Problem>(request.error());
    const auto prepared = confirmed(*request);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    for (const auto& work : (*prepared)->work)
      if (auto pulled = pull(work); !pulled) return tl::unexpected<Problem>(pulled.error());
    return Json{{"download_bytes", (*prepared)->plan.download_bytes}};
  };
  return plugin::end(run_, result, fetch());
}

Result<> DockerUpdater::carryOut(const Work& work) {
  const auto present = presentImages(engine_);
  const auto image_id = pull(work);
  if (!image_id) return tl::unexpected<Problem>(image_id.error());
  auto done = exchangeAll(work, *image_id);
  // Where nobody could say what was there, nothing is known to be ours.
  if (done || !present || present->contains(*image_id)) return done;
  return tl::unexpected<Problem>(clearPulled(work, *image_id, done.error()));
}

Result<> DockerUpdater::exchangeAll(const Work& work, const std::string& image_id) {
  const auto before = engine_.inspectImage(work.reference.canonical());
  if (!before) return tl::unexpected<Problem>(before.error());
  std::set<std::string> not_needed;
  bool any_done = false;
  for (const auto* container : work.outdated) {
    const auto made = makeAnew(work, *container, image_id);
    any_done = any_done || made;
    if (made) {
      not_needed.insert(*made);
      continue;
    }
    // Whoever starts the next container by that name shall get what was proved.
    if (!any_done && before->is_object())
      static_cast<void>(engine_.tag(textAt(*before, {"Id"}), work.reference));
    return tl::unexpected<Problem>(made.error());
  }
  for (const auto& image : not_needed)
    clearAway(work, image);
  return {};
}

// The update is done, whatever becomes of this.
void DockerUpdater::clearAway(const Work& work, const std::string& image_id) {
  const auto removed = removeReplaced(engine_, work.reference, image_id);
  if (!removed) {
    progress_.line(work.step.name + ": an image of earlier stays: " + removed.error().text);
  } else if (*removed) {
    progress_.line(work.step.name + ": removed the image before the last one, " + image_id);
  }
}

Problem DockerUpdater::clearPulled(const Work& work, const std::string& image_id, Problem why) {
  const auto removed = removeReplaced(engine_, work.reference, image_id);
  if (!removed) {
    progress_.line(work.step.name + ": the image that was pulled stays: " + removed.error().text);
  } else if (*removed) {
    why.text += "; the image that was pulled for it is removed again";
  }
  return why;
}

Result<std::string> DockerUpdater::makeAnew(const Work& work, const Container& container,
                                            const std::string& image_id) {
  if (run_.cancelled()) return fail(RF_CANCELLED, "docker.cancelled", "stopped between two containers");
  // Each time: a pull by anybody may have moved it since the last one.
  if (auto tagged = engine_.tag(approvedName(work), work.reference); !tagged)
    return tl::unexpected<Problem>(tagged.error());
  return swap_.exchange(container.name, {image_id, work.manifest});
}

Result<Json> DockerUpdater::runInstall(const Request& request) {
  // What an earlier one left would be taken for containers of its own.
  if (auto mended = swap_.mend(); !mended) return tl::unexpected<Problem>(mended.error());
  const auto prepared = confirmed(request);
  if (!prepared) return tl::unexpected<Problem>(prepared.error());
  auto steps = Json::array();
  bool stopped = false;
  for (const auto& work : (*prepared)->work) {
    auto row = toJson(work.step);
    const auto done = stopped ? Result<>() : carryOut(work);
    row["result"] = stopped ? "not_started" : done ? "done" : "failed";
    if (!done) run_.fail(rf::toStatus(done.error().status), done.error().code, done.error().text);
    // One container that fails says something about the next one's chances, too.
    stopped = stopped || !done;
    steps.push_back(std::move(row));
  }
  return Json{{"steps", std::move(steps)}, {"needs_reboot", false}};
}

rf::Status DockerUpdater::install(std::string_view text, rf::Output& result) {
  const auto request = parseRequest(text, true);
  if (!request) return plugin::end(run_, result, tl::unexpected<Problem>(request.error()));
  const auto written = plugin::end(run_, result, runInstall(*request));
  return rf::worse(written, run_.outcome());
}

rf::Status DockerUpdater::verify(std::string_view text, rf::Output& result) {
  const auto look = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    const auto get = [this](const std::string& target) {
      auto answer = local_.get(settings_.socket, target, kMaxEngineAnswer);
      return answer.status() == rf::Status::kUnsupported ? engine_.get(target) : answer;
    };
    const auto engine = EngineReader(get, run_).read();
    if (!engine) return tl::unexpected<Problem>(engine.error());
    const auto watched = watchedOf(*engine);
    auto updates = Json::array();
    for (const auto& wanted : request->updates) {
      if (const auto* unread = engine->unreadOf(wanted.reference))
        return tl::unexpected<Problem>(unread->why);
      const auto canonical = wanted.reference.canonical();
      const auto found = std::find_if(watched.begin(), watched.end(), [&](const Watched& one) {
        return one.reference.canonical() == canonical;
      });
      const bool runs = found != watched.end() && !found->users.empty();
      const auto behind = runs ? found->behind(*engine, wanted.digest) : std::vector<const Container*>();
      const auto* shown =
          !runs ? nullptr : engine->imageOf(behind.empty() ? *found->users.front() : *behind.front());
      updates.push_back({{"name", wanted.reference.familiar()},
                         {"arch", wanted.arch},
                         {"version", wanted.digest},
                         {"installed_version", shown == nullptr ? "" : found->versionOf(*shown)},
                         {"verified", runs && behind.empty()}});
    }
    return Json{{"updates", std::move(updates)}};
  };
  return plugin::end(run_, result, look());
}

rf::Status DockerUpdater::repair(rf::Output& result) {
  const auto mended = swap_.mend();
  return plugin::end(run_, result,
                     mended ? Result<Json>(Json::object()) : tl::unexpected<Problem>(mended.error()));
}

}  // namespace redflag::docker
