#pragma once
// That a second person has approved beforehand what a policy or a schedule orders: once, instead of each
// order.

#include <cstdint>
#include <string>

namespace redflag::store {

struct SecondOpinion {
  std::string id;  // of the account that gave it; "": nobody has
  std::string by;
  std::int64_t at = 0;
  std::string reason;
  bool counts = false;  // whoever gave it still may; services/beforehand.h fills it in
};

}  // namespace redflag::store
