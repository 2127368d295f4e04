#pragma once
// One container in another's place. The old one is renamed and stopped, and removed only once the new one has
// proved itself; a name's end says what a step that was killed left:
//   web.redflag-new      made and never started, or stopped because it did not prove itself
//   web.redflag-running  the old one, which ran before
//   web.redflag-stopped  the old one, which did not
// Names are anybody's to give: only a new one whose label "redflag.replaces" has the old one's number makes
// them ours.

#include <cstdint>
#include <string>

#include "engine_client.h"
#include "problem.h"
#include "recreate.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::docker {

class Swap {
 public:
  Swap(EngineClient& engine, const Settings& settings, const rf::Host& host, const rf::Run& run)
      : engine_(engine), settings_(settings), clock_(host), progress_(host), run_(run) {}

  // What a container is to be made of.
  struct Image {
    std::string id;
    std::string manifest;  // the digest of this platform's manifest
  };
  // Makes `name` anew from the image its tag is now, which has to be the one with the number `image.id`.
  // RF_PERMANENT "docker.put_back": the new one did not run or was not healthy, the old one is back;
  // ".not_put_back": not even that; ".engine_refused", ".tag_moved": nothing was changed. Else the number of
  // the image before that of the old one, which nobody will go back to any more; "": none is known.
  Result<std::string> exchange(const std::string& name, const Image& image);

  // Ends what a killed exchange began: the new one stays if it proves itself, else the old one is put back.
  // RF_PERMANENT "docker.leftover": names that look like it on containers that are not ours; none is touched.
  Result<> mend();

 private:
  struct Old {
    std::string id;
    std::string name;
    bool was_running = false;
  };
  Result<std::string> makeNew(const std::string& name, const Json& old, const Image& image);
  Result<> complete(const std::string& id, const Recreation& wanted, const std::string& image_id);
  Result<> replace(const Old& old, const std::string& new_id, const Json& container);
  // With the time it asks for, or without an end to it: RF_PERMANENT "docker.not_ended", and it goes on.
  Result<> stop(const Json& container);
  Result<> remove(const std::string& id);  // once it has been stopped
  Result<> putBack(const Old& old, const std::string& new_id, const Problem& why);
  Result<> setAside(const std::string& new_id, const std::string& name);  // stopped, named as if just made
  Result<> prove(const std::string& id);
  Result<> mendOld(const Old& old);
  Result<> mendNew(const std::string& id, const std::string& name);

  EngineClient& engine_;
  const Settings& settings_;
  rf::Clock clock_;
  rf::Progress progress_;
  const rf::Run& run_;
};

}  // namespace redflag::docker
