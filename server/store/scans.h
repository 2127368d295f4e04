#pragma once
// Scans as they came, what is known of each of their scopes, and the records that are not updates.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "store/agents.h"
#include "store/page.h"

namespace redflag::store {

struct ScopeStatus {
  std::string key;
  std::string status;  // "ok", or why it failed
};

struct Scan {
  std::string id;
  std::string plugin;
  std::string plugin_version;
  std::string interface_id;
  std::string purpose;  // updates | inventory | verify
  std::string trigger;
  std::string command_id;
  std::string boot_id;
  std::int64_t started_at = 0;
  std::int64_t received_at = 0;
  std::int64_t duration_ms = 0;
  std::string status;
  bool complete = false;
  std::vector<ScopeStatus> scopes;
  Json reports = Json::array();
  bool cut = false;  // of one in a list: these two are too long for it, and left out
};

// The newest picture of one scope.
struct ScopePicture {
  std::string scope;
  std::string digest;  // of its rows; "" when rows were added since the last complete one
  std::string status;
  std::int64_t started_at = 0;
  std::string boot_id;
};

struct Fact {
  std::string name;
  std::string value;  // one JSON value; "" where it is too long to be listed with the others
};

// Who says a fact.
struct FactSource {
  std::string plugin;
  std::string purpose_class;  // "updates" or "inventory"
  std::string scope;
};

struct StoredRecord {
  std::string scope;
  std::string kind;
  std::string digest;
  std::string body;
  std::string label = {};  // what people call it; lists are in its order
};

// One of them as it is read back.
struct ShownRecord {
  std::string plugin;
  std::string purpose_class;
  std::int64_t at = 0;
  StoredRecord record;
};

struct RecordFilter {
  std::string kind;
  std::string search;  // part of its text; "" all
};

struct RecordKindCount {
  std::string kind;
  std::int64_t count = 0;
};

// A piece of the text of an item that is too long for one upload.
struct ItemPart {
  std::string item_id;
  std::int64_t part = 0;
  std::int64_t parts = 0;
  std::string text;
};

class Scans {
 public:
  virtual ~Scans() = default;

  // True when the item is new; from now on it is known.
  virtual bool takeItem(const AgentKey& agent, const std::string& item_id, std::int64_t now) = 0;

  virtual bool knowsItem(const AgentKey& agent, const std::string& item_id) const = 0;
  // Kept if it is the next one of its item; what there is of another item of this agent is forgotten then.
  // How many parts are here: the one to come next, or all.
  virtual std::int64_t keepPart(const AgentKey& agent, const ItemPart& part, std::int64_t now) = 0;
  // Together, of the item that there are parts of.
  virtual std::size_t bytesOfParts(const AgentKey& agent) const = 0;
  virtual std::string textOfParts(const AgentKey& agent, const std::string& item_id) const = 0;
  virtual void dropParts(const AgentKey& agent) = 0;

  virtual void add(const AgentKey& agent, const Scan& scan) = 0;
  // The newest of each plugin that really ran.
  virtual std::vector<Scan> newest(const AgentKey& agent) const = 0;
  virtual std::optional<Scan> find(const AgentKey& agent, const std::string& scan_id) const = 0;
  // All that are kept, the last received first. A page of what is large has fewer than it may.
  virtual Page<Scan> list(const AgentKey& agent, const PageRequest& page) const = 0;

  // `purpose_class`: "updates" (also for verify) or "inventory".
  virtual std::vector<ScopePicture> pictures(const AgentKey& agent, const std::string& plugin,
                                             const std::string& purpose_class) const = 0;
  virtual void setPicture(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                          const ScopePicture& picture) = 0;
  virtual void dropPicture(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                           const std::string& scope) = 0;

  // The digest of the records' text that makes up all of the plugin's pictures; "" when there is none.
  virtual std::string textDigest(const AgentKey& agent, const std::string& plugin,
                                 const std::string& purpose_class) const = 0;
  virtual void setTextDigest(const AgentKey& agent, const std::string& plugin,
                             const std::string& purpose_class, const std::string& digest) = 0;

  // Of two that say a fact of one name the last one counts.
  virtual void setFact(const AgentKey& agent, const FactSource& source, const Fact& fact,
                       std::int64_t at) = 0;
  // Names of what a plugin's scans of that class have said last, with their scopes.
  virtual std::vector<std::pair<std::string, std::string>> factsOf(
      const AgentKey& agent, const std::string& plugin, const std::string& purpose_class) const = 0;
  virtual void dropFact(const AgentKey& agent, const std::string& name) = 0;
  virtual std::vector<Fact> facts(const AgentKey& agent) const = 0;
  // Keeps the newest `keep` facts of the agent.
  virtual void trim(const AgentKey& agent, std::int64_t keep) = 0;
  // Keeps the newest `keep` records of the agent.
  virtual void trimRecords(const AgentKey& agent, std::int64_t keep) = 0;
  // Keeps the `keep` plugins that scanned last. Answers the others, of which every scan, picture and record
  // is gone; their updates are the caller's.
  virtual std::vector<std::string> trimPlugins(const AgentKey& agent, std::size_t keep) = 0;
  // Replaces (or, if not `complete`, adds to) a scope's records of other kinds. Those of `kept_kind` stay.
  virtual void setRecords(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                          const std::string& scope, bool complete, const std::vector<StoredRecord>& records,
                          std::int64_t at, const std::string& kept_kind = {}) = 0;

  // By label; as of list(), a page may be shorter.
  virtual Page<ShownRecord> records(const AgentKey& agent, const RecordFilter& filter,
                                    const PageRequest& page) const = 0;
  virtual std::vector<RecordKindCount> recordKinds(const AgentKey& agent) const = 0;

  // Forgets what is older: scans but each plugin's newest, closed updates, and items, which have an age of
  // their own: an agent that was away sends again what it does not know to be taken. At most `limit` rows of
  // each; true: there may be more.
  virtual bool prune(std::int64_t before, std::int64_t items_before, int limit) = 0;
  // Forgets items that are not whole and of which no part has come since. At most `limit` of them; true:
  // there may be more.
  virtual bool pruneParts(std::int64_t before, int limit) = 0;
};

}  // namespace redflag::store
