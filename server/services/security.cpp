#include "services/security.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "store/audit.h"
#include "store/factors.h"
#include "store/people.h"
#include "store/store.h"

namespace redflag::services {
namespace {

using Level = SecurityRow::Level;

constexpr std::int64_t kOneDayNs = 86'400 * kSecondNs;

bool isSignIn(const std::string& code) {
  return code == "sign_in.failed" || code == "sign_in.throttled";
}

std::vector<CountedRefusal> refusalsIn(const store::ReadTransaction& tx, std::int64_t now) {
  std::map<std::string, CountedRefusal> by_code;
  for (const auto& one : tx.audit().refusalsSince(now - 7 * kOneDayNs))
    by_code[one.code] = {one.code, 0, one.times, one.newest_at};
  for (const auto& one : tx.audit().refusalsSince(now - kOneDayNs))
    by_code[one.code].last_day = one.times;
  std::vector<CountedRefusal> out;
  for (auto& [code, one] : by_code)
    out.push_back(std::move(one));
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.last_week > b.last_week; });
  return out;
}

SecurityRow signInRow(const std::vector<CountedRefusal>& refusals) {
  SecurityRow row{"failed_sign_ins", "people", Level::kGood, "Failed sign-ins", "", "", 0, 0, "", false};
  for (const auto& one : refusals)
    if (isSignIn(one.code)) row.count += one.last_day;
  row.text = std::to_string(row.count) + " in the last 24 hours";
  row.link = "/audit?kind=security";
  if (row.count >= 100) {
    row.level = Level::kWarning;
    row.advice = "look in the audit log where they come from, and keep those addresses out before the server";
  }
  return row;
}

// Whoever signs in with a password alone.
SecurityRow factorRow(const store::ReadTransaction& tx) {
  SecurityRow row{"second_factor", "people", Level::kGood, "People without a second factor", "none", "", 0, 0,
                  "/settings",     false};
  for (const auto& person : tx.people().accounts("person")) {
    const auto factor = tx.factors().find(person.id);
    if (!person.disabled && (!factor || factor->confirmed_at == 0)) ++row.count;
  }
  if (row.count == 0) return row;
  row.level = Level::kWarning;
  row.text = std::to_string(row.count) + " sign in with a password alone";
  row.advice =
      "let them set one up under Account; `require_second_factor` in server.yaml insists on it for a role";
  return row;
}

}  // namespace

const char* name(Level level) {
  switch (level) {
    case Level::kGood:
      return "good";
    case Level::kNote:
      return "note";
    case Level::kWarning:
      return "warning";
    case Level::kCritical:
      break;
  }
  return "critical";
}

SecurityRow rowOf(const trust::Expiry& expiry, std::int64_t now_ns) {
  static const std::map<std::string, const char*> titles = {
      {"root", "Root of trust"},      {"targets", "Signed targets"},      {"snapshot", "Snapshot"},
      {"timestamp", "Timestamp"},     {"command_key", "Command key"},     {"certificate", "TLS certificate"},
      {"authority", "Own authority"}, {"reserve", "Authority in reserve"}};
  SecurityRow row;
  row.id = expiry.what + (expiry.what == "command_key" ? ":" + expiry.subject : "");
  const bool is_tls = expiry.what == "certificate" || expiry.what == "authority" || expiry.what == "reserve";
  row.area = is_tls ? "tls" : "trust";
  const auto title = titles.find(expiry.what);
  row.title = title == titles.end() ? expiry.what : title->second;
  row.text = trust::sentenceOf(expiry, now_ns);
  row.until = expiry.at_ns;
  const int urgency = trust::urgencyOf(expiry, now_ns);
  if (urgency == 0) return row;
  row.level = urgency < 0 || urgency == 7 ? Level::kCritical : Level::kWarning;
  row.advice = expiry.advice;
  row.needs = true;
  return row;
}

std::vector<std::filesystem::path> offlineKeysNear(const std::filesystem::path& data) {
  namespace fs = std::filesystem;
  std::vector<fs::path> out;
  const fs::path folder = fs::absolute(data).lexically_normal();
  const fs::path parent = (folder.has_filename() ? folder : folder.parent_path()).parent_path();
  for (const fs::path& where : {folder, parent}) {
    std::error_code error;
    for (fs::directory_iterator at(where, error), end; !error && at != end; at.increment(error)) {
      std::error_code ignored;
      const bool holds = fs::is_directory(at->path() / "offline", ignored) &&
                         fs::is_directory(at->path() / "staged", ignored);
      if (holds) out.push_back(at->path());
    }
  }
  return out;
}

void Security::addTrust(std::vector<SecurityRow>& out) const {
  if (data_.empty()) return;
  const std::int64_t now = context_.now();
  const auto expiries = trust::expiriesOf(data_);
  for (const auto& expiry : expiries.known)
    out.push_back(rowOf(expiry, now));
  if (!expiries.unreadable.empty())
    out.push_back({"trust", "trust", Level::kCritical, "Trust repository",
                   fmt::format("{}", fmt::join(expiries.unreadable, "; ")),
                   "put right what it names; `redflag-server keys publish` writes the documents again", 0, -1,
                   "", true});
  const auto near = offlineKeysNear(data_);
  out.push_back(
      {"offline_keys", "trust", near.empty() ? Level::kGood : Level::kWarning, "Offline keys",
       near.empty() ? "none lie in the server's folder or beside it"
                    : near.front().string() + " holds offline keys: whoever takes over this server has them",
       near.empty() ? "" : "take that folder to another machine and delete it here", 0, -1, "", false});
  const auto epoch = context_.epoch(now);
  out.push_back({"orders", "trust", epoch ? Level::kGood : Level::kCritical, "Signing of orders",
                 epoch ? "orders are signed under restore epoch " + std::to_string(*epoch)
                       : "no order is signed: " + epoch.error().text,
                 epoch ? "" : "see `redflag-server keys --help`; agents are reported on meanwhile", 0, -1, "",
                 !epoch});
}

void Security::addAudit(std::vector<SecurityRow>& out) const {
  if (context_.audit == nullptr) return;
  const auto last = context_.audit->last();
  SecurityRow row{"audit", "audit", Level::kGood, "Audit log", "", "", 0, -1, "/audit", false};
  if (last.at == 0) {
    row.level = Level::kNote;
    row.text = "not verified yet since the server started";
  } else {
    row.text = "verified " + toRfc3339(last.at).substr(0, 16) + "Z: " + last.verdict.text;
  }
  if (!last.verdict.ok) {
    row.level = Level::kCritical;
    row.needs = true;
    row.text = "not whole: " + last.verdict.text;
    row.advice =
        "somebody changed the database past the server: keep a copy, compare it with an exported log or a "
        "backup, and find out who had access";
  }
  out.push_back(std::move(row));
}

void Security::addFleet(const store::ReadTransaction& tx, std::vector<SecurityRow>& out) const {
  const auto totals = tx.agents().totals(http::Visible::everything(), context_.contact());
  const auto counted = [&](const char* id, const char* title, std::int64_t count, const char* what,
                           const char* advice, const std::string& link, Level level) {
    SecurityRow row{id, "agents", Level::kGood, title, "none", "", 0, count, link, false};
    if (count > 0) {
      row.level = level;
      row.text = std::to_string(count) + what;
      row.advice = advice;
    }
    out.push_back(std::move(row));
  };
  const auto in_doubt = [&](const char* id, const char* title, std::int64_t count, const char* what,
                            const char* advice) {
    counted(id, title, count, what, advice, "/agents?identity=" + std::string(id), Level::kWarning);
  };
  in_doubt("pending", "New machines to be accepted", totals.pending, " wait, without orders",
           "accept those that you know, and revoke the others");
  in_doubt("cloned", "Copied agents", totals.cloned, " identities are used by two machines, without orders",
           "find the copy, enrol it by itself, and accept the one that stays");
  in_doubt("restored", "Restored agents", totals.restored, " came back in an older state, without orders",
           "accept them if somebody restored them from a backup");
  counted("weak_isolation", "Weakly isolated agents", totals.weakly_isolated,
          " run plugins with a wall missing",
          "start redflag-broker there, or see with `redflag-agent status` which wall it is",
          "/agents?isolation=weak", Level::kNote);
  counted("weak_binding", "Keys that a copied disk carries along", totals.weakly_bound,
          " have a key that is bound to nothing but what is on the disk",
          "install the agent with its broker, which reads the machine's own numbers, or keep copies of these "
          "disks as safe as keys",
          "/agents?binding=weak", Level::kNote);
}

SecurityFacts Security::facts() const {
  SecurityFacts facts;
  addTrust(facts.rows);
  context_.store.read([&](const store::ReadTransaction& tx) {
    facts.refusals = refusalsIn(tx, context_.now());
    addFleet(tx, facts.rows);
    facts.rows.push_back(factorRow(tx));
  });
  facts.rows.push_back(signInRow(facts.refusals));
  addAudit(facts.rows);
  return facts;
}

std::int64_t Security::needing() const {
  std::vector<SecurityRow> rows;
  addTrust(rows);
  addAudit(rows);
  return std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.needs; });
}

}  // namespace redflag::services
