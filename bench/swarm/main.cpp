// redflag-bench-swarm DATA BUNDLE_FILE SERVER_PID AGENTS ROUNDS
//   A running server's check-ins, doorbells and storms, as one JSON document:
//   {"check_in_us": [a round…], "check_in_p99_ms": [a round…], "bare_us": [a round…], "agent_kib": n,
//    "storm_s": n, "agent_after_storm_kib": n, "agent_wire_bytes": n, "agents": n}
// Check-ins are signed before the clock runs, and sent over kept connections as fast as answers come; the
// bare server gets the same bytes.
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"
#include "peer.h"
#include "protocol/bundle.h"
#include "protocol/message_signature.h"
#include "swarm/connection.h"

namespace redflag::bench {
namespace {

using swarm::Connection;
using swarm::Reply;

constexpr std::size_t kConnections = 16;
constexpr std::int64_t kSettleNs = 70 * kSecondNs;  // the server gives memory back once a minute
constexpr std::size_t kRequests = 200;              // of one connection in one round

struct Agent {
  protocol::SigningKey key = protocol::SigningKey::generate();
  std::string id;
  std::string authorization;
};

std::string signedRequest(const Agent& agent, const std::string& authority, const char* method,
                          const std::string& target, const std::string& body) {
  const std::string key_id = agent.id.empty() ? toBase64Url(agent.key.publicKey()) : agent.id;
  const auto headers = protocol::signRequest({method, authority, target, body, agent.authorization}, key_id,
                                             agent.key, epochNow() / kSecondNs);
  std::string out = std::string(method) + ' ' + target + " HTTP/1.1\r\nHost: " + authority +
                    "\r\nContent-Digest: " + headers.content_digest +
                    "\r\nSignature-Input: " + headers.signature_input + "\r\nSignature: " + headers.signature;
  if (!agent.authorization.empty()) out += "\r\nAuthorization: " + agent.authorization;
  if (!body.empty())
    out += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  return out + "\r\n\r\n" + body;
}

// One connection that sends what it was given, one after the other. A stream counts as answered when it is
// open.
class Sender : public Connection::User {
 public:
  Sender(swarm::Reactor& reactor, const swarm::Target& target, std::size_t& left, bool stream = false)
      : left_(left), stream_(stream), connection_(reactor, target, *this) {}

  void start(std::vector<std::string> requests) {
    requests_ = std::move(requests);
    next_ = 0;
    took_ns_.clear();
    send();
  }
  const Reply& last() const { return last_; }
  const std::vector<std::int64_t>& tookNs() const { return took_ns_; }

 private:
  void send() { connection_.send(requests_[next_++], stream_, 60 * kSecondNs); }
  void replied(Connection&, Reply& reply) override {
    if (reply.status / 100 != 2) throw std::runtime_error("answered " + reply.code());
    took_ns_.push_back(reply.took_ns);
    last_ = std::move(reply);
    --left_;
    if (next_ < requests_.size()) send();
  }
  void closed(Connection&, const std::string& why) override {
    throw std::runtime_error("connection: " + why);
  }

  std::size_t& left_;
  const bool stream_;
  std::vector<std::string> requests_;
  std::size_t next_ = 0;
  Reply last_;
  std::vector<std::int64_t> took_ns_;
  Connection connection_;
};

// All of the agents, over one connection.
void enrol(std::vector<Agent>& agents, const swarm::Target& target, const std::string& token) {
  swarm::Reactor reactor;
  std::size_t left = 0;
  Sender sender(reactor, target, left);
  for (Agent& agent : agents) {
    const Json wish = {{"token", token},
                       {"public_key", toBase64Url(agent.key.publicKey())},
                       {"hostname", "bench"},
                       {"agent_version", "0"},
                       {"mode", "report"},
                       {"platform", "linux-x86_64"},
                       {"machine", {{"os_name", "Debian"}, {"os_version", "12"}}}};
    left = 1;
    sender.start({signedRequest(agent, target.origin.authority, "POST", "/agent/v1/enroll", dumpJson(wish))});
    reactor.runUntil([&] { return left == 0; });
    const Json answer = parseJson(sender.last().body).value();
    agent.id = answer.at("agent_id");
    agent.authorization = "Bearer " + answer.at("access_token").get<std::string>();
  }
}

std::vector<std::unique_ptr<Sender>> connect(swarm::Reactor& reactor, const swarm::Target& target,
                                             std::size_t& left) {
  std::vector<std::unique_ptr<Sender>> senders;
  for (std::size_t i = 0; i < kConnections; ++i)
    senders.push_back(std::make_unique<Sender>(reactor, target, left));
  return senders;
}

// Microseconds of one request, all connections together.
double round(swarm::Reactor& reactor, std::vector<std::unique_ptr<Sender>>& senders, std::size_t& left,
             const std::vector<Agent>& agents, const std::string& authority) {
  std::vector<std::vector<std::string>> requests(senders.size());
  for (std::size_t i = 0; i < senders.size(); ++i)
    for (std::size_t n = 0; n < kRequests; ++n)
      requests[i].push_back(signedRequest(agents[i], authority, "POST", "/agent/v1/commands/fetch", "{}"));
  left = senders.size() * kRequests;
  const std::int64_t began = monotonicNow();
  for (std::size_t i = 0; i < senders.size(); ++i)
    senders[i]->start(std::move(requests[i]));
  reactor.runUntil([&] { return left == 0; });
  return static_cast<double>(monotonicNow() - began) / 1e3 / static_cast<double>(senders.size() * kRequests);
}

// Of the round that is over, milliseconds.
double slowestOfHundred(const std::vector<std::unique_ptr<Sender>>& senders) {
  std::vector<std::int64_t> all;
  for (const auto& sender : senders)
    all.insert(all.end(), sender->tookNs().begin(), sender->tookNs().end());
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 99 / 100);
  std::nth_element(all.begin(), at, all.end());
  return static_cast<double>(*at) / 1e6;
}

double residentKib(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/status");
  double kib = 0;
  for (std::string word; in >> word;)
    if (word == "VmRSS:") in >> kib;
  if (kib == 0) throw std::runtime_error("no such process: " + pid);
  return kib;
}

// Of all that is sent on this machine to itself, with what TCP and IP add to it.
double loopbackBytes() {
  std::ifstream in("/proc/net/dev");
  double bytes = -1;
  for (std::string word; bytes < 0 && in >> word;)
    if (word == "lo:") in >> bytes;
  if (bytes < 0) throw std::runtime_error("/proc/net/dev: no loopback");
  return bytes;
}

// Seconds until every agent's doorbell is open, so many of them at once; they stay in `bells`.
double ringAll(swarm::Reactor& reactor, const std::vector<Agent>& agents, const swarm::Target& target,
               std::vector<std::unique_ptr<Sender>>& bells, std::size_t& left, std::size_t at_once) {
  left = 0;
  const std::int64_t began = monotonicNow();
  for (const Agent& agent : agents) {
    reactor.runUntil([&] { return left < at_once; });
    ++left;
    bells.push_back(std::make_unique<Sender>(reactor, target, left, true));
    bells.back()->start({signedRequest(agent, target.origin.authority, "GET", "/agent/v1/doorbell", "")});
  }
  reactor.runUntil([&] { return left == 0; });
  return static_cast<double>(monotonicNow() - began) / 1e9;
}

void wait(swarm::Reactor& reactor, std::int64_t ns) {
  const std::int64_t end = monotonicNow() + ns;
  reactor.runUntil([&] { return monotonicNow() > end; });
}

Json measure(const std::string& data, const std::string& bundle_file, const std::string& pid,
             std::size_t count, int rounds) {
  const Peer peer = startPeer(data + "/tls");
  std::ifstream in(bundle_file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto bundle = protocol::decodeBundle(text).value();
  const auto origin = swarm::parseOrigin(bundle.urls.front()).value();
  const auto trust = swarm::Trust::make(bundle.authorities, origin).value();
  const auto target = swarm::Target::resolve(origin, trust).value();
  swarm::Origin bare_origin = origin;
  bare_origin.port = peer.port;
  const auto bare = swarm::Target::resolve(bare_origin, trust).value();
  std::vector<Agent> agents(count);
  enrol(agents, target, bundle.token);

  Json out = {{"agents", count},
              {"check_in_us", Json::array()},
              {"check_in_p99_ms", Json::array()},
              {"bare_us", Json::array()}};
  {
    swarm::Reactor reactor;
    std::size_t left = 0;
    auto ours = connect(reactor, target, left);
    auto theirs = connect(reactor, bare, left);
    for (int i = -1; i < rounds; ++i) {  // the first is not counted
      const double own = round(reactor, ours, left, agents, origin.authority);
      const double own_p99_ms = slowestOfHundred(ours);
      const double other = round(reactor, theirs, left, agents, origin.authority);
      if (i < 0) continue;
      out["check_in_us"].push_back(own);
      out["check_in_p99_ms"].push_back(own_p99_ms);
      out["bare_us"].push_back(other);
    }
  }
  endPeer(peer);

  swarm::Reactor reactor;
  std::size_t left = 0;
  std::vector<std::unique_ptr<Sender>> bells;
  // What enrolment and check-ins took is given back first: doorbells that live in it would cost nothing.
  wait(reactor, kSettleNs);
  const double before = residentKib(pid);
  const auto each = [&] { return (residentKib(pid) - before) / static_cast<double>(count); };
  ringAll(reactor, agents, target, bells, left, kConnections);
  out["agent_kib"] = each();
  bells.clear();
  out["storm_s"] = ringAll(reactor, agents, target, bells, left, count);
  const double sent = loopbackBytes();
  wait(reactor, kSettleNs);
  out["agent_after_storm_kib"] = each();
  // All doorbells are equally old: in this time each is heard of once, as in a minute.
  out["agent_wire_bytes"] = (loopbackBytes() - sent) / static_cast<double>(count);
  return out;
}

}  // namespace
}  // namespace redflag::bench

int main(int argc, char** argv) {
  using namespace redflag;
  if (argc != 6 || !initCrypto()) return 2;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  try {
    const auto agents = static_cast<std::size_t>(std::atoi(argv[4]));
    std::cout << dumpJson(bench::measure(argv[1], argv[2], argv[3], agents, std::atoi(argv[5]))) << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
