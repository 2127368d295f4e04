#include "swarm/run.h"

#include <gtest/gtest.h>

namespace redflag::swarm {
namespace {

TEST(RunOptions, know_of_orders_in_whichever_way_they_are_given) {
  RunOptions options;
  EXPECT_FALSE(options.ordersAnything());
  options.orders.every_ns = kSecondNs;
  EXPECT_TRUE(options.ordersAnything());
  options.orders.every_ns = 0;
  options.moments.broadcast = "scan";
  EXPECT_TRUE(options.ordersAnything()) << "whether a broadcast has ended is asked the server as well";
}

}  // namespace
}  // namespace redflag::swarm
