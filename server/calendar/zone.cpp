#include "calendar/zone.h"

#include <date/tz.h>

#include <algorithm>

#include "base/time.h"

namespace redflag::calendar {
namespace {

constexpr std::size_t kMaxName = 64;

using Minutes = std::chrono::minutes;

date::local_time<Minutes> toDate(Local local) {
  return date::local_time<Minutes>(Minutes(local.minutes));
}

bool isName(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '+' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

std::string toText(Local local) {
  return date::format("%FT%H:%M", toDate(local));
}

Result<Zone> Zone::find(const std::string& name) {
  const auto unknown =
      fail(Code::kInvalid, "no time zone is called so: expected an IANA name like Europe/Berlin");
  if (!isName(name)) return unknown;
  try {
    return Zone(name, date::locate_zone(name));
  } catch (const std::exception&) {
    return unknown;
  }
}

Zone::Instant Zone::at(Local local) const {
  const auto wall = toDate(local);
  const auto info = zone_->get_info(wall);
  const auto instant = info.result == date::local_info::nonexistent
                           ? date::sys_seconds(info.first.end)
                           : date::sys_seconds(wall.time_since_epoch() - info.first.offset);
  return {instant.time_since_epoch().count() * kSecondNs, info.result == date::local_info::nonexistent};
}

Local Zone::local(std::int64_t at) const {
  const auto whole = date::floor<std::chrono::seconds>(
      date::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(at)));
  return {date::floor<Minutes>(zone_->to_local(whole)).time_since_epoch().count()};
}

}  // namespace redflag::calendar
