#include "services/scan_intake.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "protocol/record_check.h"
#include "services/ignores.h"
#include "services/metrics_item.h"
#include "services/scan_item.h"
#include "services/scan_merge.h"
#include "services/update_record.h"
#include "store/events.h"
#include "store/metrics.h"
#include "store/updates.h"

namespace redflag::services {
namespace {

using store::ScopePicture;

constexpr std::int64_t kLateNs = 3'600 * kSecondNs;
constexpr std::int64_t kMaxFacts = 2'000;  // an agent's
constexpr std::size_t kMaxOtherRecords = 50'000;
constexpr std::int64_t kMaxKeptRecords = 200'000;  // an agent's
constexpr std::size_t kMaxOpenUpdates = 20'000;    // a plugin's
constexpr std::size_t kMaxUnseenScopes = 2'000;    // a plugin's that its newest scan does not name
constexpr std::size_t kMaxScannedPlugins = 200;    // of which an agent's scans are kept
constexpr const char* kVanished = "vanished";
constexpr const char* kPackage = "package/1";

constexpr JsonLimits kRecordsLimits{protocol::kMaxExpandedUploadBytes, protocol::kMaxUploadDepth,
                                    protocol::kMaxUploadValues};

// The same rows under other scopes would be another picture.
std::string textDigestOf(const store::Scan& scan, std::string_view records) {
  std::string all = digestOf(records);
  for (const auto& scope : scan.scopes)
    all += scope.key + '\0' + scope.status + '\0';
  return digestOf(all);
}

constexpr std::size_t kMaxLabel = 200;

// What people call it: a name where it has one, else what tells it from the others of its kind.
std::string labelOf(const Json& row) {
  for (const char* field : {"name", "reference", "mount", "key", "id"}) {
    const auto found = row.find(field);
    if (found == row.end() || !found->is_string()) continue;
    auto text = found->get<std::string>();
    if (text.size() > kMaxLabel) text.resize(kMaxLabel);
    while (!isUtf8(text))  // cut within a character
      text.pop_back();
    return text;
  }
  return {};
}

[[noreturn]] void refuse(const Error& error) {
  throw http::Problem{400, "item.invalid", error.text};
}

// One scan on its way into one agent's picture.
class Intake {
 public:
  Intake(store::WriteTransaction& tx, const store::AgentKey& agent, const ScanItem& item)
      : tx_(tx),
        agent_(agent),
        item_(item),
        scan_(item.scan),
        purpose_class_(item.scan.purpose == "inventory" ? "inventory" : "updates") {}

  // The text of the records is the one that was merged last, and nothing waits for a word about it.
  bool isSameAgain(const std::string& text_digest) const {
    return !text_digest.empty() && scan_.complete && !judges() &&
           tx_.scans().textDigest(agent_, scan_.plugin, purpose_class_) == text_digest;
  }

  void runUnchanged() {
    tx_.scans().add(agent_, scan_);
    tell();
  }

  void run(const std::string& text_digest) {
    tx_.scans().add(agent_, scan_);
    for (const auto& picture : tx_.scans().pictures(agent_, scan_.plugin, purpose_class_))
      pictures_[picture.scope] = picture;
    chooseScopes();
    forgetLongestUnseen();
    measureAgain();
    if (!chosen_.empty() || !input_.vanished_scopes.empty()) {
      readRows();
      if (purpose_class_ == "updates") merge();
      remember();
      forgetUnsaidFacts();
    }
    for (const auto& scope : forgotten_)
      tx_.scans().dropPicture(agent_, scan_.plugin, purpose_class_, scope);
    if (facts_ > 0) tx_.scans().trim(agent_, kMaxFacts);
    if (others_ > 0) tx_.scans().trimRecords(agent_, kMaxKeptRecords);
    if (metrics_ > 0) tx_.metrics().trim(agent_, kMaxMetrics);
    // Of several late or failed scans none may stand for the whole picture.
    const bool whole = scan_.complete && chosen_.size() + unchanged_.size() == item_.scopes.size();
    // What was measured again is news even when it is the same.
    tx_.scans().setTextDigest(agent_, scan_.plugin, purpose_class_,
                              whole && metrics_ == 0 ? text_digest : "");
    if (pictures_.empty()) forgetOtherPlugins();  // it may be a new one
    tell();
  }

 private:
  static bool ok(const std::string& status) { return status == "ok"; }

  // A scan that began shortly before one that is already merged was overtaken by it. (Long before means that
  // somebody set the machine's clock, by more than the difference of two of its times may hold.)
  bool late(const ScopePicture& picture) const {
    return picture.boot_id == scan_.boot_id && scan_.started_at < picture.started_at &&
           scan_.started_at > picture.started_at - kLateNs;
  }

  bool judges() const { return scan_.purpose == "verify" && tx_.updates().awaitsProof(agent_, scan_.plugin); }

  void chooseScopes() {
    const bool judged = judges();
    for (const auto& [key, scope] : item_.scopes) {
      // Holds back rows of another scope, even where it comes too late for its own.
      if (!ok(scope.status)) input_.scopes[key] = false;
      const auto picture = pictures_.find(key);
      if (picture != pictures_.end() && late(picture->second)) continue;
      const bool unchanged =
          picture != pictures_.end() && ok(scope.status) && picture->second.digest == scope.digest;
      if (!unchanged || judged) {
        chosen_.insert(key);
      } else {
        unchanged_.insert(key);
      }
    }
    if (!scan_.complete) return;
    for (const auto& [key, picture] : pictures_) {
      if (!item_.scopes.contains(key) && picture.status != kVanished && !late(picture))
        input_.vanished_scopes.push_back(key);
    }
  }

  // Scopes that vanished are kept for scans that were overtaken, and an incomplete scan takes none away: an
  // agent could name new ones for ever.
  void forgetLongestUnseen() {
    std::vector<const ScopePicture*> unseen;
    for (const auto& [key, picture] : pictures_)
      if (!item_.scopes.contains(key)) unseen.push_back(&picture);
    if (unseen.size() <= kMaxUnseenScopes) return;
    const auto weight = [](const ScopePicture* one) {
      return std::pair(one->status != kVanished, one->started_at);
    };
    std::sort(unseen.begin(), unseen.end(),
              [&](const auto* one, const auto* other) { return weight(one) < weight(other); });
    unseen.resize(unseen.size() - kMaxUnseenScopes);
    auto& vanished = input_.vanished_scopes;
    for (const auto* one : unseen) {
      forgotten_.push_back(one->scope);
      const bool named = std::find(vanished.begin(), vanished.end(), one->scope) != vanished.end();
      if (one->status != kVanished && !named) vanished.push_back(one->scope);
    }
  }

  // Nobody will list their updates again.
  void forgetOtherPlugins() {
    for (const auto& plugin : tx_.scans().trimPlugins(agent_, kMaxScannedPlugins)) {
      auto updates = tx_.updates().known(agent_, plugin);
      for (const auto& update : updates)
        if (update.listed) tx_.updates().setListed(agent_, update.id, false);
      std::erase_if(updates, [](const store::KnownUpdate& update) {
        return store::after(update.state, store::UpdateEvent::kGone) == update.state;
      });
      const store::Reason reason{"scan.plugin_forgotten", "too many other plugins have scanned since"};
      tx_.updates().advanceAll(agent_, updates, store::UpdateEvent::kGone, {reason, {}, {}, {}},
                               scan_.received_at);
      if (!updates.empty())
        tx_.events().publish(agent_.client_id, "update", {{"agent_id", agent_.agent_id}}, scan_.received_at);
    }
  }

  // Rows that are as they were have been checked before.
  void measureAgain() {
    for (const auto& key : unchanged_) {
      for (const Json* row : item_.scopes.at(key).rows) {
        if ((*row)["record"] == "metric/1") takeMetric(*row);
      }
    }
  }

  void readRows() {
    for (const auto& key : chosen_) {
      const ScopeRows& scope = item_.scopes.at(key);
      input_.scopes[key] = ok(scope.status);
      for (std::size_t i = 0; i < scope.rows.size(); ++i)
        readRow(key, *scope.rows[i], scope.digests[i]);
    }
  }

  void readRow(const std::string& scope, const Json& row, const std::string& digest) {
    const std::string place = "scope \"" + scope.substr(0, 64) + "\"";
    if (auto checked = protocol::checkRecord(row, place); !checked) refuse(checked.error());
    const auto& kind = row["record"].get_ref<const std::string&>();
    if (kind == "update/1") {
      if (purpose_class_ != "updates")
        refuse({Code::kInvalid, place + ".record: expected no update in an inventory"});
      input_.found.push_back({scope, toUpdate(row), digest});
    } else if (kind == "fact/1") {
      if (++facts_ > kMaxFacts) refuse({Code::kLimit, place + ": too many facts"});
      const store::FactSource source{scan_.plugin, purpose_class_, scope};
      tx_.scans().setFact(agent_, source, {row["name"], dumpJson(row["value"])}, scan_.received_at);
      said_.insert(row["name"].get<std::string>());
    } else if (kind == "metric/1") {
      takeMetric(row);
    } else {
      if (++others_ > kMaxOtherRecords) refuse({Code::kLimit, place + ": too many records"});
      // What a verify scan adds about packages is evidence for this moment, no inventory.
      const bool evidence = kind == kPackage && scan_.purpose == "verify";
      if (evidence && row.contains("version"))
        input_.installed[{row["manager"], row["key"]}] = row["version"];
      if (evidence) return;
      records_[scope].push_back({scope, kind, digest, dumpJson(row), labelOf(row)});
    }
  }

  std::int64_t measuredAt() const { return likelyTime(scan_.started_at, scan_.received_at); }

  void takeMetric(const Json& row) {
    if (++metrics_ > kMaxMetrics) refuse({Code::kLimit, "metric/1: too many in one scan"});
    tx_.metrics().set(agent_, metricOf(row), measuredAt(), scan_.received_at);
  }

  // An incomplete scan only adds.
  void requireRoom() const {
    const auto open = std::count_if(input_.known.begin(), input_.known.end(),
                                    [](const auto& update) { return !store::closed(update.state); });
    if (static_cast<std::size_t>(open) + decision_.added.size() > kMaxOpenUpdates + decision_.advanced.size())
      refuse({Code::kLimit, "too many updates of one plugin"});
  }

  void merge() {
    input_.verify = scan_.purpose == "verify";
    input_.command_id = scan_.command_id;
    input_.boot_id = scan_.boot_id;
    input_.known = tx_.updates().known(agent_, scan_.plugin);
    decision_ = decideMerge(input_);
    requireRoom();
    for (const std::size_t f : decision_.added) {
      const auto& found = input_.found[f];
      tx_.updates().add(agent_, scan_.plugin, found.scope, found.record, found.digest, scan_.received_at);
    }
    for (const auto& [id, f] : decision_.refreshed) {
      const auto& found = input_.found[f];
      tx_.updates().refresh(agent_, id, found.scope, found.record, found.digest);
    }
    for (const auto& id : decision_.unlisted)
      tx_.updates().setListed(agent_, id, false);
    for (auto& proof : decision_.proofs) {
      proof.scan_id = scan_.id;
      tx_.updates().setProof(agent_, proof);
    }
    std::vector<store::UpdateStep> steps;
    for (const auto& change : decision_.advanced) {
      store::UpdateChange row{change.reason, {}, {}, {}};
      if (change.event == store::UpdateEvent::kProven || change.event == store::UpdateEvent::kDisproven) {
        row.proof_scan_id = scan_.id;
        row.proof_version = change.installed;
      }
      steps.push_back({agent_, change.update_id, change.from, change.event, row});
    }
    tx_.updates().advanceAll(steps, scan_.received_at);
    if (!decision_.empty()) applyIgnoreRules(tx_, agent_, scan_.received_at);
  }

  void remember() {
    for (const auto& key : chosen_) {
      const ScopeRows& scope = item_.scopes.at(key);
      const bool complete = ok(scope.status);
      // The same rows mean more once no part of it fails.
      const bool whole = complete && failedParts(input_.scopes, key).empty();
      tx_.scans().setRecords(agent_, scan_.plugin, purpose_class_, key, complete, records_[key],
                             scan_.received_at, scan_.purpose == "verify" ? kPackage : "");
      tx_.scans().setPicture(agent_, scan_.plugin, purpose_class_,
                             {key, whole ? scope.digest : "", scope.status, scan_.started_at, scan_.boot_id});
    }
    for (const auto& key : input_.vanished_scopes) {
      tx_.scans().setRecords(agent_, scan_.plugin, purpose_class_, key, true, {}, scan_.received_at);
      tx_.scans().setPicture(agent_, scan_.plugin, purpose_class_,
                             {key, "", kVanished, scan_.started_at, scan_.boot_id});
    }
  }

  // What has no value any more is left out of a scan: reasons for a reboot, the health of a disk that is
  // gone. A scan that looks for a proof leaves out more than that.
  void forgetUnsaidFacts() {
    if (scan_.purpose == "verify") return;
    const std::set<std::string> vanished(input_.vanished_scopes.begin(), input_.vanished_scopes.end());
    for (const auto& [name, scope] : tx_.scans().factsOf(agent_, scan_.plugin, purpose_class_)) {
      const bool looked = chosen_.contains(scope) && ok(item_.scopes.at(scope).status);
      if (!said_.contains(name) && (looked || vanished.contains(scope))) tx_.scans().dropFact(agent_, name);
    }
  }

  store::HistoryEntry entry(const std::string& kind, const std::string& text) const {
    store::HistoryEntry entry;
    entry.at = scan_.received_at;
    entry.subsystem = "scan";
    entry.actor = "agent";
    entry.kind = kind;
    entry.text = text;
    entry.scan_id = scan_.id;
    entry.command_id = scan_.command_id;
    return entry;
  }

  void tell() {
    tx_.events().publish(agent_.client_id, "scan",
                         {{"agent_id", agent_.agent_id}, {"scan_id", scan_.id}, {"plugin", scan_.plugin}},
                         scan_.received_at);
    if (!scan_.complete) tellIncomplete();
    if (decision_.empty()) return;
    tx_.events().publish(agent_.client_id, "update", {{"agent_id", agent_.agent_id}}, scan_.received_at);
    if (!decision_.added.empty() || !decision_.advanced.empty()) {
      tx_.events().record(
          agent_.client_id, agent_.agent_id,
          entry("scan.merged", scan_.plugin + ": " + std::to_string(decision_.added.size()) + " new, " +
                                   std::to_string(decision_.advanced.size()) + " changed"));
    }
    for (const auto& change : decision_.advanced)
      tellJudged(change);
  }

  void tellIncomplete() {
    // Of a scan whose sources failed and others answered the status says nothing.
    const std::string how = scan_.status == "ok" ? "not complete" : "ended as " + scan_.status;
    auto incomplete = entry("scan.incomplete", scan_.plugin + ": " + how);
    incomplete.severity = "warning";
    for (const Json& report : scan_.reports) {
      if (report.at("status") == "ok") continue;  // says something else, and may come first
      incomplete.code = report.at("code");
      incomplete.text += ": " + report.at("text").get<std::string>();
      break;
    }
    tx_.events().record(agent_.client_id, agent_.agent_id, incomplete);
  }

  void tellJudged(const MergeDecision::Advance& change) {
    const auto to = store::after(change.from, change.event);
    if (to != store::UpdateState::kVerified && to != store::UpdateState::kFailed) return;
    const bool verified = to == store::UpdateState::kVerified;
    auto judged = entry(verified ? "update.verified" : "update.failed",
                        change.name + (verified ? ": verified" : ": " + change.reason.text));
    judged.subsystem = "update";
    judged.code = change.reason.code;
    judged.severity = verified ? "info" : "error";
    tx_.events().record(agent_.client_id, agent_.agent_id, judged);
  }

  store::WriteTransaction& tx_;
  const store::AgentKey& agent_;
  const ScanItem& item_;
  const store::Scan& scan_;
  const std::string purpose_class_;
  std::map<std::string, ScopePicture> pictures_;
  std::set<std::string> chosen_;        // scopes whose rows are looked at
  std::set<std::string> unchanged_;     // scopes whose rows need not be
  std::vector<std::string> forgotten_;  // scopes that are one too many
  MergeInput input_;
  MergeDecision decision_;
  std::map<std::string, std::vector<store::StoredRecord>> records_;
  std::size_t others_ = 0;
  std::int64_t facts_ = 0;
  std::set<std::string> said_;  // facts' names
  std::int64_t metrics_ = 0;
};

}  // namespace

void ScanIntake::take(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& json,
                      std::string_view cut) const {
  auto item = readScanItem(json, context_.now());
  if (!item) refuse(item.error());
  Intake intake(tx, agent, *item);
  const std::string text_digest = cut.empty() ? std::string() : textDigestOf(item->scan, cut);
  if (intake.isSameAgain(text_digest)) return intake.runUnchanged();
  Json parsed;
  if (!cut.empty()) {
    auto records = parseJson(cut, kRecordsLimits);
    if (!records) refuse({records.error().code, "scan.records: " + records.error().text});
    parsed = std::move(*records);
  }
  if (auto added = addRows(*item, cut.empty() ? json.at("records") : parsed); !added) refuse(added.error());
  intake.run(text_digest);
}

}  // namespace redflag::services
