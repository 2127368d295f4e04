#pragma once
// The person who orders things during a run, on a thread of its own. What it asks for it asks again, with the
// same key, until there is an answer: an order is meant once.

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <thread>

#include "swarm/ledger.h"
#include "swarm/person.h"
#include "swarm/random.h"

namespace redflag::swarm {

// What the answer to a request that left then promises: `items`, commands, whose ids join `command_ids`. One
// that was promised before was under way: nobody is rung for it again, so that nobody is waited for.
void takePromises(const Json& items, std::int64_t asked_ns, std::set<std::string>& command_ids,
                  Ledger& ledger);

struct OrdersPlan {
  std::string command;        // a command type without parameters, or install_updates
  std::int64_t every_ns = 0;  // on average; 0: none
  double lost_reply = 0;      // the share of answers that never arrive
};

class Operator {
 public:
  Operator(const Target& target, const Credentials& credentials, OrdersPlan plan, std::uint64_t seed,
           Ledger& ledger)
      : person_(target, credentials), plan_(std::move(plan)), random_(seed), ledger_(ledger) {}
  ~Operator() { stop(); }

  void start();
  // Finishes what it has begun.
  void stop();

  // After stop().
  const std::set<std::string>& commandIds() const { return command_ids_; }
  std::int64_t asked() const { return asked_; }
  const std::string& error() const { return error_; }

 private:
  void run();
  void orderOnce();
  Result<> approve(const std::string& agent_id);
  Result<> order(const std::set<std::string>& agent_ids);
  Result<Json> insist(const std::string& path, const Json& body);

  Person person_;
  const OrdersPlan plan_;
  Random random_;
  Ledger& ledger_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
  std::set<std::string> command_ids_;
  std::int64_t asked_ = 0;
  std::string error_;
};

}  // namespace redflag::swarm
