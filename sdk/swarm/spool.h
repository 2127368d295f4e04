#pragma once
// What a simulated agent has not delivered yet. It survives the agent's death. Scans are kept as numbers and
// become text when they are sent.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "swarm/inventory.h"

namespace redflag::swarm {

struct SpoolItem {
  enum class Kind { kStatus, kSystem, kPackages, kUpdates, kReport };

  std::string id;
  Kind kind = Kind::kReport;
  std::int64_t at_ns = 0;  // by the agent's clock
  std::uint64_t revision = 0;
  std::string purpose = "updates";
  std::string trigger = "schedule";
  std::string command_id;
  std::string outcome;  // of a report that ends an order: its state
  std::string text;     // of a report: all of it

  bool isScan() const { return kind != Kind::kStatus && kind != Kind::kReport; }
};

class Spool {
 public:
  // False when one with this id is there already.
  bool put(SpoolItem item) {
    const bool known =
        std::any_of(items_.begin(), items_.end(), [&](const auto& one) { return one.id == item.id; });
    if (!known) items_.push_back(std::move(item));
    return !known;
  }
  const std::deque<SpoolItem>& items() const { return items_; }
  // The item, taken out; one with an empty id when it is not there.
  SpoolItem take(const std::string& id) {
    const auto found =
        std::find_if(items_.begin(), items_.end(), [&](const auto& one) { return one.id == id; });
    if (found == items_.end()) return {};
    SpoolItem item = std::move(*found);
    items_.erase(found);
    return item;
  }
  // The oldest, as many as go into one upload: one list of packages at most.
  std::vector<const SpoolItem*> batch() const {
    constexpr std::size_t kMost = 16;
    std::vector<const SpoolItem*> out;
    bool large = false;
    for (const auto& item : items_) {
      const bool is_large = item.kind == SpoolItem::Kind::kPackages;
      if (out.size() == kMost || (is_large && large)) break;
      large = large || is_large;
      out.push_back(&item);
    }
    return out;
  }

 private:
  std::deque<SpoolItem> items_;
};

// What the items say of the machine they come from.
struct ItemSource {
  const Machine& machine;
  const std::string& boot_id;
  const std::map<std::string, std::string>& installed;  // updates that orders have installed: version by key
};
std::string itemText(const SpoolItem& item, const ItemSource& source);

}  // namespace redflag::swarm
