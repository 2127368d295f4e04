#pragma once
// A database in one file, for keeping: a SQLite database of the same schema, with a hash of each table's rows
// and the small files that belong to it.

#include <filesystem>
#include <string>
#include <vector>

namespace redflag::store {

struct ArchivedFile {
  std::string name;
  std::string bytes;
};

// A consistent copy of a SQLite database, while others write to it. `archive` is whole or not there, and only
// its owner may read it. http::Problem: "store.backup_exists", "store.missing", or what the engine says.
void writeArchive(const std::filesystem::path& database, const std::filesystem::path& archive,
                  const std::vector<ArchivedFile>& files);

// Makes a copy of an archive the database it was made of, in place; answers the files. http::Problem, before
// anything is changed, when it is no archive, damaged, or newer than this program.
std::vector<ArchivedFile> unpackArchive(const std::filesystem::path& copy);

}  // namespace redflag::store
