// The doctor's questions to the settings and the database.
#include <fmt/format.h>

#include <optional>

#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"
#include "http/message.h"
#include "main/checks.h"
#include "main/data_folder.h"
#include "main/database.h"
#include "main/second_factor_key.h"
#include "main/shared_keys.h"
#include "services/audit_keeper.h"
#include "store/agents.h"
#include "store/audit_chain.h"
#include "store/examine.h"
#include "store/schema.h"

namespace redflag::server {
namespace {

using Level = Finding::Level;

constexpr std::int64_t kLargeLogBytes = 256LL << 20;
constexpr std::int64_t kSlowLockNs = kSecondNs;
constexpr std::int64_t kOldTransactionNs = 600 * kSecondNs;
constexpr std::int64_t kSlowListNs = kSecondNs;
constexpr std::int64_t kToleranceNs = 300 * kSecondNs;
constexpr std::int64_t kApartNs = 60 * kSecondNs;

void add(std::vector<Finding>& out, const char* check, Level level, std::string text,
         std::string advice = "") {
  out.push_back({check, level, std::move(text), std::move(advice)});
}

std::string milliseconds(std::int64_t ns) {
  return std::to_string(ns / kMillisecondNs) + " ms";
}

void checkSchema(const store::Database& database, std::vector<Finding>& out) {
  std::string pending;
  for (const auto& step : store::schemaSteps(database))
    if (step.applied_at == 0)
      pending += (pending.empty() ? "" : ", ") + std::to_string(step.number) + " " + step.name;
  if (pending.empty()) return add(out, "migrations", Level::kOk, "every step is applied");
  add(out, "migrations", Level::kWarning, "pending: " + pending,
      "the next start applies them; try them before with `redflag-server migrate --dry-run`");
}

std::string adviceFor(const std::string& code, bool on_postgres) {
  if (code == "store.busy") return "find who has the database open and end that";
  if (code == "store.unavailable")
    return "start PostgreSQL, or put right its address, user, password or certificate in the URL; nothing is "
           "lost by that";
  if (code == "store.full") return "make room on the database's disk";
  if (code == "store.failed" && !on_postgres)
    return "put right the owner and mode of the file and its folder, or look after its disk";
  if (code == "store.newer_schema" || code == "store.schema_differs")
    return "install the redflag-server again that was started last on this database";
  if (on_postgres) return "see what it says; PostgreSQL's pg_restore brings back what pg_dump wrote";
  return "see what it says; `redflag-server restore` brings a backup back";
}

// True: it can be asked more.
bool checkHealth(const store::Database& database, std::vector<Finding>& out) {
  const auto found = store::examine(database);
  for (const auto& line : found.damage)
    add(out, "integrity", Level::kError, line, "stop the server, keep a copy, and restore a backup");
  if (!found.damage.empty()) return false;
  add(out, "integrity", Level::kOk,
      database.url.empty() ? "every page and reference is in order" : "PostgreSQL checks itself; it answers");
  if (found.locked) {
    add(out, "locks", Level::kError,
        "somebody holds the database: nobody could write for " + milliseconds(found.lock_wait_ns),
        "find who has it open (fuser, pg_stat_activity) and end that");
  } else if (found.lock_wait_ns > kSlowLockNs || found.waiting > 0 || found.oldest_ns > kOldTransactionNs) {
    add(out, "locks", Level::kWarning,
        "writing had to wait " + milliseconds(found.lock_wait_ns) + "; " + std::to_string(found.waiting) +
            " sessions wait for locks, the oldest transaction is " +
            std::to_string(found.oldest_ns / kSecondNs) + " s old",
        "look at what runs for so long");
  } else {
    add(out, "locks", Level::kOk, "a writer waits " + milliseconds(found.lock_wait_ns));
  }
  if (!database.url.empty()) checkClocks(found.ahead_ns, out);
  if (found.log_bytes > kLargeLogBytes) {
    add(out, "log", Level::kWarning,
        "the write-ahead log has " + std::to_string(found.log_bytes >> 20) + " MiB",
        "a reader that never ends keeps it from being written back: start the server again");
  }
  return !found.locked;
}

// Slow lists, and times from the future.
void checkFleet(const store::Database& database, std::int64_t now_ns, std::vector<Finding>& out) {
  const auto store = store::openStore(database);
  const std::int64_t began = monotonicNow();
  const auto page = store->read([&](const store::ReadTransaction& tx) {
    store::AgentFilter filter;
    filter.sort = "-last_seen";
    return tx.agents().list(filter, http::Visible::everything(), {now_ns, 600 * kSecondNs}, {100, ""});
  });
  checkSpeed(page.total, monotonicNow() - began, !database.url.empty(), out);
  for (const auto& agent : page.items) {
    if (agent.last_seen_at <= now_ns + kToleranceNs) continue;
    add(out, "clock", Level::kError,
        "an agent was last seen at " + toRfc3339(agent.last_seen_at) + ", which is still to come",
        "the clock was ahead and is right now, or is behind now: set it right before the next start");
    return;
  }
}

// Whether the audit log is whole, and its head: for whoever keeps what doctor says.
void checkAudit(const DataFolder& data, const store::Database& database, std::int64_t now_ns,
                std::vector<Finding>& out) {
  std::optional<store::SignedHead> kept;
  if (std::filesystem::exists(data.auditHead())) kept = services::readHeadFile(data.auditHead());
  const std::int64_t keep_ns = readSettings(data.settings()).keepAuditNs();
  const auto store = store::openStore(database);
  const auto verdict = store->read([&](const store::ReadTransaction& tx) {
    const bool tells = kept && store::stillTells(*kept, tx.audit().head(), now_ns, keep_ns);
    return store::verifyAudit(tx, tells ? kept : std::nullopt);
  });
  if (!verdict.ok) {
    return add(out, "audit", Level::kError, "the audit log is not whole: " + verdict.text,
               "somebody changed the database past the server: keep a copy, and compare it with an export or "
               "backup");
  }
  add(out, "audit", Level::kOk,
      "the audit log is whole: " + verdict.text + ", whose hash is " + toHex(verdict.head.hash));
}

// The keys that must be, or had better be, those of other servers on the database.
void checkSharedKeys(const DataFolder& data, const store::Database& database, std::vector<Finding>& out) {
  const auto store = store::openStore(database);
  const std::size_t before = out.size();
  if (const auto fault = secondFactorKeyFault(data, *store, store->mayHaveOthers()))
    add(out, "shared_keys", Level::kError, fault->text, fault->advice);
  if (store->mayHaveOthers()) {
    for (const auto& key : foreignKeys(data, *store))
      add(out, "shared_keys", Level::kWarning,
          key.file + " is another key than that of the server which was started last on this database: " +
              key.effect,
          "stop this server, copy the file, mode 0600, from the other one's folder, and start it again; "
          "where there is no other and the key was replaced, the next start ends this");
  }
  if (out.size() == before)
    add(out, "shared_keys", Level::kOk, "the keys that the database has marks of are those of this server");
}

}  // namespace

void checkSpeed(std::int64_t agents, std::int64_t took_ns, bool on_postgres, std::vector<Finding>& out) {
  const std::string took =
      "the first page of " + std::to_string(agents) + " agents took " + milliseconds(took_ns);
  if (took_ns <= kSlowListNs) return add(out, "speed", Level::kOk, took);
  add(out, "speed", Level::kWarning, took,
      on_postgres
          ? "give PostgreSQL more memory, and look in pg_stat_activity at what else it is busy with"
          : "give the machine more memory, or move to PostgreSQL (`redflag-server migrate --to-postgres`)");
}

void checkClocks(std::int64_t ahead_ns, std::vector<Finding>& out) {
  const std::int64_t apart_ns = ahead_ns < 0 ? -ahead_ns : ahead_ns;
  if (apart_ns <= kApartNs) return;
  add(out, "clock", Level::kWarning,
      fmt::format("the database's machine is {} s {}", apart_ns / kSecondNs,
                  ahead_ns < 0 ? "behind" : "ahead"),
      "find out which clock is wrong, and let chrony or systemd-timesyncd keep both: servers on one database "
      "go by each other's times");
}

void checkDatabase(const std::filesystem::path& data, const std::string& database, std::int64_t now_s,
                   std::vector<Finding>& out) {
  const char* check = "settings";
  bool on_postgres = !database.empty();
  try {
    const DataFolder folder = DataFolder::open(data);
    const Settings settings = readSettings(folder.settings());
    const store::Database where = databaseOf(folder, settings, database);
    on_postgres = !where.url.empty();
    add(out, check, Level::kOk, "server.yaml is in order");
    check = "integrity";
    if (!checkHealth(where, out)) return;
    check = "migrations";
    checkSchema(where, out);
    // Opening it as a server does would apply what is pending.
    if (out.back().level != Level::kOk) return;
    check = "speed";
    checkFleet(where, now_s * kSecondNs, out);
    check = "audit";
    checkAudit(folder, where, now_s * kSecondNs, out);
    check = "shared_keys";
    checkSharedKeys(folder, where, out);
  } catch (const http::Problem& problem) {
    add(out, check, Level::kError, problem.detail, adviceFor(problem.code, on_postgres));
  } catch (const std::exception& error) {
    add(out, check, Level::kError, error.what(), "put right what it names");
  }
}

std::vector<Finding> examineServer(const std::filesystem::path& data, const std::string& database) {
  std::vector<Finding> out;
  std::error_code error;
  const auto type = std::filesystem::status(data, error).type();
  if (type == std::filesystem::file_type::none) {
    add(out, "data_folder", Level::kError, data.string() + ": " + error.message(),
        "run doctor as the server's user, who can reach it");
    return out;
  }
  if (type != std::filesystem::file_type::directory) {
    add(out, "data_folder", Level::kError, data.string() + ": there is no such folder",
        "name the server's folder, or make one with `redflag-server init`");
    return out;
  }
  std::int64_t now_s = epochNow() / kSecondNs;
  try {
    const Machine machine = lookAtMachine(data);
    now_s = machine.now_s;
    checkMachine(machine, out);
  } catch (const std::exception& failure) {
    add(out, "disk", Level::kError, failure.what(),
        "run doctor as the server's user, on a disk that can be written");
  }
  checkSecrets(data, out);
  checkKeys(data, out);
  checkOrders(data, now_s, out);
  checkSetBack(data, out);
  checkExpiries(data, now_s, out);
  checkDatabase(data, database, now_s, out);
  return out;
}

}  // namespace redflag::server
