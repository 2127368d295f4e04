#include "auth/nonce_memory.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "auth/secret_file.h"
#include "base/encoding.h"
#include "http/message.h"
#include "protocol/limits.h"

namespace redflag::auth {
namespace {

constexpr std::size_t kMaxPerKey = 4096;
constexpr std::size_t kMinRewrite = 10'000;  // lines, before the file is written anew without the old ones
constexpr std::int64_t kMaxAheadFile = std::int64_t{1} << 30;  // bytes; of ten million signatures
constexpr std::int64_t kSweepEveryS = 60;
constexpr std::int64_t kUnderWayS = 15;

std::string aheadLine(const std::string& key, std::int64_t created_s, const std::string& nonce) {
  return std::to_string(created_s) + ' ' + toBase64Url(key) + ' ' + toBase64Url(nonce) + '\n';
}

}  // namespace

NonceMemory::NonceMemory(SignatureClock& time, std::filesystem::path ahead_file)
    : time_(time), ahead_file_(std::move(ahead_file)) {
  loadAhead();
  rewriteAhead();
}

void NonceMemory::checkTime(std::int64_t created_s) const {
  const std::int64_t now_s = time_.nowS();
  if (created_s < now_s - protocol::kClockToleranceS || created_s > now_s + protocol::kClockToleranceS) {
    throw http::Problem{401, "signature.clock", "the signature's time is more than 5 minutes off; see Date",
                        ""};
  }
  // Heads take no longer than that from an agent to here.
  if (created_s <= time_.startedS() && created_s < now_s - kUnderWayS) {
    throw http::Problem{
        401, "signature.replayed",
        "the signature was made before this server started, too long ago to have been under way", ""};
  }
  if (created_s <= time_.startedS()) {
    throw http::Problem{401, "signature.before_start",
                        "this server started after the signature was made; sign again", "", 1};
  }
}

void NonceMemory::use(const std::string& key, std::int64_t created_s, const std::string& nonce) {
  const std::int64_t now_s = time_.nowS();
  const std::lock_guard lock(mutex_);
  sweep(now_s);
  Seen& seen = seen_[key];
  forgetOld(seen, now_s);
  if (seen.nonces.contains(nonce))
    throw http::Problem{401, "signature.replayed", "this signature was used before", ""};
  if (seen.nonces.size() >= kMaxPerKey) {
    throw http::Problem{429, "rate.agent", "too many requests with this key", "", 60};
  }
  seen.nonces.insert(nonce);
  seen.by_age.emplace(created_s, nonce);
  if (created_s > now_s) noteAhead(key, created_s, nonce);
}

void NonceMemory::forgetOld(Seen& seen, std::int64_t now_s) {
  while (!seen.by_age.empty() && seen.by_age.begin()->first < now_s - protocol::kClockToleranceS) {
    seen.nonces.erase(seen.by_age.begin()->second);
    seen.by_age.erase(seen.by_age.begin());
  }
}

void NonceMemory::sweep(std::int64_t now_s) {
  if (now_s - swept_s_ < kSweepEveryS) return;
  swept_s_ = now_s;
  for (auto key = seen_.begin(); key != seen_.end();) {
    forgetOld(key->second, now_s);
    key = key->second.nonces.empty() ? seen_.erase(key) : std::next(key);
  }
}

void NonceMemory::loadAhead() {
  std::istringstream in(readSecretFile(ahead_file_, kMaxAheadFile).value_or(""));
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::int64_t created_s = 0;
    std::string key;
    std::string nonce;
    fields >> created_s >> key >> nonce;
    const auto key_bytes = fromBase64Url(key);
    const auto nonce_bytes = fromBase64Url(nonce);
    if (!fields || !key_bytes || !nonce_bytes) continue;  // the last line of a process that was killed
    ahead_.push_back({*key_bytes, created_s, *nonce_bytes});
    seen_[*key_bytes].nonces.insert(*nonce_bytes);
    seen_[*key_bytes].by_age.emplace(created_s, *nonce_bytes);
  }
}

void NonceMemory::rewriteAhead() {
  const std::int64_t oldest_s = time_.nowS() - protocol::kClockToleranceS;
  std::erase_if(ahead_, [oldest_s](const Ahead& entry) { return entry.created_s < oldest_s; });
  rewrite_at_ = std::max(kMinRewrite, 2 * ahead_.size());
  std::string text;
  for (const Ahead& entry : ahead_)
    text += aheadLine(entry.key, entry.created_s, entry.nonce);
  writeSecretFile(ahead_file_, text);
  ahead_out_ = std::ofstream(ahead_file_, std::ios::app);
}

void NonceMemory::noteAhead(const std::string& key, std::int64_t created_s, const std::string& nonce) {
  ahead_.push_back({key, created_s, nonce});
  try {
    writeAhead();
  } catch (const std::exception& error) {
    throw http::Problem{503, "store.full", std::string("used signatures cannot be kept: ") + error.what(), "",
                        60};
  }
}

void NonceMemory::writeAhead() {
  // Once a line could not be written it may be there in part, and a stream that failed takes nothing any
  // more.
  if (ahead_.size() > rewrite_at_ || !ahead_out_) return rewriteAhead();
  const Ahead& last = ahead_.back();
  ahead_out_ << aheadLine(last.key, last.created_s, last.nonce) << std::flush;
  if (!ahead_out_) throw std::runtime_error(ahead_file_.string() + ": cannot be written");
}

}  // namespace redflag::auth
