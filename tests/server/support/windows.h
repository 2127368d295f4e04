#pragma once
// Maintenance windows as tests wish for them.

#include <string>

#include "services/windows.h"

namespace redflag::testing {

// Every day at this time, "HH:MM", for so long; an hour's notice.
inline services::WindowWish windowWish(const std::string& name, const std::string& client_id,
                                       const std::string& site_id, const std::string& time,
                                       std::int64_t minutes) {
  services::WindowWish wish;
  wish.name = name;
  wish.scope.client_id = client_id;
  wish.scope.site_id = site_id;
  wish.rule.minute_of_day = std::stoi(time.substr(0, 2)) * 60 + std::stoi(time.substr(3, 2));
  wish.length_s = minutes * 60;
  wish.notice_s = 3'600;
  return wish;
}

}  // namespace redflag::testing
