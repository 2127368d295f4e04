#pragma once
// What children leave behind. A process can step out of its group and its session, but not out of being
// somebody's descendant: a program that adopts orphans becomes the parent of whatever a child of its own
// started and did not wait for, and can end it. See prctl(2), PR_SET_CHILD_SUBREAPER.

namespace redflag::platform {

// Before the first child. From then on the end of a Process is the end of everything that it started. Not for
// a program whose children may leave services running.
void adoptOrphans();

// The same for as long as it lives, for a program whose other children may leave services: none of these is
// to be a child of it meanwhile. Made before the child whose end is meant, and gone after it. From any
// thread.
class OrphanAdoption {
 public:
  OrphanAdoption();
  OrphanAdoption(const OrphanAdoption&) = delete;
  OrphanAdoption& operator=(const OrphanAdoption&) = delete;
  ~OrphanAdoption();
};

}  // namespace redflag::platform
