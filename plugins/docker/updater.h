#pragma once
// rf.updater/1 for containers: pulls exactly the approved digest, gives it its tag, and makes every container
// of that name anew with its own settings.

#include <string>
#include <string_view>

#include "engine_client.h"
#include "planner.h"
#include "redflag/sdk.hpp"
#include "request.h"
#include "settings.h"
#include "swap.h"

namespace redflag::docker {

class DockerUpdater {
 public:
  DockerUpdater(const Settings& settings, const rf::Host& host, rf::Run& run);

  rf::Status plan(std::string_view request, rf::Output& result);
  rf::Status download(std::string_view request, rf::Output& result);
  rf::Status install(std::string_view request, rf::Output& result);
  rf::Status verify(std::string_view request, rf::Output& result);
  rf::Status repair(rf::Output& result);

 private:
  // The confirmed plan made again: RF_PERMANENT "docker.plan_changed" if it is another one by now.
  Result<std::unique_ptr<Prepared>> confirmed(const Request& request);
  Result<std::string> pull(const Work& work);  // the number of the approved image
  Result<> carryOut(const Work& work);
  Result<> exchangeAll(const Work& work, const std::string& image_id);
  // The number of the image that is not needed any more; "": none.
  Result<std::string> makeAnew(const Work& work, const Container& container, const std::string& image_id);
  void clearAway(const Work& work, const std::string& image_id);
  // What is to be said of a failure, once the image that was pulled for nothing is gone, if nothing uses it.
  Problem clearPulled(const Work& work, const std::string& image_id, Problem why);
  Result<Json> runInstall(const Request& request);

  const Settings& settings_;
  rf::LocalHttp local_;
  rf::Clock clock_;
  rf::Progress progress_;
  rf::Run& run_;
  EngineClient engine_;
  Planner planner_;
  Swap swap_;
};

}  // namespace redflag::docker
