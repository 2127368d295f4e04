#pragma once
// What runs in containers, and what registries offer in its place. The engine is a scope, and each registry:
// one that does not answer says nothing about the others, and is no failure of the scan's own, so that what
// it said ("not before noon") is kept. Nor is a container or image of which the engine does not answer: it
// leaves incomplete the engine's scope, and those of the registries whose images it may have to do with. A
// repository that fails by itself is a part of its registry: a scope REGISTRY/REPOSITORY while it does. So is
// a tag that is in use and not found any more, REGISTRY/REPOSITORY:TAG: nothing proves that its update is
// gone. What may have been made here and was never found anywhere is none.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "access.h"
#include "engine.h"
#include "memory.h"
#include "redflag/sdk.hpp"
#include "registry.h"
#include "settings.h"
#include "watched.h"

namespace redflag::docker {

class DockerScan {
 public:
  DockerScan(const Settings& settings, const rf::Host& host, rf::Run& run);
  rf::Status scan();

 private:
  // A registry while it is asked.
  struct Asked {
    Registry registry;
    const Engine& engine;
    Problem whole;                                         // why it is not asked any more; RF_OK: it is
    std::map<std::string, Problem> failed;                 // repositories, each by itself
    std::map<std::string, Problem> gone;                   // tags that are in use and not found any more
    std::map<std::string, std::vector<std::string>> tags;  // by repository
    std::size_t explained = 0;                             // what failed nothing

    bool isOver() const { return whole.status != RF_OK; }
    void note(const std::string& repository, const Problem& problem);
    // Of so many that not each can be a scope, it is the registry that failed.
    void takeTogether(std::map<std::string, Problem>& parts, std::size_t most);
  };
  // What it said of one name.
  struct Offer {
    const Watched& watched;
    std::string digest;                    // "": nothing
    const PlatformImage* image = nullptr;  // behind the digest, where somebody runs another one
    std::string newer_tag;                 // "": none
  };

  // How the scan ended so far.
  rf::Status tellEngine(const Engine& engine, const std::vector<Watched>& watched);
  void tellContainer(const Container& container);
  void tellImage(const Engine& engine, const Watched& watched, const std::string& offered);
  void tellMadeHere(const Engine& engine, const Watched& watched);
  // How the scan ended by that, whatever became of each.
  rf::Status askRegistries(const Engine& engine, const std::vector<Watched>& watched, EngineReader& reader);
  void findWayOut(EngineReader& reader);
  void askRegistry(const std::string& name, const Engine& engine, const std::vector<const Watched*>& watched,
                   std::int64_t patience_ns);
  // Of the time that is left, where so many have not been asked yet.
  std::int64_t shareOf(std::int64_t registries) const;
  Offer askOffer(Asked& asked, const Watched& watched);
  std::string askDigest(Asked& asked, const Watched& watched);
  void noteNoOffer(Asked& asked, const Watched& watched, const Problem& problem);
  void explain(Asked& asked, const std::string& code, const std::string& text);
  bool wasThere(const Engine& engine, const Watched& watched);
  std::string askNewerTag(Asked& asked, const Watched& watched);
  void tellRegistry(const std::string& name, Asked& asked, const std::vector<Offer>& offers);
  void tellFailedParts(const std::string& name, const Asked& asked);
  void tellUpdate(const Engine& engine, const Offer& offer);
  void tellNewerTag(const Engine& engine, const Offer& offer);
  void tellBudget(const std::string& name, const Budget& budget);
  const PlatformImage* imageBehind(Asked& asked, const Watched& watched, const std::string& digest);

  const Settings& settings_;
  rf::LocalHttp local_;
  rf::File files_;
  rf::State state_;
  rf::Clock clock_;
  rf::Run& run_;
  HttpClient http_;
  Memory memory_;
  Credentials credentials_;
  Proxies proxies_;
  std::size_t parts_left_ = 0;  // scopes that registries' parts may still have
};

}  // namespace redflag::docker
