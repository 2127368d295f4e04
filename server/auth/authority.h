#pragma once
// The server's own certificate authorities: one that signs, and one in reserve that agents trust as well, so
// that a new one can take over without visiting any machine. ECDSA P-256; private keys never leave the data
// folder.
//
//                     active   reserve   next   old       agents believe
//   as it is made     A        B                          A B
//   prepareNext()     A        B         C                A B C, once they have the list that says so
//   takeOver()        B        C                A         A B C
//   retireOld()       B        C                          B C, once they have the next list
//
// Who missed the overlap knows B, and so the server; who missed two of them has to be enrolled again. Each
// step is taken up again where a crash cut it short.
//
// Folder: ca-<role>.pem ca-<role>.key server.pem (with its issuer) server.key

#include <cstdint>
#include <filesystem>
#include <optional>
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

  // All authorities as DER, the active one first: what agents pin.
  std::vector<std::string> certificatesDer() const;
  // One in DER; nullopt while there is none in that role. Roles: active reserve next old.
  std::optional<std::string> certificateDer(const std::string& role) const;

  // False, and nothing done, when there is a next one already.
  bool prepareNext();
  // std::runtime_error without a next one. The server's certificate is the old authority's until
  // ensureServerCertificate().
  void takeOver();
  // False when there is no old one.
  bool retireOld();
  std::string activePem() const;

  std::filesystem::path chainFile() const { return folder_ / "server.pem"; }
  std::filesystem::path keyFile() const { return folder_ / "server.key"; }

 private:
  void ensureCertificate(const std::string& name);
  bool has(const char* name) const;
  void move(const char* from, const char* to);
  void finishTakeOver();

  std::filesystem::path folder_;
};

}  // namespace redflag::auth
