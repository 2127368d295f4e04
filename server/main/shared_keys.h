#pragma once
// Keys that servers on one database had better have in common. They are in files beside it; the database has
// marks of those of the server that was started last, by which another one knows that its own differ. Unlike
// the key of second factors (second_factor_key.h) they may be replaced, so that a server with others starts.

#include <string>
#include <vector>

#include "main/data_folder.h"
#include "store/store.h"

namespace redflag::server {

// A file in keys/ that is another than that of the server which was started last, and what comes of it.
struct ForeignKey {
  std::string file;
  std::string effect;
};

// Without changing anything; of a file that is not there nothing is said. Throws as auth::readSecretFile.
std::vector<ForeignKey> foreignKeys(const DataFolder& data, const store::Store& store);

// Of a server that starts: warns of those, and leaves marks of its own.
void leaveKeyMarks(const DataFolder& data, store::Store& store);

}  // namespace redflag::server
