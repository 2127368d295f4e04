#pragma once
// Which signatures were used already. Holds every nonce for as long as its signature's time is acceptable.
//
// It is lost with the process, so signatures made before the process started are refused by their time
// (signature_clock.h) instead. That leaves signatures of agents whose clock is ahead: made before, dated
// after. Those few are also written to a file.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "auth/signature_clock.h"

namespace redflag::auth {

class NonceMemory {
 public:
  // `time` outlives it. Throws std::runtime_error when `ahead_file` can be neither read nor made.
  NonceMemory(SignatureClock& time, std::filesystem::path ahead_file);

  // Whether a signature of this time can be accepted at all, before it is verified. Throws Problem 401:
  // signature.clock (more than 5 minutes off), signature.before_start (make it again). [any thread]
  void checkTime(std::int64_t created_s) const;
  // For a verified signature. Throws Problem 401 signature.replayed when it was used before, 429 when this
  // key signed thousands of requests within the window, 503 store.full when it is dated ahead and the file
  // takes nothing. [any thread]
  void use(const std::string& key, std::int64_t created_s, const std::string& nonce);

 private:
  using Entry = std::pair<std::int64_t, std::string>;  // created_s, nonce
  struct Seen {
    std::set<std::string> nonces;
    std::set<Entry> by_age;
  };

  void forgetOld(Seen& seen, std::int64_t now_s);
  void sweep(std::int64_t now_s);
  void loadAhead();
  void rewriteAhead();
  void noteAhead(const std::string& key, std::int64_t created_s, const std::string& nonce);
  void writeAhead();

  SignatureClock& time_;
  const std::filesystem::path ahead_file_;
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;  // by public key
  std::int64_t swept_s_ = 0;
  struct Ahead {
    std::string key;
    std::int64_t created_s;
    std::string nonce;
  };
  std::deque<Ahead> ahead_;
  std::ofstream ahead_out_;
  std::size_t rewrite_at_ = 0;
};

}  // namespace redflag::auth
