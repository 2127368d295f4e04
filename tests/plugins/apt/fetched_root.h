#pragma once
// A made-up system whose lists the real `apt-get update` fetched over HTTP, from archives signed by a key
// that the system trusts. The archives have the names of their hosts: apt asks for them through a proxy on
// loopback, which only that one call is told of.

#include <vector>

#include "apt_root.h"

namespace redflag::test {

class FetchedRoot : public AptRoot {
 public:
  FetchedRoot();

  // A line in sources.list, the signed archive, and its lists. Once a suite and host in a root: HTTP tells
  // versions of a file apart by the second. What the Release file says of its end does not hold it up, as if
  // it was fetched earlier.
  void addArchive(const ArchiveOptions& options, const std::vector<Package>& packages) const;
};

}  // namespace redflag::test
