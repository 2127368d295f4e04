#pragma once
// A signed archive as servers offer it, for one suite and architecture; served over HTTP on loopback.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apt_root.h"
#include "support/http_folder.h"
#include "support/signing_key.h"

namespace redflag::test {

class SignedArchive {
 public:
  SignedArchive();
  ~SignedArchive();
  SignedArchive(const SignedArchive&) = delete;
  SignedArchive& operator=(const SignedArchive&) = delete;

  const SigningKey& key() const { return key_; }
  HttpFolder& server() { return *server_; }
  std::string host() const { return server_->host(); }
  // The line in a root's sources, and the key among those that it trusts.
  void addTo(const AptRoot& root, const std::string& suite = "stable") const;
  // Offers these from now on. Without a key: not signed. `release_fields`: further lines of the Release file.
  void publish(const std::vector<Package>& packages, const SigningKey* key,
               const std::string& suite = "stable", const std::string& release_fields = {});

 private:
  int published_ = 0;
  std::filesystem::path folder_;
  SigningKey key_;
  std::unique_ptr<HttpFolder> server_;
};

}  // namespace redflag::test
