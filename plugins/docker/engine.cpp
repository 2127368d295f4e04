#include "engine.h"

#include <algorithm>
#include <array>
#include <set>

#include "json_access.h"

namespace redflag::docker {
namespace {

constexpr std::size_t kMaxThings = 5'000;
constexpr std::size_t kMaxShort = 255;
// Engines that hang over one container answer about the others. Each such wait may take a minute, and who
// waits for many in vain has no time left.
constexpr int kMostSilent = 1;

tl::unexpected<Problem> malformed(const std::string& what) {
  return fail(RF_TRANSIENT, "docker.engine_malformed",
              "the engine's answer to " + what + " is not understood");
}

bool isHex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string imageId(const std::string& text) {
  return isHex(text) ? "sha256:" + text : text;
}

// As engines name containers and compose its projects.
bool isPlain(std::string_view text) {
  const bool begins = text.empty() || (text.front() != '-' && text.front() != '.');
  return begins && text.size() <= kMaxShort && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '_' || c == '-';
         });
}

template <std::size_t Count>
bool isOneOf(const std::string& text, const std::array<std::string_view, Count>& known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

std::vector<Reference> referencesIn(const Json& array) {
  std::vector<Reference> out;
  if (!array.is_array()) return out;
  for (const auto& item : array) {
    if (!item.is_string()) continue;
    // "<none>:<none>" is no name.
    if (auto reference = parseReference(item.get_ref<const std::string&>()))
      out.push_back(std::move(*reference));
  }
  return out;
}

bool isOrchestrated(const Json& labels) {
  if (!labels.is_object()) return false;
  for (const auto& label : labels.items()) {
    for (const std::string_view start :
         {"com.docker.swarm.", "com.docker.stack.", "io.kubernetes.", "com.hashicorp.nomad.",
          "com.amazonaws.ecs.", "net.azure-devices.edge.", "supervisor_managed", "PODMAN_SYSTEMD_UNIT"})
      if (label.key().starts_with(start)) return true;
  }
  return false;
}

constexpr std::size_t kShortestNumber = 12;

// A container's number, or as much of one as engines show.
bool isContainerNumber(std::string_view text) {
  return text.size() >= kShortestNumber &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool isMeant(const Container& container, const std::string& name) {
  return name == container.name || (isContainerNumber(name) && container.id.starts_with(name));
}

// "container:web"
std::vector<std::string> othersNeededBy(const Json& host_config) {
  constexpr std::string_view kOther = "container:";
  std::vector<std::string> out;
  for (const char* key : {"NetworkMode", "IpcMode", "PidMode"})
    if (const auto mode = textAt(host_config, {key}); mode.starts_with(kOther))
      out.push_back(mode.substr(kOther.size()));
  // "/db:/web/db": a link holds the other's address of the moment.
  for (const auto& link : at(host_config, {"Links"}))
    if (link.is_string() && link.get_ref<const std::string&>().starts_with('/'))
      out.push_back(link.get<std::string>().substr(1, link.get_ref<const std::string&>().find(':') - 1));
  return out;
}

// Compose writes a number down here: with another one there, whoever has it could not be made anew.
std::vector<std::string> volumesOfNumbers(const Json& host_config) {
  std::vector<std::string> out;
  for (const auto& other : at(host_config, {"VolumesFrom"})) {
    if (!other.is_string()) continue;
    const auto& text = other.get_ref<const std::string&>();
    if (auto name = text.substr(0, text.find(':')); isContainerNumber(name)) out.push_back(std::move(name));
  }
  return out;
}

bool isUp(const Container& container) {
  return container.state == "running" || container.state == "paused" || container.state == "restarting";
}

void markWhoNeedsWhom(std::vector<Container>& containers) {
  for (auto& guest : containers) {
    for (const auto& name : guest.lives_in) {
      bool is_there = false;
      for (auto& host : containers) {
        if (!isMeant(host, name)) continue;
        host.orchestrated = true;
        is_there = is_there || host.state == "running" || host.state == "paused";
      }
      // Once it is stopped neither it nor one in its place would start any more.
      if (isUp(guest) && !is_there) guest.orchestrated = true;
    }
    for (const auto& name : guest.volumes_from)
      for (auto& host : containers)
        host.orchestrated = host.orchestrated || isMeant(host, name);
  }
}

bool isPodman(const Json& version) {
  const auto& parts = at(version, {"Components"});
  return std::any_of(parts.begin(), parts.end(),
                     [](const Json& part) { return textAt(part, {"Name"}) == "Podman Engine"; });
}

std::string platformOf(const Json& inspected) {
  auto out = textAt(inspected, {"Os"});
  if (const auto architecture = textAt(inspected, {"Architecture"}); !architecture.empty())
    out += "/" + architecture;
  if (const auto variant = textAt(inspected, {"Variant"}); !variant.empty()) out += "/" + variant;
  auto words = out;
  std::replace(words.begin(), words.end(), '/', '.');
  return isPlain(words) ? out : std::string();
}

std::string nameIn(const Json& listed) {
  const auto& names = at(listed, {"Names"});
  if (!names.is_array() || names.empty() || !names.front().is_string()) return {};
  auto name = names.front().get<std::string>();
  if (name.starts_with('/')) name.erase(0, 1);
  return isPlain(name) ? name : std::string();
}

Problem unreadable(const std::string& what, const Problem& why) {
  return {why.status, "docker.unreadable", what + " could not be read: " + why.text};
}

// By what the list says of it.
Unread unreadContainer(const Json& listed, const Problem& why) {
  const auto number = textAt(listed, {"Id"}).substr(0, kShortestNumber);
  const auto name = nameIn(listed);
  Unread out{true, {}, false, unreadable("container " + (name.empty() ? "" : name + " ") + number, why)};
  // A number stands there also where the name that it was started from is another image by now.
  const auto image = textAt(listed, {"Image"});
  const bool is_number = isDigest(image) || textAt(listed, {"ImageID"}).starts_with("sha256:" + image);
  if (auto reference = parseReference(image); reference && !is_number) {
    out.names.push_back(std::move(*reference));
  } else {
    out.may_have_others = true;
  }
  return out;
}

Unread unreadImage(const Engine& engine, const Image& image, const Problem& why) {
  Unread out{false, image.tags, false, {}};
  out.names.insert(out.names.end(), image.digests.begin(), image.digests.end());
  for (const auto& container : engine.containers)
    if (container.image_id == image.id && container.reference) out.names.push_back(*container.reference);
  out.why = unreadable("image " + (out.names.empty() ? image.id : out.names.front().familiar()), why);
  return out;
}

bool hasItems(const Json& value) {
  return value.is_array() && !value.empty();
}

std::vector<Reference> pulledFrom(const Json& inspected) {
  std::vector<Reference> out;
  for (const auto& pull : at(inspected, {"Identity", "Pull"}))
    if (auto repository = parseReference(textAt(pull, {"Repository"}))) out.push_back(std::move(*repository));
  return out;
}

// Engines with containerd's store give a digest to what they built, too; since API 1.53 they say so.
bool isBuiltHere(const Json& inspected) {
  return hasItems(at(inspected, {"Identity", "Build"})) && !hasItems(at(inspected, {"Identity", "Pull"}));
}

}  // namespace

bool Image::hasDigest(const Reference& repository, const std::string& digest) const {
  return std::any_of(digests.begin(), digests.end(), [&](const Reference& known) {
    return known.sameRepository(repository) && known.digest == digest;
  });
}

std::string Image::digestIn(const Reference& repository) const {
  const auto found = std::find_if(digests.begin(), digests.end(),
                                  [&](const Reference& known) { return known.sameRepository(repository); });
  return found == digests.end() ? std::string() : found->digest;
}

const Image* Engine::named(const Reference& tag) const {
  for (const auto& [id, image] : images)
    for (const auto& known : image.tags)
      if (known.sameRepository(tag) && known.tag == tag.tag) return &image;
  return nullptr;
}

const Image* Engine::imageOf(const Container& container) const {
  const auto found = images.find(container.image_id);
  return found == images.end() ? nullptr : &found->second;
}

const Unread* Engine::unreadOf(const Reference& name) const {
  const auto found = std::find_if(unread.begin(), unread.end(), [&](const Unread& one) {
    return one.may_have_others ||
           std::any_of(one.names.begin(), one.names.end(),
                       [&](const Reference& other) { return other.canonical() == name.canonical(); });
  });
  return found == unread.end() ? nullptr : &*found;
}

const Unread* Engine::unreadIn(const std::string& registry) const {
  const auto found = std::find_if(unread.begin(), unread.end(), [&](const Unread& one) {
    return one.may_have_others || std::any_of(one.names.begin(), one.names.end(), [&](const Reference& name) {
             return name.registry == registry;
           });
  });
  return found == unread.end() ? nullptr : &*found;
}

std::optional<Container> containerOf(const Json& inspected, bool& odd_text) {
  constexpr std::array<std::string_view, 7> kStates{"created",  "running", "paused", "restarting",
                                                    "removing", "exited",  "dead"};
  constexpr std::array<std::string_view, 3> kHealths{"starting", "healthy", "unhealthy"};
  Container out;
  out.id = textAt(inspected, {"Id"});
  const auto& number = at(inspected, {"Image"});
  // What keeps a pod of Podman's together is made of no image, and so is whatever was given a folder instead.
  const bool has_image = number != Json("") && number != Json("sha256:");
  if (has_image) out.image_id = imageId(textAt(inspected, {"Image"}));
  if (!isHex(out.id) || (has_image && !isDigest(out.image_id))) return std::nullopt;
  out.manifest = textAt(inspected, {"ImageManifestDescriptor", "digest"});
  if (!isDigest(out.manifest)) out.manifest.clear();
  out.name = textAt(inspected, {"Name"});
  if (out.name.starts_with('/')) out.name.erase(0, 1);
  const auto& config = at(inspected, {"Config"});
  const auto image = textAt(config, {"Image"});
  out.reference = parseReference(image);
  // A number, or the beginning of one, reads like a name.
  if (!has_image || isDigest(image) || out.image_id.starts_with("sha256:" + image)) out.reference.reset();
  const auto& state = at(inspected, {"State"});
  out.state = textAt(state, {"Status"});
  if (!isOneOf(out.state, kStates)) out.state.clear();
  const auto& health = at(state, {"Health"}).is_null() ? at(state, {"Healthcheck"}) : at(state, {"Health"});
  out.health = textAt(health, {"Status"});
  if (!isOneOf(out.health, kHealths)) out.health.clear();
  const auto& labels = at(config, {"Labels"});
  out.compose_project = textAt(labels, {"com.docker.compose.project"});
  const auto& host_config = at(inspected, {"HostConfig"});
  // "docker compose run": made anew in the middle, its work would be done twice.
  const bool is_job = textAt(labels, {"com.docker.compose.oneoff"}) == "True" && isUp(out);
  out.orchestrated = isOrchestrated(labels) || is_job || !textAt(inspected, {"Pod"}).empty() ||
                     flagAt(host_config, {"AutoRemove"});
  out.lives_in = othersNeededBy(host_config);
  out.volumes_from = volumesOfNumbers(host_config);
  for (auto* text : {&out.name, &out.compose_project}) {
    if (isPlain(*text)) continue;
    odd_text = true;
    text->clear();
  }
  return out;
}

Result<Json> EngineReader::ask(const std::string& target) {
  if (run_.cancelled()) return fail(RF_CANCELLED, "docker.cancelled", "the scan was ended");
  const auto answer = get_(target);
  if (!answer) return fail(rf::raw(answer.status()), "docker.engine_unreachable", answer.text());
  if (answer->http_status == 404) return Json();
  if (answer->http_status != 200)
    return fail(RF_TRANSIENT, "docker.engine_failed",
                "the engine answers " + std::to_string(answer->http_status) + " to GET " + target);
  auto json = parseJson(answer->body, {.bytes = kMaxEngineAnswer, .depth = 32, .values = 400'000});
  if (!json) return malformed("GET " + target);
  return std::move(*json);
}

bool EngineReader::isItsOwn(const Problem& problem) {
  if (problem.code != "docker.engine_unreachable") return problem.status == RF_TRANSIENT;
  return problem.status == RF_LIMIT || (problem.status == RF_TRANSIENT && ++silent_ <= kMostSilent);
}

Result<> EngineReader::readImages(Engine& engine) {
  const auto images = ask("/images/json");
  if (!images) return tl::unexpected<Problem>(images.error());
  if (!images->is_array()) return malformed("GET /images/json");
  if (images->size() > kMaxThings)
    return fail(RF_LIMIT, "docker.too_many", "the engine has more than 5000 images");
  for (const auto& item : *images) {
    Image image;
    image.id = imageId(textAt(item, {"Id"}));
    if (!isDigest(image.id)) return malformed("GET /images/json");
    image.tags = referencesIn(at(item, {"RepoTags"}));
    std::erase_if(image.tags, [](const Reference& tag) { return tag.tag.empty() || !tag.digest.empty(); });
    image.digests = referencesIn(at(item, {"RepoDigests"}));
    std::erase_if(image.digests, [](const Reference& known) { return known.digest.empty(); });
    engine.images.emplace(image.id, std::move(image));
  }
  return {};
}

Result<> EngineReader::readContainers(Engine& engine) {
  const auto containers = ask("/containers/json?all=1");
  if (!containers) return tl::unexpected<Problem>(containers.error());
  if (!containers->is_array()) return malformed("GET /containers/json");
  if (containers->size() > kMaxThings)
    return fail(RF_LIMIT, "docker.too_many", "the engine has more than 5000 containers");
  for (const auto& item : *containers)
    if (auto done = readContainer(engine, item); !done) return done;
  markWhoNeedsWhom(engine.containers);
  // Nobody knows in whose namespaces that one lives, or whose volumes it has.
  if (!engine.unread.empty())
    for (auto& container : engine.containers)
      container.orchestrated = true;
  std::sort(engine.containers.begin(), engine.containers.end(), [](const Container& a, const Container& b) {
    return std::tie(a.name, a.id) < std::tie(b.name, b.id);
  });
  return {};
}

Result<> EngineReader::readContainer(Engine& engine, const Json& listed) {
  const auto id = textAt(listed, {"Id"});
  if (!isHex(id)) return malformed("GET /containers/json");
  const auto target = "/containers/" + id + "/json";
  const auto inspected = ask(target);
  if (inspected && inspected->is_null()) return {};
  auto container = inspected ? containerOf(*inspected, engine.odd_text) : std::nullopt;
  if (container && container->id == id) {
    engine.containers.push_back(std::move(*container));
    return {};
  }
  const auto why = inspected ? malformed("GET " + target).value() : inspected.error();
  if (!isItsOwn(why)) return tl::unexpected<Problem>(why);
  engine.unread.push_back(unreadContainer(listed, why));
  return {};
}

Result<> EngineReader::readPlatforms(Engine& engine) {
  std::set<std::string> used;
  for (const auto& container : engine.containers)
    used.insert(container.image_id);
  std::erase_if(engine.images,
                [&](const auto& entry) { return entry.second.tags.empty() && !used.contains(entry.first); });
  for (auto entry = engine.images.begin(); entry != engine.images.end();) {
    auto& image = entry->second;
    const auto inspected = ask("/images/" + image.id + "/json");
    if (!inspected && !isItsOwn(inspected.error())) return tl::unexpected<Problem>(inspected.error());
    if (!inspected) engine.unread.push_back(unreadImage(engine, image, inspected.error()));
    if (!inspected || inspected->is_null()) {
      entry = engine.images.erase(entry);
      continue;
    }
    image.platform = platformOf(*inspected);
    image.pulled_from = pulledFrom(*inspected);
    if (isBuiltHere(*inspected)) image.digests.clear();
    ++entry;
  }
  return {};
}

Result<EngineProxy> EngineReader::readProxy() {
  const auto info = ask("/info");
  if (!info) return tl::unexpected<Problem>(info.error());
  return EngineProxy{textAt(*info, {"HttpsProxy"}), textAt(*info, {"NoProxy"})};
}

Result<Engine> EngineReader::read() {
  Engine engine;
  const auto version = ask("/version");
  if (!version) return tl::unexpected<Problem>(version.error());
  if (!version->is_object()) return malformed("GET /version");
  engine.version = textAt(*version, {"Version"});
  // Containers first: an image is then known for each of them.
  if (auto done = readContainers(engine); !done) return tl::unexpected<Problem>(done.error());
  if (auto done = readImages(engine); !done) return tl::unexpected<Problem>(done.error());
  if (auto done = readPlatforms(engine); !done) return tl::unexpected<Problem>(done.error());
  engine.is_podman = isPodman(*version);
  if (engine.is_podman)
    for (auto& container : engine.containers)
      container.orchestrated = true;
  return engine;
}

}  // namespace redflag::docker
