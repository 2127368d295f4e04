#pragma once
// What can be done for an order while it waits for its maintenance window: its type names another type
// (`prepared_by`), which is ordered at once, with the same parameters, as long as the window is not open. So
// an install finds its packages downloaded. It is a command of its own, seen like any other, and points to
// the order by its parent_id. Where it fails it is tried again, and the order is carried out all the same.

#include <cstdint>
#include <map>
#include <string>

#include "services/orders.h"

namespace redflag::services {

class Preparations {
 public:
  static constexpr std::int64_t kMostTries = 3;
  static constexpr std::int64_t kPauseNs = 10 * 60 * kSecondNs;  // between two of them
  // A window that opens sooner is not worth it.
  static constexpr std::int64_t kLeastAheadNs = 20 * kSecondNs;

  Preparations(const Context& context, Orders& orders) : context_(context), orders_(orders) {}

  // What is missing, by the upkeep. A type that fails is logged, and tried again in the next round.
  void run();

 private:
  void prepareFor(const commands::CommandType& type, std::int64_t now);
  std::vector<Order> missing(const commands::CommandType& type, std::int64_t now);

  const Context& context_;
  Orders& orders_;
  std::map<std::string, std::int64_t> refused_at_;    // by the order that it is for
  std::map<std::string, store::WaitingAfter> after_;  // by type: where the next round goes on
};

}  // namespace redflag::services
