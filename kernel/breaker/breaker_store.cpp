#include "breaker/breaker_store.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <optional>
#include <sstream>

#include "sqlite/database.h"

namespace redflag::kernel {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS breaker("
    "  plugin TEXT NOT NULL, interface TEXT NOT NULL, version TEXT NOT NULL,"
    "  phase INTEGER NOT NULL, failures INTEGER NOT NULL, successes INTEGER NOT NULL, openings INTEGER NOT "
    "NULL,"
    "  since INTEGER NOT NULL, open_until INTEGER NOT NULL, running INTEGER NOT NULL,"
    "  run_class TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, recent TEXT NOT NULL DEFAULT '',"
    "  PRIMARY KEY(plugin, interface)) WITHOUT ROWID;";
constexpr const char* kColumns =
    "plugin, interface, version, phase, failures, successes, openings, since, open_until, running, "
    "run_class, code, text, recent";

using Row = std::pair<BreakerKey, BreakerState>;

// Numbers with a space between them.
std::string textOf(const std::vector<std::int64_t>& times) {
  std::string out;
  for (const auto at : times)
    out += (out.empty() ? "" : " ") + std::to_string(at);
  return out;
}
std::vector<std::int64_t> timesOf(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::int64_t> out;
  for (std::int64_t at = 0; in >> at;)
    out.push_back(at);
  return out;
}

Row rowOf(const sqlite::Statement& s) {
  const auto number = [&](int column) { return static_cast<int>(s.integer(column)); };
  return {{s.text(0), s.text(2), s.text(1)},
          {static_cast<BreakerPhase>(s.integer(3)), number(4), number(5), number(6), s.integer(7),
           s.integer(8), s.integer(9) != 0, s.text(10), s.text(11), s.text(12), timesOf(s.text(13))}};
}

class SqliteBreakerStore : public BreakerStore {
 public:
  SqliteBreakerStore(sqlite::Database database, const Clock& clock, OnTransition on_transition)
      : database_(std::move(database)), clock_(clock), on_transition_(std::move(on_transition)) {}

  Result<> recover(const BreakerRules& rules) override {
    auto rows = all();
    if (!rows) return tl::unexpected<Error>(rows.error());
    for (const auto& [key, state] : *rows) {
      if (!state.running) continue;
      const RunEnd end{RunClass::kCrash, "breaker.agent_ended_during_run",
                       "the agent ended while this plugin was running"};
      if (auto done = finish(key, rules, end); !done) return done;
    }
    return {};
  }

  Result<bool> admit(const BreakerKey& key, const BreakerRules& rules, bool by_person,
                     BreakerState* state) override {
    bool admitted = false;
    auto done = change(key, [&](BreakerState& now) {
      admitted = kernel::admit(now, rules, by_person, clock_.epochNs());
      if (state != nullptr) *state = now;
    });
    if (!done) return tl::unexpected<Error>(done.error());
    return admitted;
  }

  Result<> finish(const BreakerKey& key, const BreakerRules& rules, const RunEnd& end) override {
    auto done = change(key, [&](BreakerState& now) { kernel::finish(now, rules, end, clock_.epochNs()); });
    if (done) return done;
    const std::lock_guard lock(mutex_);
    unkept_.insert_or_assign({key.plugin, key.interface}, Unkept{key.version, rules, end});
    return done;
  }

  Result<BreakerState> state(const BreakerKey& key) override {
    const std::lock_guard lock(mutex_);
    auto kept = find(key);
    if (!kept) return tl::unexpected<Error>(kept.error());
    return *kept && (*kept)->first.version == key.version ? (*kept)->second : BreakerState{};
  }

  Result<std::vector<Row>> all() override {
    const std::lock_guard lock(mutex_);
    auto rows = database_.prepare(fmt::format("SELECT {} FROM breaker ORDER BY plugin, interface", kColumns));
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<Row> found;
    while (true) {
      const auto row = rows->step();
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) return found;
      found.push_back(rowOf(*rows));
    }
  }

  Result<> reset(const std::string& plugin) override {
    auto rows = all();
    if (!rows) return tl::unexpected<Error>(rows.error());
    bool any = false;
    for (const auto& [key, state] : *rows) {
      if (key.plugin != plugin) continue;
      any = true;
      auto done = change(key, [&](BreakerState& now) {
        now = BreakerState{};
        now.since = clock_.epochNs();
      });
      if (!done) return done;
    }
    if (!any) return fail(Code::kNotFound, "no breaker of a plugin \"" + plugin + "\" is known");
    return {};
  }

 private:
  // The end of a run that the disk did not take. The mark "running" is still there, and half open would let
  // nobody in any more.
  struct Unkept {
    std::string version;
    BreakerRules rules;
    RunEnd end;
  };

  Result<std::optional<Row>> find(const BreakerKey& key) {
    auto rows =
        database_.prepare(fmt::format("SELECT {} FROM breaker WHERE plugin=? AND interface=?", kColumns));
    if (!rows) return tl::unexpected<Error>(rows.error());
    const auto row = rows->bind(1, key.plugin).bind(2, key.interface).step();
    if (!row) return tl::unexpected<Error>(row.error());
    return *row ? std::optional(rowOf(*rows)) : std::nullopt;
  }

  // Reads, changes and stores one breaker in one transaction, then tells of a transition.
  template <class Change>
  Result<> change(const BreakerKey& key, Change&& apply) {
    BreakerState before;
    BreakerState after;
    {
      const std::lock_guard lock(mutex_);
      auto transaction = sqlite::Transaction::begin(database_);
      if (!transaction) return tl::unexpected<Error>(transaction.error());
      auto kept = find(key);
      if (!kept) return tl::unexpected<Error>(kept.error());
      if (*kept) before = (*kept)->second;
      if (*kept && (*kept)->first.version == key.version) after = before;
      const auto unkept = unkept_.find({key.plugin, key.interface});
      if (unkept != unkept_.end() && unkept->second.version == key.version)
        kernel::finish(after, unkept->second.rules, unkept->second.end, clock_.epochNs());
      apply(after);
      if (auto done = store(key, after); !done) return done;
      if (auto done = transaction->commit(); !done) return done;
      if (unkept != unkept_.end()) unkept_.erase(unkept);
    }
    if (before.phase != after.phase && on_transition_) {
      on_transition_({key, before.phase, after, clock_.epochNs()});
    }
    return {};
  }

  Result<> store(const BreakerKey& key, const BreakerState& s) {
    auto statement = database_.prepare(
        fmt::format("INSERT OR REPLACE INTO breaker({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)", kColumns));
    if (!statement) return tl::unexpected<Error>(statement.error());
    return statement->bind(1, key.plugin)
        .bind(2, key.interface)
        .bind(3, key.version)
        .bind(4, static_cast<std::int64_t>(s.phase))
        .bind(5, std::int64_t{s.failures})
        .bind(6, std::int64_t{s.successes})
        .bind(7, std::int64_t{s.openings})
        .bind(8, s.since)
        .bind(9, s.open_until)
        .bind(10, std::int64_t{s.running ? 1 : 0})
        .bind(11, s.run_class)
        .bind(12, s.code)
        .bind(13, s.text)
        .bind(14, textOf(s.recent))
        .run();
  }

  std::mutex mutex_;
  sqlite::Database database_;
  const Clock& clock_;
  OnTransition on_transition_;
  std::map<std::pair<std::string, std::string>, Unkept> unkept_;  // by plugin and interface
};

Result<sqlite::Database> openWithSchema(const std::filesystem::path& file) {
  auto database = sqlite::Database::open(file);
  if (!database) return database;
  if (auto made = database->execute(kSchema); !made) return tl::unexpected<Error>(made.error());
  // A file that an earlier version made has no such column.
  if (!database->prepare("SELECT recent FROM breaker LIMIT 1")) {
    auto grown = database->execute("ALTER TABLE breaker ADD COLUMN recent TEXT NOT NULL DEFAULT ''");
    if (!grown) return tl::unexpected<Error>(grown.error());
  }
  return database;
}

}  // namespace

Result<std::unique_ptr<BreakerStore>> BreakerStore::open(const std::filesystem::path& file,
                                                         const Clock& clock, OnTransition on_transition) {
  auto database = openWithSchema(file);
  if (!database && database.error().code == Code::kCorrupt) {
    if (auto aside = sqlite::moveAside(file); !aside) return tl::unexpected<Error>(aside.error());
    database = openWithSchema(file);
  }
  if (!database) return tl::unexpected<Error>(database.error());
  return std::make_unique<SqliteBreakerStore>(std::move(*database), clock, std::move(on_transition));
}

}  // namespace redflag::kernel
