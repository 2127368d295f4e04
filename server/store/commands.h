#pragma once
// Commands, the approvals behind them, their log and their transitions.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/agents.h"
#include "store/command_life.h"
#include "store/page.h"
#include "store/updates.h"

namespace redflag::store {

struct Command {
  std::string id;
  std::string client_id;
  std::string site_id;  // where its agent is now; not read by addAll()
  std::string agent_id;
  std::string hostname;
  std::string type;
  std::string title;
  CommandState state = CommandState::kQueued;
  std::int64_t state_since = 0;
  std::int64_t created_at = 0;
  std::string actor;
  std::int64_t not_before = 0;
  std::int64_t expires_at = 0;
  std::int64_t timeout_ns = 0;    // silence longer than this, once accepted: lost
  std::string parameters = "{}";  // one JSON object
  std::string actions = "[]";     // [{"plugin","action","parameters"}], as the type planned them
  std::string plan;               // one JSON object, or ""
  std::string plan_hash;          // hexadecimal, or ""
  std::string extras = "[]";      // steps no approval covers
  std::string held;               // {"type","parameters"} that waits for a person, or ""
  std::string results;            // one JSON list, or ""
  Reason reason;
  std::string dedup_key;
  std::string approval_id;
  std::string parent_id;
  std::string retry_of;
  std::int64_t attempt = 1;
  std::optional<std::int64_t> percent;
  std::string progress;
  std::int64_t reported_at = 0;
  std::int64_t settle_tries = 0;
  std::string run_id;       // of a schedule
  std::string order_id;     // what was ordered together has the same; "" for what follows by itself
  std::string risk;         // of what a person ordered: the class that policies speak of, or ""
  std::string author_id;    // the account that answers for it, or "" for the server's own
  std::string approved_by;  // the second person, or ""
  // What holds it to maintenance windows (services/window_gate.h).
  std::string window;            // of its place, in words: the one it waits for or is good in; "": none
  std::int64_t valid_until = 0;  // where no window shortens or puts off that; addAll() takes expires_at for 0
  std::int64_t gives_up_at = 0;  // waits for no window after it; addAll() takes expires_at for 0
  std::int64_t windows_missed = 0;
  std::string outside_reason;  // why a person ordered it outside of any window, or ""
  bool cancel_asked = false;   // its agent has it, and is asked to stop it and has not answered; only read
};

// How often, and when again, what gets an order ready is ordered after it failed.
struct PreparationTries {
  std::int64_t most = 0;
  std::int64_t failed_before = 0;  // tried again when it failed, or expired, before
};

// The order behind which a list of those that wait goes on.
struct WaitingAfter {
  std::int64_t not_before = 0;
  std::string id;
};

// Orders that wait for the same opening at one site.
struct WindowWait {
  std::string client_id;
  std::string site_id;
  std::string site_name;
  std::string window;
  std::int64_t opens_at = 0;
  std::int64_t closes_at = 0;
  std::int64_t agents = 0;
  std::string agent_id;  // one of them
};

// What was ordered together and waits for a second person, as far as its reader sees it.
struct HeldOrder {
  std::string id;
  std::string type;
  std::string title;
  std::string risk;
  std::string actor;
  std::string author_id;
  std::int64_t created_at = 0;
  std::int64_t expires_at = 0;
  std::int64_t agents = 0;
  std::int64_t clients = 0;
  std::string parameters;                                        // one JSON object; "" where they differ
  std::vector<std::string> updates;                              // "name version", some of them
  std::string outside_reason = {};                               // why outside of maintenance windows, or ""
  std::vector<std::pair<std::string, std::string>> places = {};  // client and site of its machines, each once
};

struct CommandFilter {
  std::string agent_id;
  std::string type;
  std::string order_id;
  std::vector<CommandState> states;  // empty: all
  std::string run_id = {};           // of a schedule; "" for all
};

struct Transition {
  std::string from;  // "" for the first
  std::string to;
  std::int64_t at = 0;
  std::string actor;
  Reason reason;
};

struct LogLine {
  std::int64_t seq = 0;
  std::int64_t at = 0;
  std::string text;
};

struct ApprovedUpdate {
  std::string update_id;
  std::string manager;
  std::string key;
  std::string name;
  std::string arch;
  std::string version;
};

struct Approval {
  AgentKey agent;
  ApprovedUpdate update;
};

struct NewCommand {
  Command command;
  std::vector<std::string> update_ids;  // that it is about
};

struct PlanFindings {
  std::string plan;
  std::string plan_hash;
  std::string extras;
  std::string held;
};

// A change of a command's state, as it is logged and counted.
struct CommandStep {
  std::int64_t at = 0;
  std::string command_id;
  std::string agent_id;
  std::string type;
  std::string from;
  std::string to;
  std::string actor;
  std::string code;
};

class Commands {
 public:
  virtual ~Commands() = default;

  virtual Page<Command> list(const CommandFilter& filter, const http::Visible& visible,
                             const PageRequest& page) const = 0;
  virtual std::optional<Command> find(const std::string& command_id, const http::Visible& visible) const = 0;
  // Of each, in their order, what find() answers.
  virtual std::vector<std::optional<Command>> findAll(const std::vector<std::string>& command_ids,
                                                      const http::Visible& visible) const = 0;
  virtual std::vector<Transition> transitions(const Command& command) const = 0;
  // The newest lines, oldest of them first.
  virtual std::vector<LogLine> log(const Command& command, std::size_t limit) const = 0;

  // Of each the id: its own, or that of the one under way whose dedup_key is the same; then nothing is
  // stored.
  virtual std::vector<std::string> addAll(const std::vector<NewCommand>& commands) = 0;
  std::string add(const Command& command, const std::vector<std::string>& update_ids) {
    return addAll({{command, update_ids}}).front();
  }
  // Of each: nullopt, and nothing changed, when the event must not happen in the state it is in. Otherwise
  // the state after it; a change is recorded, and one into a finished state waits for settling; one out of it
  // waits no longer. No command twice.
  virtual std::vector<std::optional<CommandState>> advanceAll(std::span<const Command> commands,
                                                              CommandEvent event, const std::string& actor,
                                                              const Reason& reason, std::int64_t now) = 0;
  std::optional<CommandState> advance(const Command& command, CommandEvent event, const std::string& actor,
                                      const Reason& reason, std::int64_t now) {
    return advanceAll({&command, 1}, event, actor, reason, now).front();
  }
  virtual void setResults(const Command& command, const std::string& results) = 0;
  virtual void setPlan(const Command& command, const PlanFindings& findings) = 0;
  virtual void setProgress(const Command& command, std::optional<std::int64_t> percent,
                           const std::string& progress, std::int64_t now) = 0;
  // Answers the lines as stored; past `limit` lines of a command the rest is dropped.
  virtual std::vector<LogLine> addLog(const Command& command, const std::vector<LogLine>& lines,
                                      std::size_t limit) = 0;

  // Due, not expired, and not accepted yet; oldest first. One that was handed out for a window, and that its
  // agent has said nothing about since, comes again also after it: the agent then says what became of it.
  virtual std::vector<Command> fetchable(const AgentKey& agent, std::int64_t now,
                                         std::size_t limit) const = 0;
  virtual std::vector<Command> due(std::int64_t now,
                                   std::size_t limit) const = 0;  // scheduled whose time has come
  virtual std::vector<Command> overdue(
      std::int64_t now,
      std::size_t limit) const = 0;  // expired, not accepted, not coming again
  virtual std::vector<Command> silent(std::int64_t now,
                                      std::size_t limit) const = 0;  // accepted or running, no word
  virtual std::vector<Command> lostSince(std::int64_t before, std::size_t limit) const = 0;

  // Orders that wait for a second person, oldest first, and the commands of one of them that still do.
  virtual Page<HeldOrder> heldOrders(const http::Visible& visible, const PageRequest& page) const = 0;
  virtual std::vector<Command> heldOf(const std::string& order_id, const http::Visible& visible) const = 0;
  // Agents that this account gave orders of this risk since then, without a second person.
  virtual std::set<std::string> orderedAlone(const std::string& author_id, const std::string& risk,
                                             std::int64_t since) const = 0;
  // After a second person has approved them.
  virtual void setApproved(std::span<const Command> commands, const std::string& approved_by) = 0;

  // not_before, expires_at and everything about windows, as they stand here. Never of one that an agent was
  // handed: what was signed stays.
  virtual void setTiming(std::span<const Command> commands) = 0;
  // Those of a client that are scheduled or queued, after this id, by their ids.
  virtual std::vector<Command> waitingOf(const std::string& client_id, const std::string& after_id,
                                         std::size_t limit) const = 0;
  // Soonest first: openings until then for which orders are scheduled.
  virtual std::vector<WindowWait> windowWaits(std::int64_t until, const http::Visible& visible) const = 0;

  // Orders of `type` on machines that may be changed, which wait for a window that opens after `ahead_of` and
  // for which none of `prepared_by` is under way or has ended well; soonest first, and those behind `after`.
  virtual std::vector<Command> unprepared(const std::string& type, const std::string& prepared_by,
                                          std::int64_t ahead_of, const PreparationTries& tries,
                                          const WaitingAfter& after, std::size_t limit) const = 0;
  // What was ordered to get this one ready, the newest.
  virtual std::optional<Command> preparationOf(const Command& command,
                                               const std::string& prepared_by) const = 0;

  // How many are awaiting approval, scheduled, queued, delivered, accepted and running, by the state's name.
  virtual std::map<std::string, std::int64_t> underWay() const = 0;

  // Finished commands whose effects were not carried out yet, oldest first.
  virtual std::vector<Command> unsettled(std::size_t limit) const = 0;
  // False when somebody else has settled it, or a late word has led it elsewhere than it stands here: the
  // caller's transaction must do nothing then.
  virtual bool settle(const Command& command) = 0;
  virtual void settleFailed(const Command& command) = 0;  // one more try was in vain

  virtual void addApprovals(const std::string& approval_id, const std::vector<Approval>& approvals,
                            const std::string& actor, std::int64_t now) = 0;
  // What approvals bind on this agent and is still to be installed.
  virtual std::vector<ApprovedUpdate> approved(const AgentKey& agent,
                                               const std::string& approval_id) const = 0;

  // Forgets commands that ended and were made before, with all that hangs on them, and approvals whose update
  // is forgotten. At most `limit` of each; true: there may be more.
  virtual bool prune(std::int64_t before, int limit) = 0;

  // What this transaction has changed so far, the oldest first.
  virtual const std::vector<CommandStep>& steps() const = 0;
};

}  // namespace redflag::store
