// A database that is set back to an older one: what ended since ends again.
#include "services/endings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/key_handover.h"
#include "protocol/state_document.h"
#include "services/key_rotation.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using services::Ending;
using services::Endings;
using What = Ending::What;

services::EndingList readBack(const std::filesystem::path& file) {
  const auto read = services::readEndings(file);
  EXPECT_TRUE(read) << (read ? "" : read.error().text);
  return read && *read ? **read : services::EndingList{};
}

TEST(Endings, are_kept_over_restarts_and_of_one_thing_the_newest_counts) {
  const Folder folder;
  const auto file = folder / "endings";
  std::string journal;
  {
    Endings endings(file);
    journal = endings.list().journal;
    endings.add({What::kAccount, "a", "shut"});
    endings.add({What::kAgent, "b", ""});
    endings.add({What::kAgent, "b", ""});
    endings.add({What::kAccount, "a", "open"});
    endings.add({What::kSeat, "c", "2"});
    endings.add({What::kSeat, "c", "1"});  // that commit was told of later
  }
  const auto read = readBack(file);
  EXPECT_EQ(read.journal, journal);
  ASSERT_EQ(read.items.size(), 3U);
  EXPECT_EQ(read.items[1].value, "open");
  EXPECT_EQ(read.items[2].value, "2");
  Endings again(file);
  EXPECT_EQ(again.list().newest, read.newest);
  again.add({What::kAgent, "d", ""});
  EXPECT_TRUE(readBack(file).continues(read));
  EXPECT_FALSE(read.continues(readBack(file)));
  EXPECT_FALSE(Endings(folder / "other").list().continues(read));
}

TEST(Endings, of_which_the_last_line_was_cut_off_are_read_up_to_there_and_nothing_else_is) {
  const Folder folder;
  const auto file = folder / "endings";
  { Endings(file).add({What::kAgent, "a", ""}); }
  std::ofstream(file, std::ios::app) << R"({"number":2,"ended":"ag)";
  EXPECT_EQ(readBack(file).items.size(), 1U);
  { Endings(file).add({What::kAgent, "b", ""}); }
  EXPECT_EQ(readBack(file).items.size(), 2U);
  std::ofstream(file, std::ios::app) << "{\"number\":9,\"ended\":\"king\",\"id\":\"x\"}\n";
  const auto wrong = services::readEndings(file);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().text.find("line 4"), std::string::npos) << wrong.error().text;
  EXPECT_THROW(Endings{file}, std::runtime_error);
}

// A world whose services note what ends, as the server's do.
class SetBack : public ::testing::Test {
 protected:
  SetBack() : endings_(world_.folder / "endings"), services_(contextWith(&endings_)) {}
  services::Context contextWith(Endings* endings) {
    services::Context context = world_.services.context();
    context.endings = endings;
    return context;
  }
  std::string stateOf(const std::string& agent_id) {
    return world_.store.read(
        [&](const store::ReadTransaction& tx) { return tx.agents().key(agent_id)->standing.state; });
  }
  std::int64_t again() { return services::endAgain(world_.store, endings_.list(), world_.clock.now); }
  // What a database does that is set back.
  void forget(const std::function<void(store::WriteTransaction& tx)>& change) { world_.store.write(change); }

  World world_;
  Endings endings_;
  services::Services services_;
};

TEST_F(SetBack, E6_a_revoked_agent_is_revoked_again_and_it_is_recorded) {
  const auto agent = world_.enrol();
  services_.decisions.revoke(agent.agent_id, {"sold", world_.admin});
  EXPECT_EQ(again(), 0) << "the database knows";
  forget([&](store::WriteTransaction& tx) { tx.agents().setStanding(agent, {"active", "", 1, "line", 3}); });
  EXPECT_EQ(again(), 1);
  EXPECT_EQ(stateOf(agent.agent_id), "revoked");
  EXPECT_EQ(world_.history(agent).front().kind, "agent.revoked");
  EXPECT_EQ(again(), 0);
}

TEST_F(SetBack, E6_the_old_key_of_an_agent_that_was_bound_anew_opens_nothing_again) {
  const auto agent = world_.enrol();
  const auto made = services_.enrolment.rebind(agent.agent_id, "lost", 600, world_.admin);
  const std::string key = randomBytes(32);
  services_.enrolment.enrol({key, "alpha", "act", "", "", "", ""},
                            protocol::decodeBundle(made.bundle).value().token, "192.0.2.1");
  forget([&](store::WriteTransaction& tx) { tx.agents().setKey(agent, agent.public_key); });
  EXPECT_EQ(again(), 1);
  const auto now =
      world_.store.read([&](const store::ReadTransaction& tx) { return tx.agents().key(agent.agent_id); });
  EXPECT_EQ(now->public_key, key);
  EXPECT_EQ(now->standing.state, "active") << "whoever holds the new key enrols again and is this agent";
}

TEST_F(SetBack, E6_the_old_key_of_an_agent_that_handed_it_over_opens_nothing_again_and_its_line_goes_on) {
  const auto old_key = protocol::SigningKey::generate();
  const auto new_key = protocol::SigningKey::generate();
  const auto made = services_.enrolment.makeToken(1, 600, "", world_.admin);
  const auto agent = services_.enrolment
                         .enrol({old_key.publicKey(), "alpha", "act", "", "", "", ""},
                                protocol::decodeBundle(made.bundle).value().token, "192.0.2.1")
                         .first;
  const auto command =
      services_.orders.order("rotate_keys", {agent.agent_id}, Json::object(), world_.admin).front();
  services::takeKeyHandover(services_.context(), services_.access, agent,
                            protocol::sealKeyHandover(agent.agent_id, command.id, old_key, new_key),
                            "192.0.2.1");
  EXPECT_EQ(again(), 0) << "the database knows";
  forget([&](store::WriteTransaction& tx) { tx.agents().setKey(agent, old_key.publicKey()); });
  EXPECT_EQ(again(), 1);
  const auto [now, lines] = world_.store.read([&](const store::ReadTransaction& tx) {
    return std::pair(tx.agents().key(agent.agent_id).value(), tx.agents().lines(agent));
  });
  EXPECT_EQ(now.public_key, new_key.publicKey());
  EXPECT_EQ(lines.size(), 1U);
  EXPECT_EQ(world_.history(agent).front().kind, "agent.key_rotated");
}

TEST_F(SetBack, E6_a_token_whose_seat_was_taken_and_one_that_was_revoked_let_nobody_in_again) {
  const auto used = services_.enrolment.makeToken(1, 600, "", world_.admin);
  const auto revoked = services_.enrolment.makeToken(1, 600, "", world_.admin);
  const std::string secret = protocol::decodeBundle(used.bundle).value().token;
  services_.enrolment.enrol({randomBytes(32), "alpha", "act", "", "", "", ""}, secret, "192.0.2.1");
  services_.enrolment.revokeToken(revoked.token.id, world_.admin);
  // The same tokens in a database that knows of no seat and no revocation.
  World older;
  const auto list = endings_.list();
  older.store.write([&](store::WriteTransaction& tx) {
    const auto clients = tx.agents().clients(http::Visible::everything());
    for (auto token : {used.token, revoked.token}) {
      token.client_id = clients.front().id;
      token.site_id = clients.front().sites.front().id;
      tx.agents().addToken(token, toHex(sha256(token.id == used.token.id ? secret : "other")));
    }
  });
  EXPECT_EQ(services::endAgain(older.store, list, older.clock.now), 2);
  try {
    older.services.enrolment.enrol({randomBytes(32), "beta", "act", "", "", "", ""}, secret, "192.0.2.1");
    ADD_FAILURE() << "the seat was taken twice";
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.code, "enrolment.revoked");
  }
}

TEST_F(SetBack, E6_api_tokens_and_shut_accounts_stay_what_they_became) {
  const auto robot =
      services_.users.add("service", "robot", "", http::Grants::everywhere("viewer"), world_.admin);
  const auto token = services_.users.addToken(robot.id, "ci", 3600, world_.admin);
  services_.users.revokeToken(token.token.id, world_.admin);
  services_.users.change("service", robot.id, {{}, true}, world_.admin);
  forget([&](store::WriteTransaction& tx) { tx.people().setDisabled(robot.id, false); });
  EXPECT_EQ(again(), 1);
  EXPECT_TRUE(services_.users.find("service", robot.id, world_.admin).disabled);
  services_.users.change("service", robot.id, {{}, false}, world_.admin);
  EXPECT_EQ(again(), 0) << "it was opened again";
}

TEST_F(SetBack, what_another_server_made_of_keys_and_accounts_since_is_not_undone) {
  const auto robot =
      services_.users.add("service", "robot", "", http::Grants::everywhere("viewer"), world_.admin);
  services_.users.change("service", robot.id, {{}, true}, world_.admin);
  const auto agent = world_.enrol();
  const auto made = services_.enrolment.rebind(agent.agent_id, "lost", 600, world_.admin);
  services_.enrolment.enrol({randomBytes(32), "alpha", "act", "", "", "", ""},
                            protocol::decodeBundle(made.bundle).value().token, "192.0.2.1");
  const std::string newer = randomBytes(32);
  world_.services.users.change("service", robot.id, {{}, false}, world_.admin);
  world_.store.write([&](store::WriteTransaction& tx) { tx.agents().setKey(agent, newer); });
  services::learnChanges(world_.store, endings_);
  EXPECT_EQ(again(), 0);
  EXPECT_FALSE(services_.users.find("service", robot.id, world_.admin).disabled);
  const auto keyNow = [&] {
    return world_.store
        .read([&](const store::ReadTransaction& tx) { return tx.agents().key(agent.agent_id); })
        ->public_key;
  };
  EXPECT_EQ(keyNow(), newer);
  forget([&](store::WriteTransaction& tx) { tx.agents().setKey(agent, agent.public_key); });
  EXPECT_EQ(again(), 1) << "and is what a database that is set back has to become";
  EXPECT_EQ(keyNow(), newer);
}

TEST_F(SetBack, a_database_that_was_set_back_does_not_stand_on_the_head_that_was_kept) {
  const auto key = protocol::SigningKey::generate();
  const auto file = world_.folder / "head";
  const auto over = [&](store::Store& store) {
    return services::AuditKeeper(store, key, file, world_.clock, kDay * kSecondNs);
  };
  world_.enrol();
  services_.users.add("service", "robot", "", http::Grants::everywhere("viewer"), world_.admin);
  auto here = over(world_.store);
  EXPECT_FALSE(here.standsOnKept()) << "none was";
  here.finish(world_.clock.now);
  EXPECT_TRUE(here.standsOnKept());
  services_.users.add("service", "later", "", http::Grants::everywhere("viewer"), world_.admin);
  EXPECT_TRUE(here.standsOnKept());
  World older;
  EXPECT_FALSE(over(older.store).standsOnKept());
}

TEST_F(SetBack, E6_what_ended_before_there_was_a_file_is_learnt_from_the_database) {
  const auto agent = world_.enrol();
  world_.services.decisions.revoke(agent.agent_id, {"sold", world_.admin});
  services::learnEndings(world_.store, endings_);
  forget([&](store::WriteTransaction& tx) { tx.agents().setStanding(agent, {"active", "", 1, "line", 3}); });
  EXPECT_EQ(again(), 1);
  EXPECT_EQ(stateOf(agent.agent_id), "revoked");
}

TEST_F(SetBack, E6_where_nobody_knows_what_ended_agents_wait_for_a_person_and_their_reports_flow) {
  auto agent = world_.enrol();
  const auto open = services_.enrolment.makeToken(1, 600, "", world_.admin);
  services_.orders.order("scan", {agent.agent_id}, Json::object(), world_.technician);
  services::recheckRestored(world_.store, {}, false, world_.clock.now);
  EXPECT_EQ(stateOf(agent.agent_id), "restored");
  agent.standing.state = "restored";
  EXPECT_TRUE(services_.orders.fetch(agent).empty());
  world_.mustTake(agent, {world_.statusItem("alpha", "act")});
  EXPECT_THROW(services_.enrolment.enrol({randomBytes(32), "beta", "act", "", "", "", ""},
                                         protocol::decodeBundle(open.bundle).value().token, "192.0.2.1"),
               http::Problem);
  EXPECT_TRUE(services_.decisions.acceptRestored({agent.agent_id}, {"all ours", world_.admin}).empty());
  EXPECT_EQ(stateOf(agent.agent_id), "active");
}

}  // namespace
}  // namespace redflag::testing
