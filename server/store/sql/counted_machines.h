#pragma once
// Counts machines and clients while the rows of a grouped list are read, a group at a time.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/grants.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class CountedMachines {
 public:
  // Those that may be seen, and what they can install.
  CountedMachines(Connection& db, const http::Visible& visible);

  struct Counts {
    std::int64_t agents = 0;
    std::int64_t clients = 0;
    std::int64_t acting =
        0;  // of the ids that were given: of machines that can install what `manager` offers
  };
  // From here on every machine counts once more.
  void nextGroup() { ++group_; }
  // `agent_ids` have commas between them. Of what was counted of this group before, nothing is counted again.
  Counts count(std::string_view agent_ids, const std::string& manager);

 private:
  struct Machine {
    std::size_t client = 0;
    std::int64_t counted_in = 0;
    std::vector<std::string> updaters;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::int64_t group_ = 0;
  std::vector<std::int64_t> clients_counted_in_;
  std::unordered_map<std::string, Machine, Hash, std::equal_to<>> machines_;
};

}  // namespace redflag::store::sql
