#pragma once
// What becomes of the image that an update replaces: it stays, so that somebody can go back to it without the
// registry, until the next update has proved itself. Then the one before it goes, or a disk would fill with
// every version there ever was. Which one that is stands on the container that was made from the one after
// it. One that was pulled for an update that failed goes at once.

#include <set>
#include <string>

#include "engine_client.h"
#include "problem.h"
#include "reference.h"

namespace redflag::docker {

// On a container: the number of the image of the one that it took the place of.
extern const char* const kReplacedImage;

// What is on the disk, by number, under whatever name.
Result<std::set<std::string>> presentImages(EngineClient& engine);

// Removes an image that was one of `repository` only, has no tag, and that no container was made from or
// names as the one before its own. True if it is gone; false if it was gone already, or is left. The engine,
// too, refuses where a container or another image needs it.
Result<bool> removeReplaced(EngineClient& engine, const Reference& repository, const std::string& image_id);

}  // namespace redflag::docker
