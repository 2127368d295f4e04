#pragma once
// An order that starts the machine anew has ended when the machine is back, not when it was told to go: what
// the action promised, kept in the journal, is held against the boot that is running now.

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "executor/journal.h"

namespace redflag::kernel {

// What runs now.
struct BootFacts {
  std::string boot_id;
  std::string kernel;  // its release
};

struct RebootPromise {
  std::int64_t after_s = 0;
  std::string kernel;   // the release expected afterwards, or a newer one of its flavour; "": any
  std::string boot_id;  // the boot it was made in
};

// "reboots" of an action's result (redflag/draft/actions.h); nullopt when there is none. kInvalid names the
// member.
Result<std::optional<RebootPromise>> rebootPromise(const Json& result);
// Notes in the entry that it waits for another boot than that one.
void awaitReboot(JournalEntry& entry, Json result, const RebootPromise& promise, const std::string& boot_id,
                 std::int64_t monotonic_ns);
// In how many ns the machine is to go down, below 0 once that is late; of an entry that still waits for
// another boot.
std::int64_t rebootsIn(const JournalEntry& entry, std::int64_t monotonic_ns);
// Whether the younger entry's restart was set in place of that of the other: a machine keeps one time only.
// Not any more once either of them has come.
bool replacesReboot(const JournalEntry& younger, const JournalEntry& other, const std::string& boot_id);
// How it ended; nullopt while the machine may still go down.
std::optional<Outcome> afterReboot(const JournalEntry& entry, const BootFacts& now,
                                   std::int64_t monotonic_ns);

}  // namespace redflag::kernel
