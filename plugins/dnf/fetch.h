#pragma once
// A repository's metadata fetched by libdnf itself into a folder of the scanner's own, as its section and
// dnf.conf ask for: mirrors, proxy, certificates, and the signature of repomd.xml with repo_gpgcheck.

#include <cstdint>
#include <string>

#include "configuration.h"
#include "redflag/sdk.hpp"

namespace redflag::dnf {

class Fetcher {
 public:
  // `configuration` is one whose cache_dir is that folder.
  Fetcher(const Configuration& configuration, const rf::Run& run, const rf::Clock& clock)
      : configuration_(configuration), run_(run), clock_(clock) {}

  // Why its newest metadata is not there now; "": it is. What was there stays until all of the new is. libdnf
  // works in a process of its own, which a cancel, `until_ns` (monotonic) and metadata of more than a
  // gibibyte end. Nothing more comes over the net where repomd.xml is the one that is already known.
  std::string fetch(const Repository& repository, std::int64_t until_ns);

 private:
  std::string watch(int child, int words, const Repository& repository, std::int64_t until_ns);
  std::string whyStop(const Repository& repository, std::int64_t until_ns) const;

  const Configuration& configuration_;
  const rf::Run& run_;
  const rf::Clock& clock_;
  std::string known_;  // the repomd.xml that is there, if all that it names is
};

// What keeps its metadata from being judged as dnf would judge it; "": nothing. Keys for repo_gpgcheck are
// those on this machine's disk: dnf would ask somebody about one that comes over the net.
std::string whyNotFetchable(const Repository& repository);

}  // namespace redflag::dnf
