#pragma once
// Updates: one row for each version a manager ever offered on an agent, open or closed.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/agents.h"
#include "store/page.h"
#include "store/update_life.h"

namespace redflag::store {

// What a scanner said: update/1 of the record kinds.
struct UpdateRecord {
  std::string manager;
  std::string key;
  std::string name;
  std::string arch;
  std::string candidate_version;
  std::string installed_version;
  std::string channel;
  std::string source_package;
  std::string origin;
  std::string category = "unknown";
  std::string severity = "unknown";
  std::string blocked_by;
  std::string superseded_by;
  std::vector<std::string> advisories;
  std::vector<std::string> cves;
  std::int64_t published_at = 0;
  std::optional<std::int64_t> download_bytes;
  std::optional<std::int64_t> installed_bytes;
  std::optional<bool> needs_reboot;
};

// A row as a merge needs it: what it is and where it stands.
struct KnownUpdate {
  std::string id;
  std::string scope;
  std::string manager;
  std::string key;
  std::string name;
  std::string arch;
  std::string candidate_version;
  std::string installed_version;
  std::string digest;  // of the record
  bool listed = false;
  UpdateState state = UpdateState::kAvailable;
  std::string command_id;
  std::string install_boot_id;
  bool reboot_required = false;
  std::optional<bool> needs_reboot;
  std::string ignored_by;  // the rule's id; "" unless it is ignored
  std::string proof;  // what a verify scan saw while the result was still to come: "", "gone" or "listed"
  std::string proof_scan_id;  // the last scan that said something like that, or judged it
};

struct Reason {
  std::string code;
  std::string text;
};

struct Update {
  std::string id;
  std::string client_id;
  std::string site_id;
  std::string agent_id;
  std::string hostname;
  std::string agent_mode;
  std::string agent_connection;
  bool has_updater = false;  // the agent has a plugin that can install what this manager offers
  UpdateRecord record;
  UpdateState state = UpdateState::kAvailable;
  std::int64_t state_since = 0;
  Reason reason;  // code "" when there is none
  std::string command_id;
  std::string command_state;  // of command_id, "" without
  std::int64_t command_not_before = 0;
  std::int64_t command_expires_at = 0;
  std::int64_t command_attempt = 0;
  std::string command_window;  // that it is held to, in words, "" without
  std::int64_t command_windows_missed = 0;
  std::string command_progress;  // while it is accepted: what it waits for, if the machine says so
  // Of what gets that command ready while it is scheduled, the newest; "": nothing does.
  std::string preparation_state;
  std::string preparation_reason;
  std::int64_t first_seen_at = 0;
  std::int64_t agent_last_seen_at = 0;
  // Of the rule that it is ignored by, "" unless it is; the rule's reason is `reason`.
  std::string ignored_by;
  std::string ignored_author;
  std::int64_t ignored_until = 0;  // 0: for good
};

// A row as decisions about many of them need it.
struct UpdateRow {
  std::string id;
  std::string client_id;
  std::string site_id;
  std::string agent_id;
  std::string hostname;
  std::string manager;
  std::string key;
  std::string name;
  std::string arch;
  std::string candidate_version;
  std::string category;
  std::string severity;
  std::int64_t published_at = 0;
  std::int64_t first_seen_at = 0;
  UpdateState state = UpdateState::kAvailable;
  std::string ignored_by;
};

// Rows are in this order; the row behind which a list of them goes on.
struct UpdateRowPlace {
  std::string client_id;
  std::string agent_id;
  std::string name;
  std::string id;
};

struct UpdateRowFilter {
  std::string client_id;  // "": of every one; so for the next two
  std::string site_id;
  std::string agent_id;
  std::string manager;
  std::string key;
  std::string version;
  std::string ignored_by;
  std::vector<UpdateState> states;  // at least one
  bool approvable = false;          // only what an approval could be carried out for: services::notApprovable
  bool taken_back = true;           // also what somebody rolled back: people decide about that
  std::int64_t seen_until = 0;      // first seen, or published, no later; 0: whenever
  UpdateRowPlace after = {};        // those behind it; as it is: all
};

struct UpdateFilter {
  std::string agent_id;
  std::string manager;
  std::string name;
  std::string arch;
  std::string version;
  std::string category;
  std::string search;               // in the name
  std::vector<UpdateState> states;  // empty: every open one, which an ignored one is not
  bool ignored_too = false;         // with no states: those that are ignored as well
  std::optional<bool> installable;  // not blocked, or blocked
  std::vector<std::string> ids;     // only these, whatever their state
  std::string command_id;           // that this command is about, whatever their state
};

struct UpdateGroupKey {
  std::string manager;
  std::string name;
  std::string arch;
  std::string candidate_version;
  auto operator<=>(const UpdateGroupKey&) const = default;
};

struct UpdateGroup {
  UpdateGroupKey key;
  std::vector<std::string> installed_versions;  // at most 20
  std::string category;
  std::string severity;
  std::string origin;
  std::int64_t agents = 0;
  std::int64_t clients = 0;
  std::int64_t installable = 0;
  std::int64_t approvable = 0;
  std::map<std::string, std::int64_t> states;
  std::int64_t first_seen_at = 0;
};

// One query a fact: these are the numbers every screen shows.
struct UpdateTotals {
  std::int64_t available = 0;  // every open update: ignored ones are not
  std::int64_t installable = 0;
  std::int64_t security = 0;
  std::map<std::string, std::int64_t> security_by_severity;
  std::map<UpdateState, std::int64_t> by_state;
};

// Extra columns of a change of state; what is not named stays.
struct UpdateChange {
  Reason reason;
  std::optional<std::string> command_id;
  std::optional<std::string> install_boot_id;
  std::optional<bool> reboot_required;
  std::optional<std::string> proof_scan_id = {};
  std::optional<std::string> proof_version = {};
  std::optional<std::string> ignored_by = {};  // of an update that is ignored from now on
};

// One change of one update's state.
struct UpdateStep {
  AgentKey agent;
  std::string update_id;
  UpdateState from = UpdateState::kAvailable;
  UpdateEvent event = UpdateEvent::kListed;
  UpdateChange change = {};
};

// What a verify scan saw of one update.
struct Proof {
  std::string update_id;
  std::string seen;     // "gone" or "listed"
  std::string version;  // that the manager says is installed; "" when it does not say
  std::string scan_id = {};
};

// What stands behind an update's state. "" or 0: it never came to that, or is forgotten.
struct UpdateEvidence {
  std::string scope;
  std::string approval_id;
  std::string approved_by;
  std::int64_t approved_at = 0;
  std::string install_boot_id;
  bool reboot_required = false;
  std::string proof_scan_id;
  std::string proof_version;
};

// A plugin whose installs wait for the proof that only a scan after the reboot can give.
struct Rebooted {
  AgentKey agent;
  std::string plugin;
  std::string boot_id;  // of the agent now
};

class Updates {
 public:
  virtual ~Updates() = default;

  virtual Page<Update> list(const UpdateFilter& filter, const http::Visible& visible, const Contact& contact,
                            const PageRequest& page) const = 0;
  virtual Page<UpdateGroup> groups(const UpdateFilter& filter, const http::Visible& visible,
                                   const PageRequest& page) const = 0;
  virtual UpdateTotals totals(const http::Visible& visible) const = 0;
  virtual std::vector<UpdateRow> rows(const UpdateRowFilter& filter, const http::Visible& visible) const = 0;

  // Of an update that list() answered.
  virtual UpdateEvidence evidence(const Update& update) const = 0;

  virtual std::vector<KnownUpdate> known(const AgentKey& agent, const std::string& plugin) const = 0;
  // Whether anything of this plugin waits for a verify scan's word.
  virtual bool awaitsProof(const AgentKey& agent, const std::string& plugin) const = 0;
  // Where the agent has rebooted since, and nobody has asked for that scan yet: those behind `after`.
  virtual std::vector<Rebooted> rebooted(const Rebooted& after, std::size_t limit) const = 0;
  virtual void markVerifyOrdered(const Rebooted& rebooted) = 0;
  virtual std::vector<KnownUpdate> ofCommand(const AgentKey& agent, const std::string& command_id) const = 0;

  // Answers the new row's id. It begins as available.
  virtual std::string add(const AgentKey& agent, const std::string& plugin, const std::string& scope,
                          const UpdateRecord& record, const std::string& digest, std::int64_t now) = 0;
  // The record of a row that is listed (again), perhaps in another scope.
  virtual void refresh(const AgentKey& agent, const std::string& update_id, const std::string& scope,
                       const UpdateRecord& record, const std::string& digest) = 0;
  virtual void setListed(const AgentKey& agent, const std::string& update_id, bool listed) = 0;
  virtual void setProof(const AgentKey& agent, const Proof& proof) = 0;
  // Each guarded by its `from`: nothing is changed of a row that is elsewhere by now, nor where the event
  // must not happen. Answers how many were changed. Of one row one step at a time.
  virtual std::size_t advanceAll(const std::vector<UpdateStep>& steps, std::int64_t now) = 0;
  bool advance(const AgentKey& agent, const std::string& update_id, UpdateState from, UpdateEvent event,
               const UpdateChange& change, std::int64_t now) {
    return advanceAll({{agent, update_id, from, event, change}}, now) == 1;
  }
  // The same step of each of these, from where it stood when it was read.
  std::size_t advanceAll(const AgentKey& agent, const std::vector<KnownUpdate>& updates, UpdateEvent event,
                         const UpdateChange& change, std::int64_t now) {
    std::vector<UpdateStep> steps;
    steps.reserve(updates.size());
    for (const auto& update : updates)
      steps.push_back({agent, update.id, update.state, event, change});
    return advanceAll(steps, now);
  }
};

}  // namespace redflag::store
