#include "services/places.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;

std::string refusalOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const http::Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code + ": " + problem.detail;
  }
  return "done";
}

class ClientsAndSites : public ::testing::Test {
 protected:
  ClientsAndSites()
      : agent_(world_.enrol()),
        a_(places_.addClient("Client A", world_.admin)),
        one_(places_.addSite(a_.id, "One", world_.admin)),
        admin_of_a_{"anna", Grants({{"admin", a_.id, ""}})} {}

  std::string enrolAt(const std::string& site_id) {
    const auto made = world_.services.enrolment.makeToken(1, 600, site_id, world_.admin);
    const std::string token = protocol::decodeBundle(made.bundle).value().token;
    return world_.services.enrolment
        .enrol({randomBytes(32), "there", "act", "1", "linux", "Debian", "12"}, token, "x")
        .first.agent_id;
  }

  World world_;
  services::Places& places_ = world_.services.places;
  store::AgentKey agent_;  // of the first start's client
  store::Client a_;
  store::Place one_;
  Actor admin_of_a_;
};

TEST_F(ClientsAndSites, are_named_once_renamed_and_removed_when_they_are_empty) {
  EXPECT_EQ(refusalOf([&] { places_.addClient("Client A", world_.admin); }),
            "409 place.name_taken: there is one of this name already");
  EXPECT_EQ(refusalOf([&] { places_.addSite(a_.id, "One", admin_of_a_); }),
            "409 place.name_taken: there is one of this name already");
  EXPECT_EQ(places_.renameClient(a_.id, "Client Z", world_.admin).name, "Client Z");
  EXPECT_EQ(places_.renameSite(one_.id, "First", admin_of_a_).name, "First");
  EXPECT_EQ(places_.list(admin_of_a_)[0].sites[0].name, "First");
  EXPECT_EQ(refusalOf([&] { places_.removeClient(a_.id, world_.admin); }),
            "409 client.not_empty: it is not empty: 1 site");
  places_.removeSite(one_.id, admin_of_a_);
  places_.removeClient(a_.id, world_.admin);
  EXPECT_TRUE(places_.list(admin_of_a_).empty());
}

TEST_F(ClientsAndSites, say_what_is_in_them_when_they_cannot_be_removed) {
  enrolAt(one_.id);
  const auto token = world_.services.enrolment.makeToken(1, 600, one_.id, admin_of_a_).token;
  world_.services.users.add("person", "sam", "hash", Grants({{"viewer", a_.id, one_.id}}), world_.admin);
  EXPECT_EQ(refusalOf([&] { places_.removeSite(one_.id, admin_of_a_); }),
            "409 site.not_empty: it is not empty: 1 machine, 2 enrolment tokens that are still good, 1 grant "
            "to somebody");
  const auto two = places_.addSite(a_.id, "Two", admin_of_a_);
  world_.services.enrolment.makeToken(1, 600, two.id, admin_of_a_);
  world_.clock.advance_s(601);
  places_.removeSite(two.id, admin_of_a_);
  EXPECT_EQ(places_.list(admin_of_a_)[0].sites.size(), 1U) << "a token that has expired goes with its site";
}

TEST_F(ClientsAndSites, a_machine_moves_within_its_client) {
  const std::string agent_id = enrolAt(one_.id);
  const auto two = places_.addSite(a_.id, "Two", admin_of_a_);
  const Actor of_two{"tess", Grants({{"viewer", a_.id, two.id}})};
  const auto seen = [&] {
    return world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents().list({}, of_two.grants.visible(), {}, {10, ""}).total;
    });
  };
  EXPECT_EQ(seen(), 0);
  EXPECT_EQ(places_.move(agent_id, two.id, admin_of_a_).site.name, "Two");
  EXPECT_EQ(seen(), 1);
  EXPECT_EQ(places_.list(admin_of_a_)[0].sites[1].agents, 1);
  const Actor of_one{"otto", Grants({{"admin", a_.id, one_.id}, {"viewer", a_.id, ""}})};
  EXPECT_EQ(refusalOf([&] { places_.move(agent_id, one_.id, of_one); }).substr(0, 21),
            "403 role.insufficient")
      << "out of a site that others administer";
  EXPECT_EQ(refusalOf([&] { places_.move(agent_.agent_id, one_.id, world_.admin); }).substr(0, 21),
            "409 site.other_client");
  EXPECT_EQ(refusalOf([&] { places_.move(agent_.agent_id, one_.id, admin_of_a_); }).substr(0, 19),
            "404 agent.not_found");
}

TEST_F(ClientsAndSites, of_others_do_not_exist) {
  const Actor stranger{"bob", Grants({{"admin", agent_.client_id, ""}})};
  EXPECT_EQ(refusalOf([&] { places_.addSite(a_.id, "Three", stranger); }),
            refusalOf([&] { places_.addSite(newId(), "Three", stranger); }));
  EXPECT_EQ(refusalOf([&] { places_.renameSite(one_.id, "Mine", stranger); }),
            refusalOf([&] { places_.renameSite(newId(), "Mine", stranger); }));
  EXPECT_EQ(refusalOf([&] { places_.removeSite(one_.id, stranger); }).substr(0, 18), "404 site.not_found");
  EXPECT_EQ(places_.list(stranger).size(), 1U);
  const Actor site_only{"sid", Grants({{"admin", a_.id, one_.id}})};
  EXPECT_EQ(refusalOf([&] { places_.renameSite(one_.id, "Mine", site_only); }).substr(0, 21),
            "403 role.insufficient")
      << "its sites are the client's business";
}

}  // namespace
}  // namespace redflag::testing
