#include <gtest/gtest.h>

#include "auth/api_tokens.h"
#include "base/encoding.h"
#include "http/message.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;

class People : public ::testing::Test {
 protected:
  People() {
    a_ = world_.services.places.addClient("Client A", world_.admin);
    b_ = world_.services.places.addClient("Client B", world_.admin);
    admin_of_a_ = {"anna", Grants({{"admin", a_.id, ""}})};
  }

  store::Account add(const std::string& name, const Grants& grants, const Actor& actor,
                     const std::string& kind = "person") {
    return world_.services.users.add(kind, name, "hash", grants, actor);
  }

  template <class F>
  static std::string codeOf(F&& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code;
    }
    return "done";
  }

  std::vector<std::string> names(const Actor& actor) {
    std::vector<std::string> out;
    for (const auto& account : world_.services.users.list("person", actor))
      out.push_back(account.name);
    return out;
  }

  World world_;
  store::Client a_;
  store::Client b_;
  Actor admin_of_a_;
};

TEST_F(People, an_admin_of_a_client_gives_only_within_it_and_each_try_beyond_is_recorded) {
  EXPECT_EQ(codeOf([&] { add("one", Grants({{"admin", a_.id, ""}}), admin_of_a_); }), "done");
  EXPECT_EQ(codeOf([&] { add("two", Grants::everywhere("viewer"), admin_of_a_); }), "403 grant.exceeds");
  EXPECT_EQ(codeOf([&] {
              add("three", Grants({{"viewer", b_.id, ""}}), admin_of_a_);
            }),
            "404 grant.place_not_found");
  EXPECT_EQ(codeOf([&] {
              add("four", Grants({{"viewer", newId(), ""}}), admin_of_a_);
            }),
            "404 grant.place_not_found");
  EXPECT_EQ(codeOf([&] {
              add("five", Grants({{"viewer", a_.id, newId()}}), admin_of_a_);
            }),
            "404 grant.place_not_found");
  EXPECT_EQ(names(world_.admin), std::vector<std::string>{"one"});
  const auto refused = world_.store.read([&](const store::ReadTransaction& tx) {
    return tx.events().countSince("grant.refused", 0, http::Visible::everything());
  });
  EXPECT_EQ(refused, 1);
}

TEST_F(People, nobody_manages_somebody_who_may_more) {
  const auto everything = add("everything", Grants::everywhere("viewer"), world_.admin);
  const auto both = add("both", Grants({{"viewer", a_.id, ""}, {"viewer", b_.id, ""}}), world_.admin);
  const auto own = add("own", Grants({{"approver", a_.id, ""}}), world_.admin);
  EXPECT_EQ(names(admin_of_a_), std::vector<std::string>{"own"});
  for (const auto& other : {everything, both}) {
    EXPECT_EQ(codeOf([&] { world_.services.users.setPassword(other.id, "hash", admin_of_a_); }),
              "404 user.not_found");
    EXPECT_EQ(codeOf([&] {
                world_.services.users.change("person", other.id, {{}, true}, admin_of_a_);
              }),
              "404 user.not_found");
    EXPECT_EQ(codeOf([&] { world_.services.users.remove("person", other.id, admin_of_a_); }),
              "404 user.not_found");
  }
  EXPECT_EQ(codeOf([&] { world_.services.users.remove("person", own.id, admin_of_a_); }), "done");
  EXPECT_EQ(names(world_.admin), (std::vector<std::string>{"both", "everything"}));
}

TEST_F(People, a_token_is_good_as_long_as_its_maker_could_make_it_now) {
  auto& users = world_.services.users;
  const Grants of_a({{"admin", a_.id, ""}});
  const auto boss = add("boss", of_a, world_.admin);
  const Actor maker{"boss", of_a, true, boss.id, boss.id};
  const auto robot = add("robot", Grants({{"technician", a_.id, ""}}), maker, "service");
  const auto made = users.addToken(robot.id, "one", 3600, maker);
  const auto good = [&] {
    const bool found = world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.people().findApiToken(auth::ApiTokens::hashOf(made.secret)).has_value();
    });
    EXPECT_EQ(users.tokens(robot.id).at(0).ended, !found);
    return found;
  };
  const auto become = [&](const services::AccountChange& change) {
    users.change("person", boss.id, change, world_.admin);
  };
  EXPECT_TRUE(good());
  become({Grants({{"admin", b_.id, ""}}), {}});
  EXPECT_FALSE(good()) << "administers another client";
  become({Grants({{"approver", a_.id, ""}}), {}});
  EXPECT_FALSE(good()) << "is no admin";
  become({of_a, {}});
  EXPECT_TRUE(good());
  users.change("service", robot.id, {Grants({{"viewer", a_.id, ""}, {"viewer", b_.id, ""}}), {}},
               world_.admin);
  EXPECT_FALSE(good()) << "the account may more than its maker administers";
  users.change("service", robot.id, {Grants({{"viewer", a_.id, ""}}), {}}, world_.admin);
  become({{}, true});
  EXPECT_FALSE(good()) << "is disabled";
  become({{}, false});
  EXPECT_TRUE(good());
  users.remove("person", boss.id, world_.admin);
  EXPECT_FALSE(good()) << "is gone";
  add("boss", of_a, world_.admin);
  EXPECT_FALSE(good()) << "another one of the same name";
}

TEST_F(People, each_clients_history_tells_of_grants_to_its_own_places_alone) {
  const auto moved = add("moved", Grants({{"viewer", a_.id, ""}}), world_.admin);
  world_.services.users.change("person", moved.id, {Grants({{"approver", b_.id, ""}}), {}}, world_.admin);
  const auto told = [&](const std::string& client_id) {
    return world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.events().history(client_id, "", {1, ""}).items.at(0).text;
    });
  };
  EXPECT_EQ(told(a_.id), "user moved: viewer of client " + a_.id + " becomes nothing");
  EXPECT_EQ(told(b_.id), "user moved: nothing becomes approver of client " + b_.id);
}

TEST_F(People, the_last_admin_of_everything_stays_one) {
  const auto first = add("first", Grants::everywhere("admin"), world_.admin);
  auto& users = world_.services.users;
  const auto demote = [&] {
    users.change("person", first.id, {Grants::everywhere("viewer"), {}}, world_.admin);
  };
  EXPECT_EQ(codeOf(demote), "409 user.last_admin");
  EXPECT_EQ(codeOf([&] {
              users.change("person", first.id, {{}, true}, world_.admin);
            }),
            "409 user.last_admin");
  EXPECT_EQ(codeOf([&] { users.remove("person", first.id, world_.admin); }), "409 user.last_admin");
  // Neither somebody who cannot sign in nor a service account keeps the server in anybody's hands.
  const auto second = add("second", Grants::everywhere("admin"), world_.admin);
  add("script", Grants::everywhere("admin"), world_.admin, "service");
  users.change("person", second.id, {{}, true}, world_.admin);
  EXPECT_EQ(codeOf(demote), "409 user.last_admin");
  EXPECT_EQ(users.find("person", first.id, world_.admin).grants, Grants::everywhere("admin"));
  users.change("person", second.id, {{}, false}, world_.admin);
  EXPECT_EQ(codeOf(demote), "done");
}

TEST_F(People, D9_sessions_end_with_the_password_and_with_being_shut_out_and_a_changed_grant_counts_at_once) {
  const auto user = add("user", Grants::everywhere("viewer"), world_.admin);
  const std::string hash(32, 's');
  const auto begin = [&] {
    world_.store.write([&](store::WriteTransaction& tx) {
      tx.people().addSession({hash, user.id, 1, 1, world_.clock.now + 1});
    });
  };
  const auto session = [&] { return world_.services.accounts.findSession(hash); };
  begin();
  world_.services.users.change("person", user.id, {Grants({{"admin", a_.id, ""}}), {}}, world_.admin);
  EXPECT_EQ(session()->grants, Grants({{"admin", a_.id, ""}}));
  world_.services.users.setPassword(user.id, "other", world_.admin);
  EXPECT_FALSE(session());
  begin();
  world_.services.users.change("person", user.id, {{}, true}, world_.admin);
  EXPECT_FALSE(session());
  EXPECT_FALSE(world_.services.accounts.findUser("user")) << "signs in no more";
}

TEST_F(People, a_token_opens_until_it_expires_is_revoked_or_its_account_is_shut_out) {
  const auto account = add("script", Grants({{"technician", a_.id, ""}}), admin_of_a_, "service");
  auto& users = world_.services.users;
  auth::ApiTokens tokens(world_.services.accounts, world_.clock);
  const auto make = [&] { return users.addToken(account.id, "one", 3600, admin_of_a_); };
  const auto opens = [&](const services::NewApiToken& made) {
    return tokens.find("Bearer " + made.secret).has_value();
  };
  const auto first = make();
  EXPECT_EQ(tokens.find("Bearer " + first.secret)->grants, account.grants);
  EXPECT_EQ(users.tokens(account.id)[0].last_used_at, world_.clock.now);
  const auto second = make();
  users.revokeToken(first.token.id, admin_of_a_);
  EXPECT_FALSE(opens(first));
  EXPECT_TRUE(opens(second));
  users.change("service", account.id, {{}, true}, admin_of_a_);
  EXPECT_FALSE(opens(second));
  users.change("service", account.id, {{}, false}, admin_of_a_);
  EXPECT_TRUE(opens(second));
  world_.clock.advance_s(3600);
  EXPECT_FALSE(opens(second));
  EXPECT_FALSE(tokens.find("Bearer rf_"));
  EXPECT_FALSE(tokens.find(second.secret));
}

TEST_F(People, a_token_for_an_account_that_may_more_is_not_to_be_had) {
  const auto strong = add("strong", Grants::everywhere("viewer"), world_.admin, "service");
  EXPECT_EQ(codeOf([&] { world_.services.users.addToken(strong.id, "one", 60, admin_of_a_); }),
            "404 service_account.not_found");
  const auto made = world_.services.users.addToken(strong.id, "one", 60, world_.admin);
  EXPECT_EQ(codeOf([&] { world_.services.users.revokeToken(made.token.id, admin_of_a_); }),
            "404 api_token.not_found");
  EXPECT_EQ(codeOf([&] {
              add("strong", Grants({{"viewer", a_.id, ""}}), admin_of_a_, "service");
            }),
            "409 user.name_taken");
  EXPECT_FALSE(world_.services.accounts.findUser("strong")) << "an account for scripts does not sign in";
}

TEST_F(People, are_removed_with_all_they_hold) {
  const auto account = add("script", Grants({{"viewer", a_.id, ""}}), world_.admin, "service");
  const auto made = world_.services.users.addToken(account.id, "one", 60, world_.admin);
  world_.services.users.remove("service", account.id, world_.admin);
  EXPECT_FALSE(world_.services.accounts.findToken(auth::ApiTokens::hashOf(made.secret)));
  EXPECT_TRUE(world_.services.users.tokens(account.id).empty());
}

}  // namespace
}  // namespace redflag::testing
