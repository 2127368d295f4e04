#pragma once
// Passphrases: asked on the terminal without showing them, or read line by line from a descriptor. Never from
// the arguments or the environment, where other processes could see them.

#include <string>

#include "trust/key_folder.h"

namespace redflag::server {

// `descriptor`: -1 for the terminal. Its asking throws std::runtime_error: no terminal, not the same twice,
// no line left.
trust::AskPassphrase passphrasesFrom(int descriptor);

}  // namespace redflag::server
