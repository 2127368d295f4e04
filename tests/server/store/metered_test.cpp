#include "store/metered.h"

#include <gtest/gtest.h>

#include "support/database.h"

namespace redflag::store {
namespace {

TEST(MeteredStore, tells_reading_and_writing_of_every_route_apart) {
  constexpr int kRoutes = 180;  // more than there are
  const testing::TestDatabase database;
  metrics::Registry registry;
  MeteredStore store(database.open(), registry);
  for (int i = 0; i < kRoutes; ++i) {
    const metrics::Operation operation("GET /api/v1/" + std::to_string(i));
    store.read([](const ReadTransaction&) {});
    store.write([](WriteTransaction&) {});
  }
  const std::string text = registry.text();
  EXPECT_EQ(text.find("operation=\"other\""), std::string::npos);
  EXPECT_NE(text.find("_count{kind=\"write\",operation=\"GET /api/v1/179\"} 1\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace redflag::store
