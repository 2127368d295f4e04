#pragma once
// The agent's key as a file: readable by its owner alone, and sealed to the machine it was made on, so that a
// copied or restored folder does not become a second agent. Without a TPM this stops copies and careless
// restores, not root on this machine: whoever can read the file and the machine's numbers can open it. Where
// there is a TPM, what it alone can make is needed as well (fingerprint.h), so that a copy of all that can be
// read opens nothing elsewhere; root on this machine can still ask it, or take the key out of the agent's
// memory. A TPM that was cleared, or went with its board, locks the agent out until a person binds it anew.
//
// The key lies under a random one, which is shared (secret_sharing.h) over the machine's fingerprint. A share
// lies masked by its source's hash, with nothing that tells a right guess: who has only the file must guess
// as many sources at once as are needed. How many those are:
//
//   sources   needed   a changed part                                           a copy of the disk has
//   1         1        locks the agent out                                      0, or machine-id: weak
//   2         2        locks the agent out: fewer would let a copy in           1 (machine-id)
//   3         2        any one may change                                       1
//   4         3        any one may change                                       1
//   5, 6      3        two or three: a new board with its number and interfaces 1
//
// A machine-id is copied with its disk. So it never suffices by itself where there is another source. Where
// it is the only one, as in most containers, the binding is weak, and status says so.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "identity/fingerprint.h"
#include "protocol/keys.h"

namespace redflag::kernel {

// What a key is bound to.
struct Binding {
  std::vector<std::string> sources;
  std::size_t needed = 0;
  bool tpm = false;  // and to that, beside `needed` of the sources

  bool weak() const;  // to nothing that stays behind when a disk is copied
  // "bound to 3 of 4 of machine-id, …", "bound to the TPM and 3 of 4 of …", "weak: machine-id only"
  std::string text() const;
};

constexpr std::size_t sharesNeeded(std::size_t sources) {
  return sources < 3 ? sources : sources == 3 ? 2 : 3;
}

struct OpenedKey {
  protocol::SigningKey key;
  Binding binding;     // of the file
  bool stale = false;  // this machine has other sources by now, or the file is an old one: save it anew
};

// kUnavailable: the fingerprint cannot be taken now. A machine without a single source gets a key bound to
// nothing.
Result<Binding> saveSealedKey(const std::filesystem::path& file, const protocol::SigningKey& key,
                              const MarkReader& marks);

// kNotFound; kDenied when too little of this machine is as it was, or others than its owner could have
// written the file; kCorrupt; kUnavailable. Opens what earlier versions sealed to `machine_id` alone, too.
Result<OpenedKey> openSealedKey(const std::filesystem::path& file, const MarkReader& marks,
                                const std::string& machine_id);

}  // namespace redflag::kernel
