#pragma once
// What happened: for people (history), and for whoever listens (the outbox, written with the change it tells
// of).

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "http/events.h"
#include "http/grants.h"
#include "store/page.h"

namespace redflag::store {

struct HistoryEntry {
  std::int64_t seq = 0;  // per agent
  std::int64_t at = 0;
  // enrolment | scan | update | command | breaker | agent | trust | security | keys | people | audit
  std::string subsystem;
  std::string actor;  // a username, "agent", or "server"
  std::string kind;   // stable: "scan.merged"
  std::string text;
  std::string code;
  std::string severity = "info";  // info | warning | error
  std::string command_id;
  std::string scan_id;
  // Of the audit log alone (audit.h). Inside a request where it comes from is known anyway.
  std::int64_t times = 1;
  std::string peer;
  std::string request_id;
};

class Events {
 public:
  virtual ~Events() = default;

  // `agent_id` may be "": something that happened to the client; `client_id` too: to the server itself. What
  // people do, and everything of enrolment, security, trust, keys and people, is in the audit log as well; a
  // warning or an error of an agent is counted among its errors. Written when the transaction commits.
  virtual void record(const std::string& client_id, const std::string& agent_id,
                      const HistoryEntry& entry) = 0;
  virtual Page<HistoryEntry> history(const std::string& client_id, const std::string& agent_id,
                                     const PageRequest& page) const = 0;  // newest first
  virtual std::int64_t countSince(const std::string& kind, std::int64_t since,
                                  const http::Visible& visible) const = 0;

  // Types: agent | update | command | scan | breaker | log | refusal | people | error | schedule | window.
  // Written when the transaction commits. `client_id` may be "": then only who sees everything is told. One
  // about an agent names it in `data` as agent_id: whoever sees only some sites is told of nothing else.
  virtual void publish(const std::string& client_id, const std::string& type, const Json& data,
                       std::int64_t now) = 0;
  // Those behind `seq` up to `up_to` (Store::settledEvents, for whoever goes on from the last one).
  virtual std::vector<http::Event> after(std::int64_t seq, std::size_t limit, const http::Visible& visible,
                                         std::int64_t up_to = INT64_MAX) const = 0;
  virtual std::int64_t newest() const = 0;

  // Keeps the newest `keep` of the outbox (at least one) and the history since `before`, at most `limit` rows
  // of each; true: there may be more.
  virtual bool prune(std::int64_t keep, std::int64_t before, int limit) = 0;
};

}  // namespace redflag::store
