#include "agent/agent_orders.h"

#include <gtest/gtest.h>

namespace redflag::kernel {
namespace {

TEST(WithoutSecrets, takes_out_what_is_as_long_as_a_key_and_leaves_ids_and_words) {
  const std::string id = "01KCOMMAND00000000000000007";
  const std::string key(43, 'A');
  EXPECT_EQ(withoutSecrets("order " + id + " refused by /usr/lib/redflag/plugins/apt.so: no"),
            "order " + id + " refused by /usr/lib/redflag/plugins/apt.so: no");
  EXPECT_EQ(withoutSecrets("token=" + key), "(left out)") << "a key that hangs on its name goes with it";
  EXPECT_EQ(withoutSecrets("Bearer " + key + "."), "Bearer (left out).");
  EXPECT_EQ(withoutSecrets(key + " " + key), "(left out) (left out)");
  EXPECT_EQ(withoutSecrets(""), "");
}

}  // namespace
}  // namespace redflag::kernel
