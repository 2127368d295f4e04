#pragma once
// One simulated agent: enrols, keeps a doorbell open, uploads what its spool holds, carries out orders, dies
// and comes back. Threads: its reactor's.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "protocol/keys.h"
#include "swarm/connection.h"
#include "swarm/faults.h"
#include "swarm/inventory.h"
#include "swarm/orders.h"
#include "swarm/random.h"
#include "swarm/spool.h"
#include "swarm/world.h"

namespace redflag::swarm {

class SimulatedAgent {
 public:
  SimulatedAgent(const World& world, std::uint64_t seed);
  // A copy of one that is enrolled: key, identity and nothing else.
  SimulatedAgent(const World& world, std::uint64_t seed, const SimulatedAgent& original);
  ~SimulatedAgent();
  SimulatedAgent(const SimulatedAgent&) = delete;
  SimulatedAgent& operator=(const SimulatedAgent&) = delete;

  // When it comes into being.
  void startAt(std::int64_t monotonic_ns);
  // Nothing new begins, what is flapping stands still.
  void calmDown();
  // Its connections end, as those of all others do, and it comes back.
  void cut();
  // Closes its connections for good.
  void leave();

 private:
  // What a reply to each of them means is told apart by this.
  enum class Ask { kEnrol, kRenew, kFetch, kUpload };
  struct Uplink : Connection::User {
    explicit Uplink(SimulatedAgent& owner) : agent(owner) {}
    void sent(Connection&) override { agent.asked(); }
    void replied(Connection& connection, Reply& reply) override { agent.answered(connection, reply); }
    void closed(Connection&, const std::string& why) override { agent.uplinkClosed(why); }
    SimulatedAgent& agent;
  };
  struct Doorbell : Connection::User {
    explicit Doorbell(SimulatedAgent& owner) : agent(owner) {}
    void replied(Connection&, Reply& reply) override { agent.doorbellAnswered(reply); }
    void lines(Connection&, std::vector<std::string>& lines) override { agent.heard(lines); }
    void closed(Connection&, const std::string& why) override { agent.doorbellClosed(why); }
    SimulatedAgent& agent;
  };

  bool enrolled() const { return !agent_id_.empty(); }
  bool calm() const { return world_.progress.calm; }
  std::int64_t localNow() const;  // ns, by its own clock

  // agent.cpp: life and death
  void boot();
  bool mayDie();
  void die();
  void flap();
  void schedule();
  void scanNow();
  void packagesNow();
  bool put(SpoolItem item);  // false: it is there already

  // uplink.cpp: one request after the other
  void pump();
  void ask(Ask what, const std::string& target, std::string body, const char* encoding);
  std::string signedRequest(const char* method, const std::string& target, const std::string& body,
                            const char* encoding);
  void asked();
  void answered(Connection& connection, Reply& reply);
  void uplinkClosed(const std::string& why);
  void failed(const Reply& reply = {});  // none: there was no answer, or none to make anything of
  void askEnrol();
  void askRenew();
  void askFetch();
  void askUpload();
  void takeEnrolment(const Json& answer);
  void takeTokens(const Json& answer);
  void takeUpload(const Json& answer);
  void delivered(const SpoolItem& item);
  void wantFetch();
  void fetched();
  bool mended(const Reply& reply);

  // doorbell.cpp
  void openDoorbell();
  void doorbellAnswered(Reply& reply);
  void heard(const std::vector<std::string>& lines);
  void doorbellClosed(const std::string& why);
  void comeBackIn(std::int64_t ns);

  // agent_orders.cpp
  void takeOrders(const Json& answer);
  void takeOrder(const Json& transport);
  void refuse(const Refusal& refusal);
  void accept(Judgement& judgement);
  void begin(const std::string& command_id);
  void finish(const std::string& command_id);
  void tellAccepted(const std::string& command_id, const JournaledOrder& order);
  void tellOutcome(const std::string& command_id, JournaledOrder& order);
  bool report(const std::string& item_id, const std::string& command_id, const std::string& state, Json more);

  const World world_;
  Random random_;
  const Ailments ailments_;
  const Machine machine_;
  const bool clone_;
  std::unique_ptr<SimulatedAgent> copy_;

  // What is on its disk.
  protocol::SigningKey key_;
  std::string agent_id_;
  std::string client_id_;
  std::int64_t number_ = 0;  // of the newest state document that was answered
  std::string refresh_token_;
  Json pending_;  // the state document that is not answered yet
  Spool spool_;
  Journal journal_;
  std::uint64_t revision_ = 0;
  std::map<std::string, std::string> installed_;  // by orders

  // What dies with it.
  Uplink uplink_user_{*this};
  Doorbell doorbell_user_{*this};
  std::unique_ptr<Connection> uplink_;
  std::unique_ptr<Connection> doorbell_;
  std::string boot_id_;
  bool alive_ = false;
  bool offline_ = false;
  bool left_ = false;
  std::optional<Ask> asking_;
  std::string authorization_;
  std::int64_t renew_at_ns_ = 0;
  std::string operation_;  // of the statistics
  bool signed_again_ = false;
  bool lose_reply_ = false;
  bool new_connection_ = false;
  bool fetch_wanted_ = false;
  bool fetch_again_ = false;   // rung while an answer was on its way
  std::int64_t offset_s_ = 0;  // of the server's clock to its own
  std::int64_t may_try_ns_ = 0;
  std::int64_t asked_ns_ = 0;  // not before this, as the server said; 0: it said nothing
  int failures_ = 0;
  int doorbell_failures_ = 0;
  bool doorbell_open_ = false;
  std::int64_t doorbell_opened_ns_ = 0;
  std::int64_t doorbell_after_ns_ = 0;
  std::string event_;
  Reactor::TimerId try_timer_{};
  Reactor::TimerId doorbell_timer_{};
  Reactor::TimerId scan_timer_{};
  Reactor::TimerId check_in_timer_{};
  Reactor::TimerId life_timer_{};
  Reactor::TimerId flap_timer_{};
  std::map<std::string, Reactor::TimerId> running_;
};

// Exponential with full jitter from one second, as an agent's, but no longer than fifteen; where it was put
// off up to a minute, as an agent's.
std::int64_t backoffNs(int failures, Random& random, bool put_off = false);

}  // namespace redflag::swarm
