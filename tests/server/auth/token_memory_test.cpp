#include "auth/token_memory.h"

#include <gtest/gtest.h>

namespace redflag::auth {
namespace {

TEST(TokenMemory, knows_what_was_added_and_nothing_else) {
  TokenMemory memory(10);
  EXPECT_FALSE(memory.knows("a"));
  memory.add("a");
  EXPECT_TRUE(memory.knows("a"));
  EXPECT_FALSE(memory.knows("A"));
  EXPECT_FALSE(memory.knows("a "));
  EXPECT_FALSE(memory.knows(""));
}

TEST(TokenMemory, forgets_what_nobody_asks_for_and_keeps_what_is_in_use) {
  TokenMemory memory(10);
  memory.add("in use");
  memory.add("left");
  for (int i = 0; i < 40; ++i) {
    memory.add(std::to_string(i));
    EXPECT_TRUE(memory.knows("in use")) << i;
  }
  EXPECT_FALSE(memory.knows("left"));
  int known = 0;
  for (int i = 0; i < 40; ++i)
    known += memory.knows(std::to_string(i)) ? 1 : 0;
  EXPECT_GE(known, 9);
  EXPECT_LE(known, 20);
}

}  // namespace
}  // namespace redflag::auth
