#include "link/server_places.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "fake_server.h"
#include "marks.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

using test::FakeServer;

class ServerPlacesTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    identity_ = {"agent", "client", "site", {server_.url()}, server_.authorities(), "journal"};
    ASSERT_TRUE(store_.save(identity_));
  }
  static protocol::CommandList listOf(std::vector<std::string> urls, std::vector<std::string> authorities) {
    protocol::CommandList list;
    list.urls = std::move(urls);
    list.authorities = std::move(authorities);
    return list;
  }
  Identity stored() const { return store_.load().value(); }

  FakeServer server_;
  FakeServer other_;  // elsewhere, under an authority of its own
  test::TemporaryFolder folder_;
  IdentityStore store_{folder_.path(), test::machineOf({})};
  Identity identity_;
  Proxy proxy_;
  HttpTimes times_{1'000'000'000, 1'000'000'000, 2'000'000'000};
  ServerPlaces places_{{store_, identity_, proxy_, times_}};
};

TEST_F(ServerPlacesTest, F4_takes_over_a_new_address_and_a_new_authority_once_they_work_alone) {
  places_.follow(listOf({other_.url()}, other_.authorities()));
  EXPECT_EQ(stored().urls, std::vector<std::string>{other_.url()});
  EXPECT_EQ(stored().authorities, other_.authorities());
  EXPECT_EQ(stored().agent_id, "agent");
  EXPECT_EQ(stored().journal_id, "journal");
}

TEST_F(ServerPlacesTest, F4_lets_an_authority_go_that_the_list_no_longer_names) {
  identity_.authorities = {server_.authorities()[0], server_.authorities()[1], other_.authorities()[0]};
  ASSERT_TRUE(store_.save(identity_));
  places_.follow(listOf({server_.url()}, server_.authorities()));
  EXPECT_EQ(stored().authorities, server_.authorities());
}

TEST_F(ServerPlacesTest, F4_gives_up_nothing_that_works_for_what_does_not) {
  // Under these authorities nobody answers at that address.
  places_.follow(listOf({server_.url()}, other_.authorities()));
  places_.follow(listOf({"https://127.0.0.1:1"}, server_.authorities()));
  EXPECT_EQ(stored().urls, identity_.urls);
  EXPECT_EQ(stored().authorities, identity_.authorities);
}

TEST_F(ServerPlacesTest, F4_without_contact_it_looks_also_where_the_list_says) {
  places_.widen(listOf({other_.url()}, other_.authorities()));
  EXPECT_EQ(stored().urls, (std::vector<std::string>{server_.url(), other_.url()}));
  EXPECT_EQ(stored().authorities.size(), 4U);
  EXPECT_EQ(stored().authorities[0], server_.authorities()[0]) << "what worked is tried first";
}

TEST_F(ServerPlacesTest, F4_ignores_authorities_that_are_none) {
  places_.follow(listOf({other_.url()}, {"one", "two"}));
  places_.widen(listOf({other_.url()}, {"one", "two"}));
  EXPECT_EQ(stored().urls, identity_.urls);
}

TEST_F(ServerPlacesTest, leaves_alone_who_became_another_agent_meanwhile) {
  Identity another = identity_;
  another.agent_id = "another";
  ASSERT_TRUE(store_.save(another));
  places_.follow(listOf({other_.url()}, other_.authorities()));
  EXPECT_EQ(stored().urls, identity_.urls);
}

TEST_F(ServerPlacesTest, tries_nothing_while_it_is_told_to_stop) {
  places_.interrupt();
  places_.follow(listOf({other_.url()}, other_.authorities()));
  EXPECT_EQ(stored().urls, identity_.urls);
}

}  // namespace
}  // namespace redflag::kernel
