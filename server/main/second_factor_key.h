#pragma once
// The key that people's second factors are sealed with. It is in a file beside the database and never in it;
// servers on one database need the same, and the database has a mark by which each knows whether it is.

#include <optional>
#include <string>

#include "main/data_folder.h"
#include "store/store.h"

namespace redflag::server {

// Made by a server that has none yet. `shared`: other servers may be on the database; then a server with
// another key than theirs, or with none where they have one, throws std::runtime_error, which says what to
// copy. Where nobody else can be, a key that is lost takes the secrets of authenticator apps with it; people
// then sign in with recovery codes, or an administrator resets their second factor.
std::string secondFactorKey(const DataFolder& data, store::Store& store, bool shared);

// What is wrong with the key of a folder, and what to do about it.
struct FactorKeyFault {
  std::string text;
  std::string advice;
};
// Without making or changing anything; nullopt where the server would start with that key, or make the first
// one, and every second factor that counts opens. Throws as auth::readSecretFile.
std::optional<FactorKeyFault> secondFactorKeyFault(const DataFolder& data, const store::Store& store,
                                                   bool shared);

// Another one, which is that of the database from now on: where the one that was is lost for good. Throws
// std::runtime_error where it is not: second factors open with it.
void replaceSecondFactorKey(const DataFolder& data, store::Store& store);

}  // namespace redflag::server
