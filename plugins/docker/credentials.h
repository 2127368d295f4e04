#pragma once
// The registries' passwords from an admin's file, and a proxy's. They leave this process only towards the
// registry they belong to, and the place that this registry names for its tokens; or towards that proxy.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "problem.h"

namespace redflag::docker {

class Credentials {
 public:
  // Docker's config.json. RF_MISCONFIGURED says which entry is wrong by its position, never what is in it.
  // What a credential helper keeps (an empty entry, or one of "credHelpers") is known to be there, and no
  // more.
  static Result<Credentials> parse(std::string_view json);

  // "user:password"; "" for a registry that has none here.
  std::string of(const std::string& registry) const;
  // The same for a proxy, from an entry that is its whole address: a registry's password goes to no proxy
  // that happens to have its name. `address` as proxyAddress() writes it.
  std::string ofProxy(const std::string& address) const;
  // There is a password for it, and a credential helper has it, which nobody here starts.
  bool areWithHelper(const std::string& registry) const;

 private:
  std::map<std::string, std::string> by_registry_;
  std::map<std::string, std::string> by_proxy_;
  std::set<std::string> with_helper_;
};

}  // namespace redflag::docker
