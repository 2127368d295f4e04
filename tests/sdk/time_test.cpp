#include "base/time.h"

#include <gtest/gtest.h>

#include <limits>

namespace redflag {
namespace {

TEST(Rfc3339, is_written_in_utc_with_milliseconds) {
  EXPECT_EQ(toRfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(toRfc3339(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(toRfc3339(1'709'251'199'999'999'999), "2024-02-29T23:59:59.999Z");
  EXPECT_EQ(toRfc3339(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16.854Z");
  EXPECT_EQ(toRfc3339(std::numeric_limits<std::int64_t>::min()), "1677-09-21T00:12:43.145Z");
}

TEST(Rfc3339, is_read_with_and_without_a_fraction) {
  EXPECT_EQ(fromRfc3339("1970-01-01T00:00:00Z").value(), 0);
  EXPECT_EQ(fromRfc3339("1969-12-31T23:59:59.5Z").value(), -500'000'000);
  EXPECT_EQ(fromRfc3339("2024-02-29T23:59:59.123456789Z").value(), 1'709'251'199'123'456'789);
  for (const std::int64_t at : {1'700'000'000'123'000'000L, -1'000'000L, 0L}) {
    EXPECT_EQ(fromRfc3339(toRfc3339(at)).value(), at);
  }
}

TEST(Rfc3339, is_refused_in_any_other_form) {
  for (const char* text : {"",
                           "Z",
                           "2024-02-30T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T00:60:00Z",
                           "2024-01-01T00:00:60Z",
                           "2024-01-01 00:00:00Z",
                           "2024-01-01T00:00:00",
                           "2024-01-01T00:00:00+00:00",
                           "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00.1234567890Z",
                           "2024-1-1T00:00:00.00Z",
                           "2024-01-01T00:00:00.-1Z",
                           "+024-01-01T00:00:00Z",
                           "9999-01-01T00:00:00Z",
                           "1600-01-01T00:00:00Z",
                           "2024-01-01T00:00:00Z\n"}) {
    EXPECT_FALSE(fromRfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace redflag
