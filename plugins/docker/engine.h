#pragma once
// What a container engine has and runs, asked for by whoever may use its socket. Source: Docker Engine API
// 1.41; podman's service answers the same.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "problem.h"
#include "redflag/sdk.hpp"
#include "reference.h"

namespace redflag::docker {

struct Image {
  std::string id;  // "sha256:…"
  std::vector<Reference> tags;
  std::vector<Reference> digests;      // under which registries know it; none: it was made here
  std::vector<Reference> pulled_from;  // as far as the engine says
  std::string platform;                // "linux/arm64/v8"; "" where nobody asked

  bool hasDigest(const Reference& repository, const std::string& digest) const;
  // The first it has of that repository; "" if none.
  std::string digestIn(const Reference& repository) const;
};

struct Container {
  std::string id;
  std::string name;
  std::optional<Reference> reference;  // what it was started from; nullopt: an image's number
  std::string image_id;                // "": it was made of none
  // Of its image, where the engine keeps images as registries do (containerd's store): there an image's
  // number is its index's digest, which changes for other platforms, too. "" elsewhere.
  std::string manifest;
  std::string state;   // created running paused restarting removing exited dead
  std::string health;  // starting healthy unhealthy; "" without a check
  std::string compose_project;
  // Not ours to make anew: something else starts and ends it (swarm, kubernetes, ECS, a pod, systemd), it is
  // gone once it ends, it is at work that compose was told to do once, another one lives in its namespaces,
  // is linked to it or has its volumes by its number (or may: one could not be read), it runs and could not
  // be started again, for whom it lives in is gone, or it is Podman's, which does not tell all of a
  // container's settings in this form.
  bool orchestrated = false;
  // Other containers' names or numbers: it starts only where these run…
  std::vector<std::string> lives_in;
  // …and only where these exist.
  std::vector<std::string> volumes_from;
};

// A container or an image that the engine has, and of which it does not answer.
struct Unread {
  bool is_container = false;
  std::vector<Reference> names;  // what it is in use as
  bool may_have_others = false;  // or as something else
  Problem why;                   // "docker.unreadable", and which it is
};

struct Engine {
  std::string version;
  std::map<std::string, Image> images;  // by id: all that have a name or are in use
  std::vector<Container> containers;    // by name
  std::vector<Unread> unread;           // what is missing above
  bool is_podman = false;
  bool odd_text = false;  // something had a name that no row can hold, which was left out

  const Image* named(const Reference& tag) const;  // which image a tag is now; nullptr if none
  const Image* imageOf(const Container& container) const;
  // What keeps from knowing everything of a name, or of a registry's names; nullptr if nothing.
  const Unread* unreadOf(const Reference& name) const;
  const Unread* unreadIn(const std::string& registry) const;
};

// How an engine reaches registries, as it was told itself; "": directly. Passwords in it are masked, or not.
struct EngineProxy {
  std::string https;
  std::string exceptions;  // "localhost,10.0.0.0/8,.example.net"
};

// The most an engine's answer may have.
constexpr std::size_t kMaxEngineAnswer = 4U << 20U;

// RF_TRANSIENT "docker.engine_malformed" for answers that are none; what disappears while it is asked for is
// left out. One container or image of which the engine does not answer is unread, and fails nothing else.
class EngineReader {
 public:
  // GET of a target.
  using Get = std::function<rf::Value<rf::HttpAnswer>(const std::string& target)>;
  EngineReader(Get get, const rf::Run& run) : get_(std::move(get)), run_(run) {}
  Result<Engine> read();
  Result<EngineProxy> readProxy();

 private:
  // null: there is no such thing (any more)
  Result<Json> ask(const std::string& target);
  // Whether only what was asked for is to blame, and the engine can be asked on.
  bool isItsOwn(const Problem& problem);
  Result<> readImages(Engine& engine);
  Result<> readContainers(Engine& engine);
  Result<> readContainer(Engine& engine, const Json& listed);
  Result<> readPlatforms(Engine& engine);

  const Get get_;
  const rf::Run& run_;
  int silent_ = 0;  // questions after things that got no answer
};

// Of an inspected container's JSON; nullopt names nothing that could be shown.
std::optional<Container> containerOf(const Json& inspected, bool& odd_text);

}  // namespace redflag::docker
