#pragma once
// The server's own certificate authorities: one that signs, and one in reserve that agents trust as well, so
// that a new one can take over without visiting any machine. ECDSA P-256; private keys never leave the data
// folder.
//
//                          active   reserve   next   old       agents believe
//   as it is made          A        B                          A B
//   prepareNext(kPlanned)  A        B         C                A B C, once they have the list that says so
//   takeOver()             B        C                A         A B C
//   retireOld()            B        C                          B C, once they have the next list
//
// Who missed the overlap knows B, and so the server; who missed two of them has to be enrolled again. But
// whoever copied A's key had B's before him, in the same folder. So where a key may be in other hands,
// neither goes on:
//
//                          active   reserve   next   spare   old   former   agents believe
//   as it is               A        B                                       A B
//   prepareNext(kStolen)   A        B         C      D                      A C D, once they have the list
//   takeOver()             C        D                        A     B        C D, once they have the next list
//   retireOld()            C        D
//
// Then who missed the overlap has to be enrolled again. Each step is taken up again where a crash cut it
// short.

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "auth/authorities.h"

namespace redflag::auth {

class Authority : public Authorities {
 public:
  // Finishes what was cut short, and makes what a new folder lacks. Throws std::runtime_error with the file
  // or OpenSSL's reason, also where the active one was lost: another one is nobody's that agents believe.
  explicit Authority(std::filesystem::path folder);

  // Makes sure that the server's certificate names exactly these hosts and addresses, is signed by the active
  // authority and stays valid for another 60 days. True when it is a new one.
  bool ensureServerCertificate(const std::set<std::string>& names, std::int64_t now_s);

  enum class Cause { kPlanned, kStolen };
  // False, and nothing done, when there is a next one already.
  bool prepareNext(Cause cause);
  // std::runtime_error without a next one. The server's certificate is the old authority's until
  // ensureServerCertificate().
  void takeOver();
  // False when there is no old one.
  bool retireOld();

 private:
  void ensureCertificate(const std::string& name);
  bool has(const char* name) const;
  void move(const char* from, const char* to);
  void finishTakeOver();
  void remove(const char* name);
  void removeStrayKeys();
};

}  // namespace redflag::auth
