#include "settings/units.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace redflag::settings {
namespace {

TEST(Units, reads_and_prints_durations) {
  EXPECT_EQ(*parseDuration("90s"), 90 * kSecondNs);
  EXPECT_EQ(*parseDuration("15m"), 900 * kSecondNs);
  EXPECT_EQ(*parseDuration("6h"), 6 * 3600 * kSecondNs);
  EXPECT_EQ(*parseDuration("2d"), 2 * 86400 * kSecondNs);
  EXPECT_EQ(durationText(90 * kSecondNs), "90s");
  EXPECT_EQ(durationText(7200 * kSecondNs), "2h");
  EXPECT_EQ(durationText(0), "0s");
}

TEST(Units, refuses_durations_without_a_unit_or_out_of_range) {
  for (const char* text :
       {"", "6", "h", "-1h", "+1h", "1.5h", "6 h", "6H", "6hours", "99999999999999999999h", "4000d"}) {
    EXPECT_FALSE(parseDuration(text)) << text;
  }
}

TEST(Units, reads_and_prints_sizes) {
  EXPECT_EQ(*parseSize("64KiB"), 65536U);
  EXPECT_EQ(*parseSize("128MiB"), 128U << 20U);
  EXPECT_EQ(*parseSize("1000"), 1000U);
  EXPECT_EQ(sizeText(128U << 20U), "128MiB");
  EXPECT_EQ(sizeText(1000), "1000");
}

TEST(Units, refuses_other_units_and_sizes_out_of_range) {
  for (const char* text :
       {"", "1MB", "1 MiB", "-1", "0x10", "18446744073709551616", "18014398509481985KiB", "2000GiB"}) {
    EXPECT_FALSE(parseSize(text)) << text;
  }
}

}  // namespace
}  // namespace redflag::settings
