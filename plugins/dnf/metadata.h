#pragma once
// One repository's metadata as dnf left it in its cache: is all of it there, and is it what repomd.xml
// promises? libdnf itself passes over broken advisories, and would read a damaged file as far as it goes.

#include <cstdint>
#include <string>

#include "configuration.h"
#include "problem.h"

namespace redflag::dnf {

struct Metadata {
  std::string repomd;
  std::string primary;
  std::string filelists;          // "": the repository has none
  std::string updateinfo;         // likewise
  std::string modules;            // likewise
  std::int64_t refreshed_at = 0;  // seconds since the epoch: when dnf last fetched it, or found it unchanged
};

// Files that dnf's own parsed caches (.solv) stand for are not read again; all others are compared with their
// checksums. dnf.no_metadata, dnf.metadata_unreadable, dnf.repo_broken.
Result<Metadata> findMetadata(const Repository& repository, const std::string& cache_dir);

// Repositories that dnf has marked as expired: it would not answer from what it has of them.
bool isMarkedExpired(const std::string& cache_dir, const std::string& id);

}  // namespace redflag::dnf
