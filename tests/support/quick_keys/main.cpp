// redflag-quick-keys FOLDER SERVER-FILE PASSPHRASE: as `redflag-server keys init`, with keys that anybody can
// guess. Opening one as users have it takes most of a second of a processor; a fleet makes and opens two, and
// a hundred tests have one.
#include <sodium.h>

#include <exception>
#include <iostream>

#include "base/time.h"
#include "trust/files.h"
#include "trust/key_folder.h"

namespace {

constexpr redflag::trust::Argon2Cost kLeastCost = {1, crypto_pwhash_MEMLIMIT_MIN};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "redflag-quick-keys: expected FOLDER SERVER-FILE PASSPHRASE\n";
    return 2;
  }
  try {
    const auto server = redflag::trust::decodeServerKeys(redflag::trust::readIfThere(argv[2]).value());
    const std::string passphrase = argv[3];
    redflag::trust::KeyFolder::make(
        argv[1], server, [&](const std::string&, bool) { return passphrase; }, redflag::epochNow(),
        kLeastCost);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "redflag-quick-keys: " << error.what() << '\n';
    return 1;
  }
}
