#pragma once
// What the end of a command means: its type's on_result says which effects it has, and they are carried out
// once.
//
// The command's end is stored first, its effects are due until they are done: killing the server in between
// loses none.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "services/context.h"
#include "services/orders.h"
#include "store/updates.h"

namespace redflag::services {

class Settlement {
 public:
  Settlement(const Context& context, Orders& orders) : context_(context), orders_(orders) {}

  // Settles every command that has ended, and asks rebooted machines for the scan that proves their installs.
  // False when something is left for another try. One thread at a time.
  bool run();

 private:
  bool settleType(const std::string& type_id, const std::vector<store::Command>& ended);
  void settle(const store::Command& command, const std::vector<Json>& effects);
  void giveUp(const store::Command& command, const std::string& why);
  void verifyRebooted();

  const Context& context_;
  Orders& orders_;
  std::map<std::pair<std::string, std::string>, std::int64_t> not_asked_at_;  // by agent and plugin
  store::Rebooted after_;                                                     // where the next round goes on
};

}  // namespace redflag::services
