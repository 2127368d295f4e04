#include "docker_scan.h"

#include <algorithm>

#include "base/time.h"
#include "newer_tag.h"

namespace redflag::docker {
namespace {

constexpr const char* kEngineScope = "engine";
constexpr std::size_t kMostNamed = 5;
// Repositories of one registry, each a part of it; where more fail, it is the registry that failed.
constexpr std::size_t kMostFailed = 100;
// A tag that is gone says nothing about the next one: each is a part.
constexpr std::size_t kMostGone = 1'000;
// One by one, of a registry: a scan may explain a thousand things, and the next registry's are some of them.
constexpr std::size_t kMostExplained = 100;
// That a scan may have, of all registries and their parts: past them it is ended, and nobody is told the
// rest.
constexpr std::size_t kMostScopes = 2'000;
constexpr std::size_t kMostRegistries = 1'900;

std::string allOf(const std::vector<Unread>& unread) {
  std::string out;
  for (std::size_t i = 0; i < unread.size() && i < kMostNamed; ++i)
    out += (i == 0 ? "" : "; ") + unread[i].why.text;
  if (unread.size() > kMostNamed) out += "; and " + std::to_string(unread.size() - kMostNamed) + " more";
  return out;
}

// Manifests are counted, as pulls are, and a tenth is left for these.
bool isScarce(const Budget& budget) {
  return budget.limit && budget.remaining && *budget.remaining < *budget.limit / 10;
}

}  // namespace

DockerScan::DockerScan(const Settings& settings, const rf::Host& host, rf::Run& run)
    : settings_(settings),
      local_(host),
      files_(host),
      state_(host),
      clock_(host),
      run_(run),
      http_([this] { return run_.cancelled(); }),
      memory_(state_) {}

rf::Status DockerScan::scan() {
  memory_.endQuiet(clock_.epochNs() / kSecondNs);
  EngineReader reader(
      [this](const std::string& target) { return local_.get(settings_.socket, target, kMaxEngineAnswer); },
      run_);
  const auto engine = reader.read();
  if (!engine) {
    run_.scope(kEngineScope)
        .fail(rf::toStatus(engine.error().status), engine.error().code, engine.error().text);
    return run_.outcome();
  }
  const auto watched = watchedOf(*engine);
  // What fails a scope below fails that and not the scan.
  auto own = tellEngine(*engine, watched);
  if (auto credentials = readCredentials(files_, settings_)) {
    credentials_ = std::move(*credentials);
  } else {
    const auto& problem = credentials.error();
    own = rf::worse(own, rf::toStatus(problem.status));
    run_.report(rf::toStatus(problem.status), problem.code, problem.text);
  }
  own = rf::worse(own, askRegistries(*engine, watched, reader));
  // A scan that proves an installation was not shown what is kept, and must not put its own in that place.
  if (run_.purpose() == rf::Purpose::kVerify) return run_.cancelled() ? rf::Status::kCancelled : own;
  if (const auto kept = memory_.keep(state_); kept != rf::Status::kOk && kept != rf::Status::kUnsupported)
    run_.report(kept, "docker.not_kept", "registries that wanted to be left alone may be asked too soon");
  return run_.cancelled() ? rf::Status::kCancelled : own;
}

rf::Status DockerScan::askRegistries(const Engine& engine, const std::vector<Watched>& watched,
                                     EngineReader& reader) {
  std::map<std::string, std::vector<const Watched*>> by_registry;
  // What is in use first: where many images are left over, there may be no time for all.
  for (const bool in_use : {true, false})
    for (const auto& one : watched)
      if (one.users.empty() != in_use && one.hasRegistry(engine))
        by_registry[one.reference.registry].push_back(&one);
  if (by_registry.empty()) return rf::Status::kOk;
  if (by_registry.size() > kMostRegistries) {
    run_.report(rf::Status::kLimit, "docker.too_many",
                "there are images of " + std::to_string(by_registry.size()) +
                    " registries; where there are more than " + std::to_string(kMostRegistries) +
                    " none is asked");
    return rf::Status::kLimit;
  }
  findWayOut(reader);
  parts_left_ = kMostScopes - 1 - by_registry.size();
  auto left = static_cast<std::int64_t>(by_registry.size());
  for (const auto& [name, images] : by_registry)
    askRegistry(name, engine, images, shareOf(left--));
  return rf::Status::kOk;
}

void DockerScan::findWayOut(EngineReader& reader) {
  auto proxies = Proxies::of(settings_, credentials_, reader);
  if (proxies) {
    proxies_ = std::move(*proxies);
  } else if (!run_.cancelled()) {
    run_.report(rf::Status::kOk, "docker.proxy_unknown",
                "registries are asked directly, for the engine does not say whether it has a proxy: " +
                    proxies.error().text);
  }
}

// What one leaves of its own is the next ones', and a fifth is for what comes after them.
std::int64_t DockerScan::shareOf(std::int64_t registries) const {
  return (run_.deadlineNs() - clock_.monotonicNs()) / 5 * 4 / registries;
}

rf::Status DockerScan::tellEngine(const Engine& engine, const std::vector<Watched>& watched) {
  auto scope = run_.scope(kEngineScope);
  run_.fact("docker.version", engine.version);
  for (const auto& container : engine.containers)
    tellContainer(container);
  for (const auto& one : watched)
    if (!one.hasRegistry(engine)) tellMadeHere(engine, one);
  if (engine.is_podman)
    run_.report(rf::Status::kOk, "docker.podman",
                "Podman's containers are told, and not made anew: it does not tell all of their settings in "
                "a form that could be given back to it");
  if (engine.odd_text)
    run_.report(rf::Status::kOk, "docker.odd_text",
                "names with characters that no name of a container or project has were left out");
  const auto own = run_.outcome();
  if (engine.unread.empty()) {
    scope.complete();
  } else {
    const auto& first = engine.unread.front().why;
    scope.fail(rf::toStatus(first.status), first.code, allOf(engine.unread));
  }
  return own;
}

void DockerScan::tellContainer(const Container& container) {
  run_.container()
      .id(container.id)
      .name(container.name)
      .image(container.reference ? container.reference->familiar() : container.image_id)
      .state(container.state)
      .health(container.health)
      .composeProject(container.compose_project)
      .pinned(container.reference && !container.reference->digest.empty())
      .commit();
}

void DockerScan::tellImage(const Engine& engine, const Watched& watched, const std::string& offered) {
  const auto* image = watched.anyImage(engine);
  run_.image()
      .reference(watched.reference.familiar())
      .registry(watched.hasRegistry(engine) ? watched.reference.registry : "")
      .tag(watched.reference.tag)
      .digest(image == nullptr ? watched.reference.digest : watched.versionOf(*image))
      .offeredDigest(offered)
      .platform(image == nullptr ? "" : image->platform)
      .commit();
}

// No registry vouches for what was built here again: it is told, and left to whoever built it.
void DockerScan::tellMadeHere(const Engine& engine, const Watched& watched) {
  tellImage(engine, watched, "");
  if (watched.local == nullptr || !watched.reference.digest.empty()) return;
  for (const auto* user : watched.users) {
    if (user->image_id == watched.local->id) continue;
    run_.update()
        .key(watched.reference.canonical())
        .name(watched.reference.familiar())
        .arch(watched.local->platform)
        .channel(watched.reference.tag)
        .installedVersion(user->image_id)
        .candidateVersion(watched.local->id)
        .blockedBy("excluded")
        .commit();
    return;
  }
}

void DockerScan::Asked::note(const std::string& repository, const Problem& problem) {
  // A repository that is not for us, or is of a form that nobody understands here, says nothing about the
  // next one. All else does.
  if (problem.status == RF_DENIED || problem.code == "docker.registry_malformed") {
    failed.try_emplace(repository, problem);
  } else if (!isOver()) {
    whole = problem;
  }
}

void DockerScan::Asked::takeTogether(std::map<std::string, Problem>& parts, std::size_t most) {
  if (parts.size() <= most) return;
  if (!isOver()) {
    whole = parts.begin()->second;
    whole.text += "; and " + std::to_string(parts.size() - 1) + " more like it";
  }
  parts.clear();
}

void DockerScan::askRegistry(const std::string& name, const Engine& engine,
                             const std::vector<const Watched*>& watched, std::int64_t patience_ns) {
  auto access = accessTo(name, credentials_, files_, settings_);
  access.proxies = proxies_;
  Asked asked{
      Registry(http_, clock_, name, std::move(access), patience_ns), engine, {RF_OK, "", ""}, {}, {}, {}, 0};
  if (const auto until = memory_.quietUntil(name); until != 0)
    asked.whole = {RF_LIMIT, "docker.registry_limit",
                   name + ": is not asked before " + toRfc3339(until * kSecondNs) + ", as it wants it"};
  std::vector<Offer> offers;
  offers.reserve(watched.size());
  for (const auto* one : watched)
    offers.push_back(askOffer(asked, *one));
  if (asked.registry.retryAt() != 0)
    memory_.setQuiet(name, clock_.epochNs() / kSecondNs, asked.registry.retryAt());
  if (asked.isOver()) memory_.spare(name);
  if (const auto* unread = engine.unreadIn(name); unread != nullptr && !asked.isOver())
    asked.whole = unread->why;
  for (auto [parts, most] : {std::pair(&asked.failed, kMostFailed), std::pair(&asked.gone, kMostGone)}) {
    asked.takeTogether(*parts, std::min(most, parts_left_));
    parts_left_ -= parts->size();
  }
  tellRegistry(name, asked, offers);
  if (asked.explained > kMostExplained)
    run_.report(rf::Status::kOk, "docker.left_out",
                name + ": " + std::to_string(asked.explained - kMostExplained) + " more like these");
  if (credentials_.areWithHelper(name))
    run_.report(rf::Status::kOk, "docker.credential_helper",
                name + ": is asked without a password; a credential helper keeps it, and none is asked here");
}

DockerScan::Offer DockerScan::askOffer(Asked& asked, const Watched& watched) {
  Offer out{watched, askDigest(asked, watched), nullptr, {}};
  if (out.digest.empty()) return out;
  if (!watched.behind(asked.engine, out.digest).empty()) out.image = imageBehind(asked, watched, out.digest);
  out.newer_tag = askNewerTag(asked, watched);
  return out;
}

void DockerScan::explain(Asked& asked, const std::string& code, const std::string& text) {
  if (++asked.explained <= kMostExplained) run_.report(rf::Status::kOk, code, text);
}

bool DockerScan::wasThere(const Engine& engine, const Watched& watched) {
  // A scan that proves an installation was not shown what is kept, and must take nothing for gone.
  return memory_.wasSeen(watched.reference.canonical()) || watched.isSurelyOfRegistry(engine) ||
         run_.purpose() == rf::Purpose::kVerify;
}

std::string DockerScan::askDigest(Asked& asked, const Watched& watched) {
  const auto& reference = watched.reference;
  const bool was_there = wasThere(asked.engine, watched);
  if (asked.isOver()) return {};
  const auto offered = asked.registry.digestOf(reference.repository, reference.tag);
  if (offered) {
    memory_.noteSeen(reference.canonical());
    return *offered;
  }
  const auto& problem = offered.error();
  if (!was_there && (problem.code == kTagGone || problem.status == RF_DENIED)) {
    explain(asked, problem.code, problem.text + "; it may have been made here");
  } else {
    noteNoOffer(asked, watched, problem);
  }
  return {};
}

void DockerScan::noteNoOffer(Asked& asked, const Watched& watched, const Problem& problem) {
  const auto& reference = watched.reference;
  if (problem.code != kTagGone) return asked.note(reference.repository, problem);
  const auto why = reference.familiar() +
                   " is not found in its registry any more: it was removed, or is not for everybody";
  // Of what nobody uses no update is known.
  if (watched.users.empty()) return explain(asked, kTagGone, why);
  asked.gone.try_emplace(reference.repository + ":" + reference.tag,
                         Problem{RF_PERMANENT, kTagGone, why + "; what is known of it stays"});
}

const PlatformImage* DockerScan::imageBehind(Asked& asked, const Watched& watched,
                                             const std::string& digest) {
  const auto& reference = watched.reference;
  const auto* any = watched.anyImage(asked.engine);
  const auto platform = any == nullptr ? std::string() : any->platform;
  if (const auto* known = memory_.find(reference.registry, digest, platform)) return known;
  if (isScarce(asked.registry.budget())) {
    asked.failed.try_emplace(
        reference.repository,
        Problem{RF_LIMIT, "docker.registry_spared",
                reference.familiar() +
                    ": what its registry offers is not looked at yet: the few questions it still "
                    "answers are left for pulls"});
    return nullptr;
  }
  auto image = asked.registry.imageFor(reference.repository, digest, platform);
  if (image) return &memory_.add(reference.registry, digest, platform, std::move(*image));
  if (image.error().status == RF_NOT_APPLICABLE && image.error().code != kTagGone) {
    explain(asked, image.error().code, image.error().text);
  } else {
    noteNoOffer(asked, watched, image.error());
  }
  return nullptr;
}

std::string DockerScan::askNewerTag(Asked& asked, const Watched& watched) {
  const auto& reference = watched.reference;
  if (watched.users.empty() || asked.isOver() || !mayHaveNewer(reference.tag, settings_.newer_tags))
    return {};
  if (!asked.tags.contains(reference.repository)) {
    auto tags = asked.registry.tagsOf(reference.repository);
    if (!tags && tags.error().status == RF_UNSUPPORTED) {
      explain(asked, tags.error().code, tags.error().text);
      tags = std::vector<std::string>();
    }
    if (!tags) {
      asked.note(reference.repository, tags.error());
      return {};
    }
    asked.tags[reference.repository] = std::move(*tags);
  }
  return newerTag(reference.tag, asked.tags[reference.repository], settings_.newer_tags);
}

void DockerScan::tellFailedParts(const std::string& name, const Asked& asked) {
  for (const auto& [part, problem] : asked.failed)
    run_.scope(name + "/" + part).fail(rf::toStatus(problem.status), problem.code, problem.text);
  std::size_t told = 0;
  for (const auto& [part, problem] : asked.gone) {
    auto scope = run_.scope(name + "/" + part);
    if (told++ < kMostExplained)
      scope.fail(rf::toStatus(problem.status), problem.code, problem.text);
    else
      scope.fail(rf::toStatus(problem.status));
  }
  if (told > kMostExplained)
    run_.report(rf::Status::kPermanent, kTagGone,
                name + ": " + std::to_string(told - kMostExplained) +
                    " more that are in use are not found any more; what is known of them stays");
}

void DockerScan::tellRegistry(const std::string& name, Asked& asked, const std::vector<Offer>& offers) {
  // Before the registry's own: whatever ends this process in between must not leave that one complete alone.
  tellFailedParts(name, asked);
  auto scope = run_.scope(name);
  for (const auto& offer : offers) {
    tellImage(asked.engine, offer.watched, offer.digest);
    if (offer.image != nullptr) tellUpdate(asked.engine, offer);
    if (!offer.newer_tag.empty()) tellNewerTag(asked.engine, offer);
  }
  tellBudget(name, asked.registry.budget());
  if (!asked.isOver()) return scope.complete();
  scope.fail(rf::toStatus(asked.whole.status), asked.whole.code, asked.whole.text);
}

void DockerScan::tellUpdate(const Engine& engine, const Offer& offer) {
  const auto& watched = offer.watched;
  const auto behind = watched.behind(engine, offer.digest);
  // An index that changed for other platforms only leaves ours as it is.
  const auto outdated = std::find_if(behind.begin(), behind.end(),
                                     [&](const Container* user) { return !isOf(*user, *offer.image); });
  if (outdated == behind.end()) return;
  const auto* any = watched.anyImage(engine);
  const auto* running = engine.imageOf(**outdated);
  run_.update()
      .key(watched.reference.canonical())
      .name(watched.reference.familiar())
      .arch(any == nullptr ? "" : any->platform)
      .channel(watched.reference.tag)
      .installedVersion(running == nullptr ? (*outdated)->image_id : watched.versionOf(*running))
      .candidateVersion(offer.digest)
      .origin(watched.reference.registry)
      .downloadBytes(offer.image->bytes)
      .blockedBy(watched.blockedBy())
      .commit();
}

void DockerScan::tellNewerTag(const Engine& engine, const Offer& offer) {
  const auto& reference = offer.watched.reference;
  const auto* any = offer.watched.anyImage(engine);
  run_.update()
      .key(reference.canonical() + " newer")
      .name(reference.familiar())
      .arch(any == nullptr ? "" : any->platform)
      .channel(reference.tag)
      .installedVersion(reference.tag)
      .candidateVersion(offer.newer_tag)
      .origin(reference.registry)
      // Whoever wrote the tag down decides about another one.
      .blockedBy("held")
      .commit();
}

void DockerScan::tellBudget(const std::string& name, const Budget& budget) {
  const auto tell = [&](const char* metric, const std::optional<std::int64_t>& value) {
    if (!value) return;
    static_cast<void>(
        run_.metric().name(metric).label("registry=" + name).value(static_cast<double>(*value)).commit());
  };
  tell("docker_registry_limit_requests", budget.limit);
  tell("docker_registry_remaining_requests", budget.remaining);
}

}  // namespace redflag::docker
