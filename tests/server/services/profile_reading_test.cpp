// How much is read to say what profiles wish.
#include <gtest/gtest.h>

#include "services/profiles.h"
#include "support/counting_store.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

// Counts the rows that are read.
class RowCountingConnection : public CountingConnection {
 public:
  RowCountingConnection(std::unique_ptr<store::sql::Connection> inner, std::size_t& read)
      : CountingConnection(std::move(inner)), read_(read) {}
  store::sql::Rows queryValues(std::string_view sql, const std::vector<store::sql::Value>& values) override {
    for (auto rows = CountingConnection::queryValues(sql, values); rows.next();)
      ++read_;
    return CountingConnection::queryValues(sql, values);
  }

 private:
  std::size_t& read_;
};

store::Profile wishing(const store::DecisionScope& scope, const std::string& level) {
  store::Profile one;
  one.name = "Usual";
  one.scope = scope;
  one.settings = dumpJson({{"log", {{"level", level}}}});
  return one;
}

TEST(ProfileReading, is_of_no_profiles_of_other_clients) {
  World world;
  const auto agent = world.enrol();
  std::size_t rows = 0;
  CountingStore counting(std::make_unique<RowCountingConnection>(world.database.connect(), rows));
  const services::Context& with = world.services.context();
  const services::Context context{counting,   with.types, with.signer, with.bundle,
                                  with.epoch, with.bell,  with.clock};
  const services::Profiles profiles(context);
  const auto add = [&](const store::DecisionScope& scope, const std::string& level) {
    world.services.profiles.add(wishing(scope, level), world.admin);
  };
  const store::DecisionScope here{agent.client_id, "", ""};
  add({}, "debug");
  const auto reading = [&] {
    rows = 0;
    EXPECT_EQ(profiles.at(here, world.admin).wished.at("/log/level").value, "debug");
    EXPECT_EQ(profiles.preview(wishing(here, "error"), world.admin).agents, 1);
    EXPECT_EQ(profiles.ofAgent(agent.agent_id, world.admin).wished.size(), 1U);
    return rows;
  };
  const auto other = world.services.places.addClient("Elsewhere", world.admin).id;
  const auto site = world.services.places.addSite(other, "There", world.admin).id;
  const std::size_t before = reading();
  add({other, "", ""}, "error");
  add({other, site, ""}, "error");
  EXPECT_EQ(reading(), before);
  EXPECT_EQ(profiles.at({}, world.admin).agents, 1);
  add(here, "debug");
  EXPECT_GT(reading(), before) << "its own are";
}

}  // namespace
}  // namespace redflag::testing
