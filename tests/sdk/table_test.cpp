#include "base/table.h"

#include <gtest/gtest.h>

namespace redflag {
namespace {

TEST(Table, aligns_columns_by_characters_not_bytes) {
  Table table({"NAME", "VALUE"});
  table.add({"größe", "1"});
  table.add({"x", "22"});
  EXPECT_EQ(table.toText("  "), "  NAME   VALUE\n  größe  1\n  x      22\n");
}

TEST(Table, shows_nothing_that_a_terminal_would_obey) {
  EXPECT_EQ(cellText("a\x1b[31mb\nc\x7f"), "a?[31mb?c?");
  EXPECT_EQ(cellText("a\xc2\x9b"
                     "31mb\xc2\xa0\xc2"),
            "a?31mb\xc2\xa0\xc2")
      << "the 8-bit form of the same";
}

TEST(Table, cuts_long_cells) {
  EXPECT_EQ(cellText(std::string(100, 'x'), 5), "xxxxx…");
  EXPECT_EQ(cellText("ééééé", 5), "ééééé");
}

}  // namespace
}  // namespace redflag
