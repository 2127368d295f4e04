#include "swarm/faults.h"

#include <charconv>
#include <map>
#include <string_view>

#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr double kDeathsAStep = 0.01;

// Calls `each` for the parts between commas until it answers an error.
template <class Each>
Result<> forEachPart(const std::string& text, const Each& each) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (auto ok = each(text.substr(begin, end - begin)); !ok) return ok;
    begin = end + 1;
  }
  return {};
}

}  // namespace

Result<> addFaults(const std::string& text, Faults& faults) {
  const std::map<std::string, double*, std::less<>> known = {{"flapping", &faults.flapping},
                                                             {"slow-reader", &faults.slow_reader},
                                                             {"skew", &faults.skew},
                                                             {"clone", &faults.clone},
                                                             {"lost-reply", &faults.lost_reply}};
  return forEachPart(text, [&](const std::string& part) -> Result<> {
    const std::size_t equals = part.find('=');
    const auto fault = known.find(part.substr(0, equals));
    if (fault == known.end() || equals == std::string::npos)
      return fail(
          Code::kInvalid,
          "--faults " + part + ": expected NAME=SHARE with flapping, slow-reader, skew, clone or lost-reply");
    double share = -1;
    const char* end = part.data() + part.size();
    const auto [at, error] = std::from_chars(part.data() + equals + 1, end, share);
    if (error != std::errc{} || at != end || !(share >= 0 && share <= 1))
      return fail(Code::kInvalid, "--faults " + part + ": expected a share from 0 to 1");
    *fault->second = share;
    return {};
  });
}

Result<> addKills(const std::string& text, Faults& faults) {
  return forEachPart(text, [&](const std::string& part) -> Result<> {
    if (part == "server") {
      faults.kill_server = true;
    } else if (part == "agent") {
      faults.kill_agent = kDeathsAStep;
    } else {
      return fail(Code::kInvalid, "--kill " + part + ": expected server, agent, or both with a comma");
    }
    return {};
  });
}

Ailments drawAilments(const Faults& faults, Random& random) {
  Ailments out;
  out.flapping = random.chance(faults.flapping);
  out.slow_reader = random.chance(faults.slow_reader);
  out.cloned = random.chance(faults.clone);
  if (random.chance(faults.skew)) {
    // Half of them within what is tolerated (five minutes), half far beyond.
    const std::int64_t most_s = random.chance(0.5) ? 240 : 86'400;
    out.skew_ns = random.between(-most_s, most_s) * kSecondNs;
  }
  return out;
}

}  // namespace redflag::swarm
