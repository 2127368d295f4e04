#include "http/grants.h"

#include <gtest/gtest.h>

#include "http/message.h"

namespace redflag::http {
namespace {

TEST(Grants, a_role_reaches_down_from_everything_over_a_client_to_a_site_and_not_up) {
  const Grants all = Grants::everywhere("technician");
  EXPECT_EQ(all.roleOver("", ""), "technician");
  EXPECT_EQ(all.roleOver("a", ""), "technician");
  EXPECT_EQ(all.roleOver("a", "a1"), "technician");
  const Grants client({{"approver", "a", ""}});
  EXPECT_EQ(client.roleOver("", ""), "");
  EXPECT_EQ(client.roleOver("a", ""), "approver");
  EXPECT_EQ(client.roleOver("a", "a1"), "approver");
  EXPECT_EQ(client.roleOver("b", "b1"), "");
  const Grants site({{"admin", "a", "a1"}});
  EXPECT_EQ(site.roleOver("a", ""), "");
  EXPECT_EQ(site.roleOver("a", "a1"), "admin");
  EXPECT_EQ(site.roleOver("a", "a2"), "");
}

TEST(Grants, the_highest_of_those_that_reach_a_place_counts) {
  const Grants grants({{"viewer", "", ""}, {"admin", "a", ""}, {"technician", "b", "b1"}});
  EXPECT_EQ(grants.highest(), "admin");
  EXPECT_EQ(grants.roleOver("", ""), "viewer");
  EXPECT_EQ(grants.roleOver("a", "a1"), "admin");
  EXPECT_EQ(grants.roleOver("b", "b1"), "technician");
  EXPECT_EQ(grants.roleOver("b", "b2"), "viewer");
  EXPECT_EQ(Grants().highest(), "");
}

TEST(Grants, open_a_route_by_any_of_them_but_what_concerns_all_only_by_one_over_everything) {
  const Grants client({{"admin", "a", ""}});
  for (const auto permission : {Permission::kViewer, Permission::kApprover, Permission::kScopedAdmin})
    EXPECT_TRUE(client.admit(permission));
  EXPECT_FALSE(client.admit(Permission::kAdmin));
  EXPECT_FALSE(client.admit(Permission::kMetrics));
  EXPECT_TRUE(Grants::everywhere("admin").admit(Permission::kAdmin));
  EXPECT_FALSE(Grants::everywhere("approver").admit(Permission::kScopedAdmin));
  EXPECT_FALSE(Grants::everywhere("root").admit(Permission::kViewer));
  EXPECT_FALSE(Grants().admit(Permission::kViewer));
}

TEST(Grants, nobody_covers_more_than_he_administers) {
  const Grants client({{"admin", "a", ""}, {"viewer", "", ""}});
  EXPECT_TRUE(client.cover(Grant{"admin", "a", ""}));
  EXPECT_TRUE(client.cover(Grant{"viewer", "a", "a1"}));
  EXPECT_FALSE(client.cover(Grant{"viewer", "b", ""}));
  EXPECT_FALSE(client.cover(Grant{"viewer", "", ""}));
  EXPECT_FALSE(client.cover(Grants({{"viewer", "a", ""}, {"viewer", "b", ""}})));
  EXPECT_FALSE(Grants({{"admin", "a", "a1"}}).cover(Grant{"viewer", "a", ""}));
  EXPECT_FALSE(Grants::everywhere("approver").cover(Grant{"viewer", "a", ""}));
}

TEST(Visible, is_nothing_unless_somebody_says_so) {
  EXPECT_FALSE(Visible().all());
  EXPECT_FALSE(Visible().includes("a", "a1"));
  EXPECT_TRUE(Visible::everything().includes("a", "a1"));
  const Visible some = Grants({{"viewer", "a", ""}, {"admin", "a", "a1"}, {"admin", "b", "b1"}}).visible();
  EXPECT_EQ(some.clients(), std::vector<std::string>{"a"});
  EXPECT_EQ(some.sites(), std::vector<std::string>{"b1"});
  EXPECT_TRUE(some.includes("a", "a2"));
  EXPECT_FALSE(some.includes("b", "b2"));
  EXPECT_TRUE(Grants({{"technician", "a", ""}}).where("admin").clients().empty());
}

}  // namespace
}  // namespace redflag::http
