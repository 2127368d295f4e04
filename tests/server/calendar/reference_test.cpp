// The same rules by a second implementation, in Python, over the same time zone data.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>

#include "base/time.h"
#include "calendar/occurrences.h"
#include "support/folder.h"

namespace redflag::testing {
namespace {

using namespace redflag::calendar;

// Zones whose clocks change at other times of day, by other amounts, or not at all.
constexpr std::array kZones = {"Europe/Berlin",
                               "America/New_York",
                               "Australia/Lord_Howe",
                               "Asia/Kathmandu",
                               "America/St_Johns",
                               "Africa/Casablanca",
                               "America/Sao_Paulo",
                               "Asia/Beirut",
                               "Pacific/Auckland",
                               "Atlantic/Azores",
                               "UTC",
                               "America/Santiago"};
constexpr std::array kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::int64_t kYearS = 366 * 86'400;

struct Case {
  Rule rule;
  std::string zone;
  std::int64_t after_s;
  std::int64_t until_s;
};

class Cases {
 public:
  explicit Cases(unsigned seed) : random_(seed) {}

  Case next() {
    Case made;
    made.zone = kZones[below(kZones.size())];
    made.after_s = 1'356'998'400 + static_cast<std::int64_t>(below(10 * kYearS));  // from 2013 on
    made.until_s = made.after_s + static_cast<std::int64_t>(below(2 * kYearS));
    Json json = {{"time", time()}};
    constexpr std::array kRepeats = {"once", "daily", "weekly", "monthly", "nth_weekday", "patch_tuesday"};
    json["repeat"] = kRepeats[below(kRepeats.size())];
    if (json["repeat"] == "once")
      json["date"] =
          toRfc3339((made.after_s + static_cast<std::int64_t>(below(kYearS))) * kSecondNs).substr(0, 10);
    if (json["repeat"] == "weekly") {
      json["weekdays"] = Json::array();
      for (const char* day : kWeekdays)
        if (below(3) == 0) json["weekdays"].push_back(day);
      if (json["weekdays"].empty()) json["weekdays"].push_back("sun");
    }
    if (json["repeat"] == "monthly") json["day"] = ordinal(31);
    if (json["repeat"] == "nth_weekday") {
      json["nth"] = ordinal(5);
      json["weekday"] = kWeekdays[below(kWeekdays.size())];
    }
    if (json["repeat"] == "patch_tuesday") json["after_days"] = below(28);
    JsonReader in(json, "rule");
    made.rule = readRule(in);
    EXPECT_TRUE(in.finish()) << json;
    return made;
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  Json ordinal(std::size_t most) {
    const std::size_t value = below(most + 1);
    return value == 0 ? Json("last") : Json(value);
  }
  // Mostly at hours when clocks are changed.
  std::string time() {
    char text[6];
    std::snprintf(text, sizeof(text), "%02zu:%02zu", below(4) == 0 ? below(24) : below(4), below(60));
    return text;
  }

  std::mt19937_64 random_;
};

std::vector<std::string> askReference(const std::vector<Case>& cases) {
  const Folder folder;
  const std::string file = folder / "cases";
  std::ofstream out(file);
  for (const auto& one : cases) {
    out << Json{{"rule", toJson(one.rule)},
                {"zone", one.zone},
                {"after", one.after_s},
                {"until", one.until_s}}
               .dump()
        << '\n';
  }
  out.close();
  std::vector<std::string> lines;
  const std::string command = std::string("python3 ") + REDFLAG_REFERENCE + " < " + file;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return lines;
  std::string text;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    text.append(buffer, got);
  EXPECT_EQ(pclose(pipe), 0);
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

TEST(CalendarRules, come_when_a_second_implementation_says) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Cases cases(seed);
  std::vector<Case> all;
  for (int i = 0; i < 600; ++i)
    all.push_back(cases.next());
  const auto expected = askReference(all);
  ASSERT_EQ(expected.size(), all.size());
  std::size_t compared = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& one = all[i];
    std::string found;
    for (const auto& occurrence : occurrences(one.rule, Zone::find(one.zone).value(), one.after_s * kSecondNs,
                                              one.until_s * kSecondNs, 100'000)) {
      EXPECT_EQ(occurrence.at % kSecondNs, 0);
      found += (found.empty() ? "" : " ") + std::to_string(occurrence.at / kSecondNs);
      ++compared;
    }
    EXPECT_EQ(found, expected[i]) << toJson(one.rule) << ' ' << one.zone << ' ' << one.after_s;
  }
  EXPECT_GT(compared, 10'000U);
}

}  // namespace
}  // namespace redflag::testing
