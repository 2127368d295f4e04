#include "services/scan_merge.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace redflag::services {
namespace {

using store::KnownUpdate;
using store::Reason;
using store::UpdateEvent;
using store::UpdateState;

constexpr std::string_view kBehindPart = ":@ ";

std::string joined(std::initializer_list<const std::string*> parts) {
  std::string key;
  for (const auto* part : parts) {
    key += *part;
    key += '\0';
  }
  return key;
}

std::string offerOf(const store::UpdateRecord& r) {
  return joined({&r.manager, &r.key, &r.candidate_version});
}
std::string offerOf(const KnownUpdate& u) {
  return joined({&u.manager, &u.key, &u.candidate_version});
}

class Merge {
 public:
  explicit Merge(const MergeInput& input) : in_(input), matched_(input.known.size(), false) {}

  MergeDecision decide() {
    matchFound();
    for (std::size_t i = 0; i < in_.known.size(); ++i) {
      if (!matched_[i] && isGone(in_.known[i])) takeGone(in_.known[i]);
    }
    return std::move(out_);
  }

 private:
  // A row listed twice in one scope is one row.
  void matchFound() {
    std::unordered_map<std::string, std::size_t> exact;
    std::unordered_multimap<std::string, std::size_t> offers;
    for (std::size_t i = 0; i < in_.known.size(); ++i) {
      exact.emplace(in_.known[i].scope + '\0' + offerOf(in_.known[i]), i);
      offers.emplace(offerOf(in_.known[i]), i);
    }
    std::vector<std::size_t> unmatched;
    for (std::size_t f = 0; f < in_.found.size(); ++f) {
      const auto& found = in_.found[f];
      newest_[joined({&found.record.manager, &found.record.key})] = f;
      const auto it = exact.find(found.scope + '\0' + offerOf(found.record));
      if (it == exact.end()) {
        unmatched.push_back(f);
      } else {
        match(it->second, f);
      }
    }
    // The same offer under another scope has moved there, with whatever is in flight.
    std::unordered_set<std::string> listed;
    for (const std::size_t f : unmatched) {
      if (!listed.insert(in_.found[f].scope + '\0' + offerOf(in_.found[f].record)).second) continue;
      const auto [first, last] = offers.equal_range(offerOf(in_.found[f].record));
      const auto moved = std::find_if(first, last, [&](const auto& offer) {
        return !matched_[offer.second] && isGone(in_.known[offer.second]);
      });
      if (moved == last) {
        out_.added.push_back(f);
      } else {
        match(moved->second, f);
      }
    }
  }

  void match(std::size_t k, std::size_t f) {
    const KnownUpdate& known = in_.known[k];
    if (matched_[k]) return;
    matched_[k] = true;
    const auto& found = in_.found[f];
    if (!known.listed || known.digest != found.digest || known.scope != found.scope)
      out_.refreshed.push_back({known.id, f});
    if (in_.verify && known.state == UpdateState::kInstalling) return noteProof(known, "listed");
    if (judges(known)) return advance(known, UpdateEvent::kDisproven, stillListed());
    if (known.state == UpdateState::kInstalled || known.state == UpdateState::kAwaitingReboot) return;
    Reason reason;
    if (known.state == UpdateState::kVerified) {
      reason = {"regression.listed_again", "it was installed and verified, and is offered again"};
    }
    advance(known, UpdateEvent::kListed, reason);
  }

  bool isGone(const KnownUpdate& known) const {
    const auto scope = in_.scopes.find(known.scope);
    if (scope != in_.scopes.end()) return scope->second && !isOfFailedPart(known);
    return std::find(in_.vanished_scopes.begin(), in_.vanished_scopes.end(), known.scope) !=
           in_.vanished_scopes.end();
  }

  // By what its own key may be a part of, and not part by part: of both there may be thousands.
  bool isOfFailedPart(const KnownUpdate& known) const {
    const auto begin = known.scope.size() + 1;
    if (!known.key.starts_with(known.scope + '/')) return false;
    for (auto end = known.key.find_first_of(kBehindPart, begin);;
         end = known.key.find_first_of(kBehindPart, end + 1)) {
      const auto part = in_.scopes.find(known.key.substr(0, end));
      if (part != in_.scopes.end() && !part->second) return true;
      if (end == std::string::npos) return false;
    }
  }

  void takeGone(const KnownUpdate& known) {
    if (known.listed) out_.unlisted.push_back(known.id);
    if (in_.verify && known.state == UpdateState::kInstalling) {
      return noteProof(known, keptOldVersion(known) ? "listed" : "gone");
    }
    if (judges(known)) {
      if (!keptOldVersion(known)) return advance(known, UpdateEvent::kProven, {});
      return advance(known, UpdateEvent::kDisproven,
                     {"install.old_version", "it is no longer offered, but version " +
                                                 known.installed_version + " is still installed"});
    }
    const auto newer = newest_.find(joined({&known.manager, &known.key}));
    if (newer == newest_.end())
      return advance(known, UpdateEvent::kGone, {"scan.not_listed", "a complete scan no longer lists it"});
    const auto& version = in_.found[newer->second].record.candidate_version;
    advance(known, UpdateEvent::kNewerOffered,
            {"scan.newer_offered", "version " + version + " is offered instead"});
  }

  // Whether this scan may say if the install was real.
  bool judges(const KnownUpdate& known) const {
    if (!in_.verify) return false;
    if (known.state != UpdateState::kInstalled && known.state != UpdateState::kAwaitingReboot) return false;
    return !known.reboot_required || known.install_boot_id != in_.boot_id;
  }

  // Not listed any more, and yet the manager says that nothing was installed: the offer was withdrawn.
  bool keptOldVersion(const KnownUpdate& known) const {
    if (known.installed_version.empty() || known.installed_version == known.candidate_version) return false;
    return installedNow(known) == known.installed_version;
  }

  // As far as the manager says: of what it has a package row for, or offers.
  std::string installedNow(const KnownUpdate& known) const {
    const auto installed = in_.installed.find({known.manager, known.key});
    if (installed != in_.installed.end()) return installed->second;
    const auto listed = newest_.find(joined({&known.manager, &known.key}));
    return listed == newest_.end() ? std::string() : in_.found[listed->second].record.installed_version;
  }

  void noteProof(const KnownUpdate& known, const char* proof) {
    if (!in_.command_id.empty() && in_.command_id == known.command_id)
      out_.proofs.push_back({known.id, proof, installedNow(known)});
  }

  void advance(const KnownUpdate& known, UpdateEvent event, Reason reason) {
    const auto to = store::after(known.state, event);
    if (!to || *to == known.state) return;
    if (*to == UpdateState::kVerified) reason = {};
    const bool judged = event == UpdateEvent::kProven || event == UpdateEvent::kDisproven;
    out_.advanced.push_back({known.id, known.name, known.state, event, std::move(reason),
                             judged ? installedNow(known) : std::string()});
  }

  const MergeInput& in_;
  std::vector<bool> matched_;
  std::unordered_map<std::string, std::size_t> newest_;  // by manager and key: an index into found
  MergeDecision out_;
};

}  // namespace

MergeDecision decideMerge(const MergeInput& input) {
  return Merge(input).decide();
}

std::vector<std::string> failedParts(const std::map<std::string, bool>& scopes, const std::string& scope) {
  std::vector<std::string> out;
  const auto begin = scope + '/';
  for (auto it = scopes.lower_bound(begin); it != scopes.end() && it->first.starts_with(begin); ++it)
    if (!it->second) out.push_back(it->first);
  return out;
}

Reason stillListed() {
  return {"install.still_listed", "the scan after the install still lists it"};
}

}  // namespace redflag::services
