#pragma once
// What an order means for this machine: which containers, and whether the registry offers what was approved.
// Asks the registry itself, each time: whoever ordered may have been told something else.

#include <map>
#include <memory>
#include <string>

#include "access.h"
#include "engine.h"
#include "redflag/sdk.hpp"
#include "registry.h"
#include "request.h"
#include "settings.h"
#include "watched.h"

namespace redflag::docker {

// One step with everything needed to carry it out.
struct Work {
  Step step;
  Reference reference;
  std::vector<const Container*> outdated;  // not one of them without a name
  std::string manifest{};                  // of the approved image for this platform
};

struct Prepared {
  Engine engine;  // what the rest points into
  std::vector<Work> work;
  Plan plan;
};

class Planner {
 public:
  Planner(const Settings& settings, const rf::Host& host, const rf::Run& run);

  // RF_PERMANENT: "docker.version_gone" (the registry has another one by now), ".no_container", ".held",
  // ".excluded", ".other_platform"; or why engine or registry could not be asked ("docker.unreadable":
  // of one container only, of which nobody knows with whom it shares what).
  Result<std::unique_ptr<Prepared>> prepare(const EngineReader::Get& get, const Request& request);

  // The admin's password for a registry; "" without one.
  std::string passwordOf(const std::string& registry);

 private:
  Result<Work> workFor(const Engine& engine, const std::vector<Watched>& all, const Wanted& wanted,
                       Plan& plan);
  Result<Registry*> registryOf(const std::string& name);

  const Settings& settings_;
  rf::File files_;
  rf::Clock clock_;
  const rf::Run& run_;
  EngineReader::Get ask_engine_;
  HttpClient http_;
  std::map<std::string, Registry> registries_;
};

}  // namespace redflag::docker
