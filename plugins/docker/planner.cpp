#include "planner.h"

#include <algorithm>

#include "base/time.h"

namespace redflag::docker {
namespace {

constexpr std::int64_t kPlanPatienceNs = 60 * kSecondNs;

tl::unexpected<Problem> cannot(const char* code, const Wanted& wanted, const std::string& why) {
  return fail(RF_PERMANENT, code, wanted.reference.familiar() + " " + why);
}

// Any container may live in the namespaces of the one that would be made anew; an image is its own users'.
const Unread* inTheWay(const Engine& engine, const Reference& wanted) {
  const auto container = std::find_if(engine.unread.begin(), engine.unread.end(),
                                      [](const Unread& one) { return one.is_container; });
  return container != engine.unread.end() ? &*container : engine.unreadOf(wanted);
}

}  // namespace

Planner::Planner(const Settings& settings, const rf::Host& host, const rf::Run& run)
    : settings_(settings), files_(host), clock_(host), run_(run), http_([this] {
        return run_.cancelled();
      }) {}

std::string Planner::passwordOf(const std::string& registry) {
  const auto credentials = readCredentials(files_, settings_);
  return credentials ? credentials->of(registry) : std::string();
}

Result<Registry*> Planner::registryOf(const std::string& name) {
  auto found = registries_.find(name);
  if (found == registries_.end()) {
    const auto credentials = readCredentials(files_, settings_);
    if (!credentials) return tl::unexpected<Problem>(credentials.error());
    auto access = accessTo(name, *credentials, files_, settings_);
    EngineReader reader(ask_engine_, run_);
    // Where the engine does not say, the registry itself says that it is not reached.
    access.proxies = Proxies::of(settings_, *credentials, reader).value_or(Proxies());
    found = registries_.try_emplace(name, http_, clock_, name, std::move(access), kPlanPatienceNs).first;
  }
  return &found->second;
}

Result<Work> Planner::workFor(const Engine& engine, const std::vector<Watched>& all, const Wanted& wanted,
                              Plan& plan) {
  if (const auto* unread = inTheWay(engine, wanted.reference)) return tl::unexpected<Problem>(unread->why);
  const auto canonical = wanted.reference.canonical();
  const auto watched = std::find_if(
      all.begin(), all.end(), [&](const Watched& one) { return one.reference.canonical() == canonical; });
  if (watched == all.end() || watched->users.empty() || !watched->hasRegistry(engine))
    return cannot("docker.no_container", wanted, "is used by no container");
  if (watched->blockedBy() == "held") return cannot("docker.held", wanted, "is pinned to its digest");
  if (watched->blockedBy() == "excluded")
    return cannot("docker.excluded", wanted, "has a container that is not for anybody else to make anew");
  const auto* any = watched->anyImage(engine);
  const auto platform = any == nullptr ? std::string() : any->platform;
  if (platform != wanted.arch)
    return cannot("docker.other_platform", wanted, "is here for " + platform + ", not for " + wanted.arch);
  const auto registry = registryOf(wanted.reference.registry);
  if (!registry) return tl::unexpected<Problem>(registry.error());
  const auto offered = (*registry)->digestOf(wanted.reference.repository, wanted.reference.tag);
  if (!offered && offered.error().status == RF_NOT_APPLICABLE)
    return cannot("docker.version_gone", wanted, "is no longer in its registry");
  if (!offered) return tl::unexpected<Problem>(offered.error());
  if (*offered != wanted.digest)
    return cannot("docker.version_gone", wanted,
                  "is offered as " + *offered + " by now, not as " + wanted.digest);
  const auto image = (*registry)->imageFor(wanted.reference.repository, wanted.digest, platform);
  if (!image && image.error().status == RF_NOT_APPLICABLE)
    return cannot("docker.other_platform", wanted, "is no longer offered for " + platform);
  if (!image) return tl::unexpected<Problem>(image.error());
  Work out{{wanted.reference.familiar(), platform, "", wanted.digest}, wanted.reference, {}, image->manifest};
  for (const auto* user : watched->behind(engine, wanted.digest)) {
    if (isOf(*user, *image)) continue;
    if (user->name.empty()) return cannot("docker.excluded", wanted, "has a container without a proper name");
    const auto* running = engine.imageOf(*user);
    if (out.outdated.empty())
      out.step.from = running == nullptr ? user->image_id : watched->versionOf(*running);
    out.outdated.push_back(user);
    plan.containers.push_back(user->name);
  }
  if (!out.outdated.empty() && !engine.images.contains(image->config)) plan.download_bytes += image->bytes;
  return out;
}

Result<std::unique_ptr<Prepared>> Planner::prepare(const EngineReader::Get& get, const Request& request) {
  auto out = std::make_unique<Prepared>();
  ask_engine_ = get;
  auto engine = EngineReader(get, run_).read();
  if (!engine) return tl::unexpected<Problem>(engine.error());
  out->engine = std::move(*engine);
  const auto watched = watchedOf(out->engine);
  for (const auto& wanted : request.updates) {
    auto work = workFor(out->engine, watched, wanted, out->plan);
    if (!work) return tl::unexpected<Problem>(work.error());
    if (work->outdated.empty()) continue;
    const bool twice = std::any_of(out->work.begin(), out->work.end(),
                                   [&](const Work& other) { return other.step.name == work->step.name; });
    if (twice) return fail(RF_INVALID, "docker.bad_request", work->step.name + " is ordered twice");
    out->work.push_back(std::move(*work));
  }
  std::sort(out->work.begin(), out->work.end(),
            [](const Work& a, const Work& b) { return a.step.name < b.step.name; });
  for (const auto& work : out->work)
    out->plan.steps.push_back(work.step);
  std::sort(out->plan.containers.begin(), out->plan.containers.end());
  return out;
}

}  // namespace redflag::docker
