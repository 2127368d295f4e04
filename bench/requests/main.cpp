// What it costs the server to know whose request it is: signature, access token and the memory of nonces, of
// agents that are in memory. Prints one JSON document with the microseconds of processor time of one request,
// a figure a round.
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "auth/signed_requests.h"
#include "base/encoding.h"
#include "base/json.h"
#include "protocol/message_signature.h"

namespace redflag::bench {
namespace {

constexpr int kRequests = 2'000;
constexpr int kRounds = 15;

class OneAgent : public auth::AgentDirectory {
 public:
  explicit OneAgent(auth::AgentIdentity agent) : agent_(std::move(agent)) {}
  std::optional<auth::AgentIdentity> findAgent(const std::string&) const override { return agent_; }
  bool lineSeen(const auth::AgentIdentity&, const std::string&) override { return false; }
  void refused(const auth::AgentIdentity&, const std::string&, const std::string&) override {}

 private:
  const auth::AgentIdentity agent_;
};

// Its process had started long before what is signed now.
class LateClock : public Clock {
 public:
  std::int64_t epochNs() const override { return epochNow() - (started ? 0 : 3'600 * kSecondNs); }
  std::int64_t monotonicNs() const override { return monotonicNow(); }
  bool started = false;
};

double processorUs() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

http::RequestHead signedHead(const protocol::SigningKey& key, const std::string& authorization) {
  http::RequestHead head;
  head.method = "POST";
  head.target = "/agent/v1/commands/fetch";
  const auto headers = protocol::signRequest({head.method, "server:8443", head.target, "{}", authorization},
                                             "agent-1", key, epochNow() / kSecondNs);
  head.headers = {{"host", "server:8443"},
                  {"authorization", authorization},
                  {"content-digest", headers.content_digest},
                  {"signature-input", headers.signature_input},
                  {"signature", headers.signature}};
  return head;
}

Json measure(const std::filesystem::path& nonces) {
  const auto key = protocol::SigningKey::generate();
  const auth::AccessTokens tokens(protocol::SigningKey::generate(), 86'400);
  OneAgent agents({"agent-1", "client-1", key.publicKey(), "active", "line-1", 1});
  const std::int64_t now_s = epochNow() / kSecondNs;
  const std::string authorization =
      "Bearer " + tokens.issue({"agent-1", "client-1", auth::keyThumbprint(key.publicKey()), "line-1", 1,
                                now_s, now_s + 86'400, newId()});
  Json out = Json::array();
  for (int round = -1; round < kRounds; ++round) {  // the first is not counted
    LateClock clock;
    const std::filesystem::path times = nonces.string() + ".clock";
    std::filesystem::remove(times);
    auth::SignatureClock time(clock, times, "");
    auth::NonceMemory memory(time, nonces);
    clock.started = true;
    auth::SignedRequests requests(agents, memory, tokens, clock);
    std::vector<http::RequestHead> heads;
    for (int i = 0; i < kRequests; ++i)
      heads.push_back(signedHead(key, authorization));
    const double began = processorUs();
    for (const auto& head : heads)
      requests.agent(head, "192.0.2.1");
    if (round >= 0) out.push_back((processorUs() - began) / kRequests);
  }
  return {{"request_us", out}};
}

}  // namespace
}  // namespace redflag::bench

int main() {
  using namespace redflag;
  if (!initCrypto()) return 2;
  const auto nonces = std::filesystem::temp_directory_path() / ("redflag-bench-" + newId());
  std::cout << dumpJson(bench::measure(nonces)) << '\n';
  std::filesystem::remove(nonces);
  return 0;
}
