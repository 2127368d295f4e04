#include "store/metered.h"

#include <gtest/gtest.h>

#include "http/message.h"
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

TEST(MeteredStore, tells_of_failures_before_the_first_one_so_that_a_rate_shows_it) {
  const testing::TestDatabase database;
  metrics::Registry registry;
  MeteredStore store(database.open(), registry);
  const std::string full = "redflag_store_failures_total{kind=\"write\",code=\"store.full\"} ";
  EXPECT_NE(registry.text().find(full + "0\n"), std::string::npos) << registry.text();
  const auto fails = [](WriteTransaction&) { throw http::Problem{503, "store.full", "no space"}; };
  EXPECT_THROW(store.write(fails), http::Problem);
  EXPECT_NE(registry.text().find(full + "1\n"), std::string::npos) << registry.text();
}

}  // namespace
}  // namespace redflag::store
