#pragma once
// The server's own certificate authorities: one that signs, and one in reserve that agents trust as well, so
// that a new one can take over without visiting any machine. ECDSA P-256; private keys never leave the data
// folder.
//
// Folder: ca-active.pem ca-active.key ca-reserve.pem ca-reserve.key server.pem (with its issuer) server.key

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace redflag::auth {

class Authority {
 public:
  // Makes what is missing. Throws std::runtime_error with the file or OpenSSL's reason.
  explicit Authority(std::filesystem::path folder);

  // Makes sure that the server's certificate names exactly these hosts and addresses, is signed by the active
  // authority and stays valid for another 60 days. True when it is a new one.
  bool ensureServerCertificate(const std::set<std::string>& names, std::int64_t now_s);

  // Both authorities as DER, the active one first: what agents pin.
  std::vector<std::string> certificatesDer() const;
  std::string activePem() const;

  std::filesystem::path chainFile() const { return folder_ / "server.pem"; }
  std::filesystem::path keyFile() const { return folder_ / "server.key"; }

 private:
  void ensureCertificate(const std::string& name);

  std::filesystem::path folder_;
};

}  // namespace redflag::auth
