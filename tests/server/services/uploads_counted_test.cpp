// What agents sent, for whoever watches a server: no agent can use up the series of the others.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "metrics/registry.h"
#include "protocol/our_plugins.h"
#include "support/open_metrics.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

class UploadsCounted : public ::testing::Test {
 protected:
  UploadsCounted()
      : services_({world_.store,
                   world_.services.context().types,
                   world_.signer,
                   world_.services.context().bundle,
                   world_.services.context().epoch,
                   world_.bell,
                   world_.clock,
                   {},
                   nullptr,
                   &registry_}) {}

  void send(const Json& item) { services_.uploads.take(agent_, dumpJson({{"items", {item}}})); }
  void scanBy(const std::string& plugin) {
    Json item = world_.scanItem({});
    item["plugin"] = plugin;
    send(item);
  }

  World world_;
  metrics::Registry registry_;
  services::Services services_;
  const store::AgentKey agent_ = world_.enrol();
};

TEST_F(UploadsCounted, by_plugins_of_the_house_whatever_names_an_agent_invents) {
  for (int i = 0; i < 100; ++i)
    scanBy("invented-" + std::to_string(i));
  for (const auto plugin : protocol::kOurPlugins)
    scanBy(std::string(plugin));
  const OpenMetrics read(registry_.text());
  for (const auto plugin : protocol::kOurPlugins)
    EXPECT_EQ(read.sum("redflag_scan_duration_seconds_count", {{"plugin", std::string(plugin)}}), 1)
        << plugin;
  EXPECT_GE(read.sum("redflag_scan_duration_seconds_count", {{"plugin", "other"}}), 20);
}

TEST_F(UploadsCounted, from_the_start_so_that_a_rate_shows_the_first_one_that_is_rejected) {
  const std::string before = registry_.text();
  EXPECT_NE(before.find("redflag_upload_items_total{kind=\"scan\",outcome=\"rejected\"} 0\n"),
            std::string::npos)
      << before;
  send({{"kind", "scan"}, {"id", newId()}});
  EXPECT_EQ(OpenMetrics(registry_.text())
                .sum("redflag_upload_items_total", {{"kind", "scan"}, {"outcome", "rejected"}}),
            1);
}

TEST_F(UploadsCounted, by_kinds_that_there_are_whatever_kinds_an_agent_invents) {
  for (int i = 0; i < 100; ++i)
    send({{"kind", "invented-" + std::to_string(i)}, {"id", newId()}});
  scanBy("apt");
  const OpenMetrics read(registry_.text());
  EXPECT_EQ(read.sum("redflag_upload_items_total", {{"kind", "scan"}, {"outcome", "taken"}}), 1);
  EXPECT_EQ(read.sum("redflag_upload_items_total", {{"kind", "other"}, {"outcome", "rejected"}}), 100);
}

}  // namespace
}  // namespace redflag::testing
