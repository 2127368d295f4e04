#pragma once
// Clients, their sites, and the agents: who they are, what they last said of themselves, how they enrolled.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "http/grants.h"
#include "store/page.h"

namespace redflag::store {

struct Named {
  std::string id;
  std::string name;
};

// A site.
struct Place {
  std::string id;
  std::string name;
  std::int64_t agents = 0;
  std::string time_zone = "UTC";  // whose clocks its machines go by; an IANA name
};

struct Client {
  std::string id;
  std::string name;
  std::vector<Place> sites;
};

// What keeps a client or a site from being removed.
struct PlaceContents {
  std::int64_t sites = 0;
  std::int64_t agents = 0;
  std::int64_t tokens = 0;  // for enrolment, that are still good
  std::int64_t grants = 0;
  std::int64_t schedules = 0;
};

// How contact is judged: connected means an open doorbell, or a request within `silent_after_ns`.
struct Contact {
  std::int64_t now = 0;
  std::int64_t silent_after_ns = 0;
};

struct UpdateCounts {
  std::int64_t available = 0;    // every open update
  std::int64_t installable = 0;  // of these, not blocked
  std::int64_t security = 0;     // of the available ones, security updates
  std::int64_t ignored = 0;      // none of the available ones
};

struct LastScan {
  std::int64_t at = 0;
  std::string plugin;
  std::string status;
  bool complete = false;
};

// Whether an agent is who it says, as far as this server can tell. Only an active one gets orders.
struct Standing {
  std::string state = "active";  // active | pending | cloned | restored | revoked
  std::string reason;            // for people
  std::int64_t since = 0;
  std::string line;         // of state documents, the newest one; "" when it never had one
  std::int64_t number = 0;  // of that line's newest document
};

// A line of state documents: each builds on the answer to the one before. A machine continues one line; two
// lines of one agent mean that its state was restored or copied.
struct Line {
  std::string id;
  std::int64_t number = 0;  // of the newest document; 0 after the enrolment
  std::string document_hash;
  std::string token_hash;   // of the refresh token that was last handed out
  std::string before_hash;  // of the one that the newest document came with
  std::string boot_id;
  std::string machine;  // machineHash() of sdk/protocol/state_document.h
  std::string peer;     // address
  std::int64_t began_at = 0;
  std::int64_t seen_at = 0;
  std::int64_t expires_at = 0;  // of the refresh token
  std::int64_t ended_at = 0;    // another line was accepted instead; 0: it was not
  bool may_be_ahead = false;    // the server was restored from a backup, and knows what was revoked since
};

struct Agent {
  std::string id;
  std::string hostname;
  Named client;
  Named site;
  std::string os_name;
  std::string os_version;
  std::string agent_version;
  std::string platform;
  std::string kernel;
  std::string boot_id;
  std::string mode;          // report | act
  std::string isolation;     // weak | full
  std::string config_state;  // ok | invalid
  std::string config_text;
  std::string connection;         // connected | silent | never
  std::int64_t last_seen_at = 0;  // 0: never
  std::int64_t enrolled_at = 0;
  Standing standing;
  UpdateCounts updates;
  std::int64_t breakers_open = 0;
  std::optional<LastScan> last_scan;
};

// Within how many days a disk must be full, by its forecast, to count as filling. Forecasts look back on two
// weeks at most (plugins/storage/growth.h): further ahead than that they guess.
constexpr int kDiskFillingDays = 14;
// Whether a forecast counts, for this list and for a machine's charts (server/web/src/format/series.ts): it
// came with what was measured last of its own volume (one that stopped to grow is measured without a
// forecast, and the last one stays where it was); that was at most so many days before the machine's newest
// measurement of any volume (one that is gone is measured no more; one that hangs, or is looked at less often
// than others, is not gone); and it is younger than kDiskFillingDays (no machine that fell silent is forecast
// for longer than a forecast looks ahead).
constexpr int kForecastBehindDays = 2;

struct AgentFilter {
  std::string search;      // in the hostname; "" for all
  std::string client_id;   // "" for all
  std::string site_id;     // "" for all
  std::string connection;  // "", or as in Agent
  std::string identity;  // "": all but revoked; a state of Standing; needs_a_look: pending, cloned, restored
  bool breaker_open = false;
  bool disk_filling = false;    // by a forecast that counts: kForecastBehindDays
  bool reboot_pending = false;  // by the newest word of a plugin
  bool config_invalid = false;
  bool weakly_isolated = false;
  bool weakly_bound = false;
  std::string sort = "hostname";  // hostname | last_seen | updates | enrolled, with a leading - downwards
};

struct Breaker {
  std::string plugin;
  std::string interface_id;
  std::string plugin_version;
  std::string state = "closed";  // closed | open | half_open
  std::int64_t since = 0;
  std::int64_t open_until = 0;
  std::string failure_class;
  std::string code;
  std::string text;
};

struct AgentPlugin {
  std::string id;
  std::string name;
  std::string version;
  std::vector<std::string> interfaces;
  std::string state = "ok";  // ok | refused | not_applicable
  std::string text;
};

// Of what it said last of itself.
struct LastStatus {
  std::string config_state;  // ok | invalid
  std::string boot_id;
};

struct AgentStatus {
  std::string hostname;
  std::string agent_version;
  std::string mode;
  std::string isolation;
  std::string boot_id;
  std::string os_name;
  std::string os_version;
  std::string kernel;
  std::string config_state;
  std::string config_text;
  std::vector<AgentPlugin> plugins;
  std::vector<std::string> authorities;  // that it believes: authorityMark()
  std::string binding;                   // of its key: weak | machine; "": it does not say
};

// A machine as whoever plans an order for it knows it.
struct Recipient {
  std::string client_id;
  std::string site_id;
  std::string hostname;
  std::string mode;
  std::vector<std::string> plugins;  // those that are in order there, by their ids
};

struct AgentKey {
  std::string agent_id;
  std::string client_id;
  std::string site_id;
  std::string public_key;
  Standing standing = {};          // since and reason only where somebody asked for them: Agents::standing()
  std::string old_key = {};        // handed over to the present one; "": never
  std::int64_t old_key_until = 0;  // until when it opens as much as the present one
};

struct NewAgent {
  std::string public_key;  // 32 raw bytes
  std::string hostname;
  std::string mode;
  std::string agent_version;
  std::string platform;
  std::string os_name;
  std::string os_version;
};

struct EnrolmentToken {
  std::string id;
  std::string client_id;
  std::string site_id;
  std::int64_t seats = 0;
  std::int64_t seats_used = 0;
  std::int64_t created_at = 0;
  std::string created_by;
  std::int64_t expires_at = 0;
  bool revoked = false;
  std::string accept = "auto";  // auto | manual: who enrols with it waits until a person has looked
  std::string minter_id = {};   // the account that made it; "": the server's console
  std::string rebinds = {};     // the agent that gets a new key by it; "": new agents join
};

enum class EnrolmentOutcome {
  kEnrolled,
  kKnown,    // the key asks again with the token it came with
  kAgain,    // a key that is known took a seat of another token: it begins anew
  kRebound,  // the key is from now on that of the agent for which the token was made
  kUnknownToken,
  kExpired,
  kRevoked,
  kMinterEnded,  // whoever made it is gone, or administers its site no more
  kSeatsExhausted,
  kAgentRevoked,
  kOtherClient,  // the key is an agent's of another client
};

struct Enrolled {
  EnrolmentOutcome outcome = EnrolmentOutcome::kUnknownToken;
  AgentKey agent;         // of kEnrolled, kKnown, kAgain and kRebound
  std::string client_id;  // of the token, when there is one: where the refusal is recorded
  std::string accept;     // of the token
  std::string token_id = {};
  std::int64_t seats_used = 0;  // of the token, by now; of kEnrolled, kAgain and kRebound
};

struct AgentTotals {
  std::int64_t total = 0;
  std::int64_t connected = 0;
  std::int64_t silent = 0;
  std::int64_t never = 0;
  std::int64_t config_invalid = 0;
  std::int64_t breakers_open = 0;  // breakers, not agents; none of revoked ones
  std::int64_t pending = 0;
  std::int64_t cloned = 0;
  std::int64_t restored = 0;
  std::int64_t weakly_isolated = 0;  // on which a wall around plugins is missing
  std::int64_t weakly_bound = 0;     // whose key a copied disk carries along
};

// How many of the active agents that were seen lately believe an authority.
struct AuthorityReach {
  std::int64_t seen = 0;
  std::int64_t believe = 0;
  std::vector<std::string> others = {};  // hostnames of some that do not, the longest silent first
};

struct AgentOfClient {
  std::string agent_id;
  std::string client_id;
};

// A server at work on the database: an id of its own since its start, and when it was renewed last.
struct LivingServer {
  std::string server_id;
  std::int64_t renewed_at = 0;
};

class Agents {
 public:
  virtual ~Agents() = default;

  // Only the sites that are visible, and clients with one of them or visible as a whole.
  virtual std::vector<Client> clients(const http::Visible& visible) const = 0;
  virtual void addClient(const Client& client, std::int64_t now) = 0;
  virtual void addSite(const std::string& client_id, const Place& site, std::int64_t now) = 0;
  virtual void renameClient(const std::string& client_id, const std::string& name) = 0;
  virtual void renameSite(const std::string& site_id, const std::string& name) = 0;
  virtual void setTimeZone(const std::string& site_id, const std::string& time_zone) = 0;
  // Of a client, or of one of its sites.
  virtual PlaceContents contents(const std::string& client_id, const std::string& site_id,
                                 std::int64_t now) const = 0;
  // Only empty ones; enrolment tokens that are not good any more go with them.
  virtual void removeClient(const std::string& client_id) = 0;
  virtual void removeSite(const std::string& client_id, const std::string& site_id) = 0;
  virtual void move(const AgentKey& agent, const std::string& site_id) = 0;  // of the same client

  virtual Page<Agent> list(const AgentFilter& filter, const http::Visible& visible, const Contact& contact,
                           const PageRequest& page) const = 0;
  // The total of list().
  virtual std::int64_t count(const AgentFilter& filter, const http::Visible& visible,
                             const Contact& contact) const = 0;
  virtual std::optional<Agent> find(const std::string& agent_id, const http::Visible& visible,
                                    const Contact& contact) const = 0;
  // For the server's own work: people's routes ask find(), which knows what they may see.
  virtual std::optional<AgentKey> key(const std::string& agent_id) const = 0;
  // By agent id; without those that are not there.
  virtual std::map<std::string, AgentKey> keys(const std::set<std::string>& agent_ids) const = 0;
  virtual LastStatus lastStatus(const AgentKey& agent) const = 0;  // of one that is there
  virtual std::vector<AgentPlugin> plugins(const AgentKey& agent) const = 0;
  // By agent id; without those that are not there or not visible.
  virtual std::map<std::string, Recipient> recipients(const std::set<std::string>& agent_ids,
                                                      const http::Visible& visible) const = 0;
  virtual std::vector<Breaker> breakers(const AgentKey& agent) const = 0;
  virtual Standing standing(const AgentKey& agent) const = 0;  // of one that is there
  // The oldest first; those that have ended, by themselves.
  virtual std::vector<Line> lines(const AgentKey& agent) const = 0;
  virtual std::vector<Line> endedLines(const AgentKey& agent) const = 0;
  virtual AgentTotals totals(const http::Visible& visible, const Contact& contact) const = 0;

  // One seat of the token, or the answer a known key got before. Two that race for the last seat: one gets
  // it. A token that re-binds gives its agent this key; the old one is nobody's from then on.
  virtual Enrolled enrol(const NewAgent& agent, const std::string& token_secret_hash, std::int64_t now) = 0;
  virtual void addToken(const EnrolmentToken& token, const std::string& secret_hash) = 0;
  virtual std::vector<EnrolmentToken> tokens(const http::Visible& visible) const = 0;
  virtual std::optional<EnrolmentToken> token(const std::string& token_id,
                                              const http::Visible& visible) const = 0;
  // Forgets tokens, with the seats that were taken, that expired before; the agents stay. At most `limit`;
  // true: there may be more.
  virtual bool pruneTokens(std::int64_t before, int limit) = 0;
  virtual void revokeToken(const std::string& token_id, std::int64_t now) = 0;
  virtual void revokeAllTokens(std::int64_t now) = 0;

  // What agents of any server on this database handed back of the trust repository (trust/set_back.h); "":
  // they have not.
  virtual std::string handedTrust() const = 0;
  virtual void setHandedTrust(const std::string& mark) = 0;

  // Every token that would still give this agent a new key.
  virtual void revokeRebinds(const std::string& agent_id, std::int64_t now) = 0;

  virtual void setStanding(const AgentKey& agent, const Standing& standing) = 0;
  // The one before opens nothing from then on.
  virtual void setKey(const AgentKey& agent, const std::string& public_key) = 0;
  // `agent` has its present key. That one opens as much as the new one until then.
  virtual void handOverKey(const AgentKey& agent, const std::string& public_key, std::int64_t until) = 0;
  // Whoever holds `agent.public_key` has used it: if it is the present one, the one before is over.
  virtual void endOldKey(const AgentKey& agent) = 0;
  // After a restore: every active agent is "restored" until a person has looked.
  virtual void holdActive(const std::string& reason, std::int64_t now) = 0;
  // After a restore: that an agent is further than its line here is no surprise, once.
  virtual void expectAhead() = 0;
  virtual void putLine(const AgentKey& agent, const Line& line) = 0;
  // All of the agent's but this one end. Ended ones whose refresh token has expired are forgotten.
  virtual void endLines(const AgentKey& agent, const std::string& but, std::int64_t now) = 0;
  virtual void removeLines(const AgentKey& agent) = 0;  // ended ones, too

  virtual void setStatus(const AgentKey& agent, const AgentStatus& status) = 0;
  virtual AuthorityReach authorityReach(const std::string& authority_mark, std::int64_t seen_since) const = 0;
  virtual void setBreaker(const AgentKey& agent, const Breaker& breaker) = 0;
  // Keeps `keep` of the agent's, the newest of those that are not closed before the newest of the others.
  virtual void trimBreakers(const AgentKey& agent, std::int64_t keep) = 0;
  virtual void touch(const AgentKey& agent, std::int64_t now) = 0;
  // The same of many by their ids; those that there are not are passed over.
  virtual void touchAll(const std::vector<std::string>& agent_ids, std::int64_t now) = 0;
  // Of the doorbells that these agents have at that server, a LivingServer. Whose it changed: not that of an
  // agent that there is not, nor one that is to be taken down and is at another server by now.
  virtual std::vector<AgentOfClient> setDoorbells(const std::vector<std::string>& agent_ids,
                                                  const std::string& server_id, bool connected,
                                                  std::int64_t now) = 0;
  // Whom a clock that was ahead saw at a time still to come was seen by now at the latest; a silence that was
  // told of stays told.
  virtual void seenByNow(std::int64_t now) = 0;
  // Ids of those without a doorbell at any server.
  virtual std::set<std::string> withoutDoorbell() const = 0;

  virtual std::vector<LivingServer> servers() const = 0;
  // False: it was not there, and agents may count as without the doorbells that it holds.
  virtual bool renewServer(const LivingServer& server) = 0;
  // What it held is nobody's; its agents were seen until it was renewed last. Nothing where it was since.
  virtual void forgetServer(const LivingServer& server) = 0;
  // The doorbells of servers that are not there.
  virtual void clearStrayDoorbells() = 0;

  // Whether any has no doorbell, was seen last until `until`, and nobody was told of that silence.
  virtual bool hasUntoldSilence(std::int64_t until) const = 0;
  // Those, at most `limit`, as told: of several servers one gets each.
  virtual std::vector<AgentKey> takeUntoldSilence(std::int64_t until, int limit) = 0;
};

}  // namespace redflag::store
