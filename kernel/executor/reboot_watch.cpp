#include "executor/reboot_watch.h"

#include "base/kernel_release.h"
#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr const char* kMember = "reboots";
constexpr std::int64_t kLongestDelayS = 24 * 3600;
constexpr std::int64_t kMayTakeNs = 1800 * kSecondNs;  // a slow stop of its services included

Result<std::optional<RebootPromise>> promiseOf(const JournalEntry& entry) {
  const Json& results = entry.outcome.results;
  return results.empty() ? Result<std::optional<RebootPromise>>(std::nullopt)
                         : rebootPromise(results.front());
}

// The delay may be a day, in which an update brings a newer one than was promised.
bool isExpected(const std::string& kernel, const RebootPromise& made) {
  return made.kernel.empty() || kernel == made.kernel ||
         (isSameFlavour(kernel, made.kernel) && compareReleases(kernel, made.kernel) > 0);
}

}  // namespace

Result<std::optional<RebootPromise>> rebootPromise(const Json& result) {
  const auto it = result.find(kMember);
  if (it == result.end()) return std::nullopt;
  JsonReader in(*it, kMember);
  RebootPromise out;
  out.after_s = in.integer("after_s", 0, kLongestDelayS);
  out.kernel = in.optionalText("kernel", 128);
  out.boot_id = in.optionalText("boot_id", 64);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return out;
}

void awaitReboot(JournalEntry& entry, Json result, const RebootPromise& promise, const std::string& boot_id,
                 std::int64_t monotonic_ns) {
  result[kMember] = {{"after_s", promise.after_s}, {"kernel", promise.kernel}, {"boot_id", boot_id}};
  entry.phase = Phase::kRebooting;
  entry.host = {};
  entry.begun_monotonic = monotonic_ns;
  entry.outcome = {"succeeded", "", "", Json::array({std::move(result)})};
}

std::int64_t rebootsIn(const JournalEntry& entry, std::int64_t monotonic_ns) {
  const auto promise = promiseOf(entry);
  if (!promise || !*promise) return INT64_MAX;
  return entry.begun_monotonic + (*promise)->after_s * kSecondNs - monotonic_ns;
}

bool replacesReboot(const JournalEntry& younger, const JournalEntry& other, const std::string& boot_id) {
  if (younger.order.plugin != other.order.plugin) return false;
  const auto made = promiseOf(younger);
  const auto earlier = promiseOf(other);
  return made && *made && earlier && *earlier && (*made)->boot_id == boot_id &&
         (*earlier)->boot_id == boot_id;
}

std::optional<Outcome> afterReboot(const JournalEntry& entry, const BootFacts& now,
                                   std::int64_t monotonic_ns) {
  Outcome out = entry.outcome;
  const auto promise = promiseOf(entry);
  if (!promise || !*promise)
    return Outcome{"failed", "reboot.lost", "what was promised is lost", out.results};
  const RebootPromise& made = **promise;
  if (made.boot_id == now.boot_id) {
    if (monotonic_ns < entry.begun_monotonic + made.after_s * kSecondNs + kMayTakeNs) return std::nullopt;
    out.state = "failed";
    out.code = "reboot.not_happened";
    out.text = "half an hour after it should have gone the machine is still up";
    return out;
  }
  Json& result = out.results.front();
  result.erase(kMember);
  result["boot_id"] = now.boot_id;
  result["kernel"] = now.kernel;
  if (isExpected(now.kernel, made)) return out;
  out.state = "failed";
  out.code = "reboot.other_kernel";
  out.text = "the machine is back with the kernel " + now.kernel + ", not with " + made.kernel;
  return out;
}

}  // namespace redflag::kernel
