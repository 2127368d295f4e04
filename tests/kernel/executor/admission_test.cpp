// What the executor accepts and refuses by itself. No worker runs here: whatever is refused had no chance to
// do anything.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "base/encoding.h"
#include "executor/executor_client.h"
#include "executor/server.h"
#include "support.h"

namespace redflag::kernel::test {
namespace {

class Admission : public testing::Test {
 protected:
  Admission() {
    EXPECT_TRUE(initCrypto().has_value());
    rules.state.policy = allowEverything();
    rules.state.plugins["test.updater"] = {};
    EXPECT_TRUE(saveExecutorTrust(folder.path(), server.trust()).has_value());
  }
  Json submit(const Json& envelope) { return executor.handle(submitRequest(envelope)); }
  Json submit(const protocol::Envelope& envelope) { return submit(server.seal(envelope)); }
  // The code of a refusal; otherwise the event itself, which no test expects.
  std::string refusalOf(const Json& answer) {
    return answer.at("event") == "refused" ? answer.at("code").get<std::string>() : dumpJson(answer);
  }
  protocol::Envelope order() const { return server.order(clock.epoch); }

  TestFolder folder;
  TestClock clock;
  TestRules rules;
  Server server;
  TestKeys keys{server.key.publicKey()};
  Executor executor{{folder.path(), "/nonexistent", {}, {}, "boot-1"}, rules, keys, clock};
};

TEST_F(Admission, accepts_a_good_order_and_answers_its_repetition_from_the_journal) {
  const auto envelope = order();
  const Json first = submit(envelope);
  EXPECT_EQ(first.at("event"), "accepted");
  EXPECT_EQ(first.at("command_id"), envelope.command_id);
  auto again = envelope;
  again.issued_at += kSecondNs;  // signed anew at each fetch
  EXPECT_EQ(submit(again), first);
  EXPECT_EQ(executor.handle({{"op", "status"}}).at("queued"), 1);
}

// Of a bad agent.yaml every mistake has a line, and names in it are in any encoding.
TEST_F(Admission, gives_a_reason_of_any_length_so_that_the_kernel_can_read_it) {
  const auto socket = folder.path() / "socket";
  const auto listening = listenForOrders(executor, socket, geteuid(), "");
  ASSERT_TRUE(listening.has_value()) << listening.error().text;
  ExecutorClient kernel(socket);
  for (const char letter : {'x', '\xE9'}) {
    rules.state.error = std::string(20'000, letter);
    const auto answer = kernel.submit(server.seal(order()), Json());
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->event, "refused");
    EXPECT_EQ(answer->code, "policy");
    EXPECT_GE(answer->text.size(), 4096U);
  }
}

TEST_F(Admission, answers_a_repetition_even_after_it_expired) {
  const Json sealed = server.seal(order());
  const Json first = submit(sealed);
  clock.epoch += 24 * 3600 * kSecondNs;
  EXPECT_EQ(submit(sealed), first);
}

TEST_F(Admission, refuses_a_change_in_any_byte) {
  const Json sealed = server.seal(order());
  const auto body = fromBase64(sealed.at("body").get<std::string>()).value();
  const auto trust = server.trust();
  for (std::size_t at = 0; at < body.size(); ++at) {
    std::string changed = body;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    Json envelope = sealed;
    envelope["body"] = toBase64(changed);
    const auto verdict = verifyEnvelope(envelope, trust, keys.listed.list, clock.epoch);
    ASSERT_FALSE(verdict.has_value()) << "byte " << at;
    ASSERT_EQ(verdict.error().code, "bad_signature") << "byte " << at;
  }
  EXPECT_EQ(submit(sealed).at("event"), "accepted");
}

TEST_F(Admission, refuses_a_changed_signature) {
  const Json sealed = server.seal(order());
  const auto signature = fromBase64(sealed.at("signature").get<std::string>()).value();
  std::vector<std::string> bad = {"", std::string(64, '\0'), signature.substr(0, 63), signature + "x"};
  for (std::size_t i = 0; i < signature.size(); ++i) {
    bad.push_back(signature);
    bad.back()[i] = static_cast<char>(bad.back()[i] ^ 1);
  }
  for (const std::string& bytes : bad) {
    Json envelope = sealed;
    envelope["signature"] = toBase64(bytes);
    EXPECT_EQ(refusalOf(submit(envelope)), "bad_signature");
  }
  EXPECT_EQ(executor.handle({{"op", "status"}}).at("refused"), bad.size());
}

TEST_F(Admission, refuses_what_it_should_not_do_by_name) {
  using Change = std::function<void(protocol::Envelope&)>;
  const std::vector<std::pair<std::string, Change>> cases = {
      {"wrong_agent", [](auto& e) { e.agent_id = "agent-2"; }},
      {"wrong_client", [](auto& e) { e.client_id = "client-2"; }},
      {"clock", [](auto& e) { e.issued_at -= 301 * kSecondNs; }},
      {"clock", [](auto& e) { e.issued_at += 301 * kSecondNs; }},
      {"expired", [](auto& e) { e.expires_at = e.issued_at; }},
      {"not_yet_valid", [](auto& e) { e.not_before = e.issued_at + 1; }},
      {"malformed", [](auto& e) { e.actions[0].action = "remove"; }},  // nothing is planned for it
      {"unknown_action", [](auto& e) { e.actions[0].action = "repair"; }},
      {"malformed",
       [](auto& e) {
         e.actions[0].action = "rollback";
         e.plan_hash.clear();
       }},
      {"malformed",
       [](auto& e) {
         e.actions[0].action = "download";
         e.plan_hash.clear();
       }},
      {"unknown_action", [](auto& e) { e.actions[0].plugin = "apt"; }},
      {"unknown_action", [](auto& e) { e.actions.push_back(e.actions[0]); }},
      {"malformed", [](auto& e) { e.plan_hash.clear(); }},
      {"malformed", [](auto& e) { e.command_id = ".."; }},
      {"malformed", [](auto& e) { e.actions[0].parameters = "{}"; }},
      {"malformed", [](auto& e) { e.actions[0].parameters = R"({"updates":[],"force":true})"; }},
      {"malformed", [](auto& e) { e.actions[0].parameters = R"({"updates":{}})"; }},
  };
  for (const auto& [code, change] : cases) {
    auto envelope = order();
    change(envelope);
    EXPECT_EQ(refusalOf(submit(envelope)), code);
  }
  EXPECT_EQ(executor.handle({{"op", "status"}}).at("queued"), 0);
}

TEST_F(Admission, refuses_keys_it_does_not_trust) {
  Server stranger;
  EXPECT_EQ(refusalOf(submit(stranger.seal(order()))), "unknown_key");
  keys.listed.why_not = "the list has expired";
  const Json refused = submit(order());
  EXPECT_EQ(refusalOf(refused), "unknown_key");
  EXPECT_NE(refused.at("text").get<std::string>().find("the list has expired"), std::string::npos);
  keys.listed.why_not.clear();
  keys.listed.list.keys[0].not_after = clock.epoch - 1;
  EXPECT_EQ(refusalOf(submit(order())), "unknown_key");
  keys.listed.list.keys.clear();
  EXPECT_EQ(refusalOf(submit(order())), "unknown_key");
  std::filesystem::remove(folder.path() / "trust.json");
  EXPECT_EQ(refusalOf(submit(order())), "unknown_key");
}

TEST_F(Admission, refuses_an_id_with_another_body) {
  const auto first = order();
  submit(first);
  auto other = first;
  other.actions[0].parameters = parametersOf({{"nginx", "3"}});
  EXPECT_EQ(refusalOf(submit(other)), "id_reused");
}

TEST_F(Admission, refuses_orders_from_before_a_restore_of_the_server) {
  auto newer = order();
  newer.restore_epoch = 2;
  EXPECT_EQ(submit(newer).at("event"), "accepted");
  EXPECT_EQ(refusalOf(submit(order())), "old_epoch");
}

TEST_F(Admission, refuses_everything_while_the_configuration_is_bad) {
  rules.state.error = "/etc/redflag/agent.yaml:3:1: mode: expected report or act";
  const Json answer = submit(order());
  EXPECT_EQ(refusalOf(answer), "policy");
  EXPECT_EQ(answer.at("text"), rules.state.error);
  rules.state.error.clear();
  EXPECT_EQ(submit(order()).at("event"), "accepted");
}

TEST_F(Admission, refuses_everything_in_report_mode) {
  rules.state.act = false;
  EXPECT_EQ(refusalOf(submit(order())), "mode_report");
}

TEST_F(Admission, refuses_everything_when_the_journal_is_gone) {
  const auto envelope = order();
  submit(envelope);
  std::filesystem::remove(folder.path() / "journal.sqlite");
  Executor restarted({folder.path(), "/nonexistent", {}, {}, "boot-1"}, rules, keys, clock);
  const Json answer = restarted.handle(submitRequest(server.seal(envelope)));
  EXPECT_EQ(refusalOf(answer), "replayed");
  EXPECT_NE(answer.at("text").get<std::string>().find("enrol the machine again"), std::string::npos);
  EXPECT_EQ(refusalOf(restarted.handle(submitRequest(server.seal(order())))), "replayed");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "journal.sqlite"));

  ASSERT_TRUE(saveExecutorTrust(folder.path(), server.trust()).has_value());  // as enrolment does
  EXPECT_EQ(restarted.handle(submitRequest(server.seal(order()))).at("event"), "accepted");
}

TEST_F(Admission, refuses_everything_when_the_journal_is_another_one) {
  submit(order());
  ExecutorTrust trust = loadExecutorTrust(folder.path()).value();
  trust.journal_id = newId();
  ASSERT_TRUE(saveExecutorTrust(folder.path(), trust).has_value());
  EXPECT_EQ(refusalOf(submit(order())), "replayed");
}

TEST_F(Admission, cancels_what_has_not_begun_and_never_runs_it_again) {
  const auto envelope = order();
  submit(envelope);
  EXPECT_EQ(executor.handle({{"op", "cancel"}, {"command_id", envelope.command_id}}).at("cancelled"), true);
  EXPECT_EQ(executor.handle({{"op", "cancel"}, {"command_id", envelope.command_id}}).at("cancelled"), false);
  const Json answer = submit(envelope);
  EXPECT_EQ(answer.at("event"), "result");
  EXPECT_EQ(answer.at("state"), "cancelled");
  EXPECT_EQ(executor.handle({{"op", "status"}}).at("queued"), 0);
}

TEST_F(Admission, says_what_it_does_not_understand) {
  for (const Json& request : {Json::object(), Json{{"op", "install"}}, Json{{"op", "submit"}},
                              Json{{"op", "ack"}}, Json{{"op", "status"}, {"more", 1}}}) {
    EXPECT_EQ(executor.handle(request).at("event"), "error") << request;
  }
}

TEST_F(Admission, tells_the_attached_where_things_stand_until_they_acknowledge) {
  const auto envelope = order();
  const Json accepted = submit(envelope);
  std::vector<Json> told;
  const auto id = executor.attach([&told](const Json& event) { told.push_back(event); });
  ASSERT_EQ(told, std::vector<Json>{accepted});
  executor.handle({{"op", "cancel"}, {"command_id", envelope.command_id}});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].at("state"), "cancelled");
  executor.detach(id);

  std::vector<Json> again;
  executor.detach(executor.attach([&again](const Json& event) { again.push_back(event); }));
  EXPECT_EQ(again, std::vector<Json>{told[1]});  // the same id each time
  executor.handle({{"op", "ack"}, {"command_id", envelope.command_id}});
  again.clear();
  executor.detach(executor.attach([&again](const Json& event) { again.push_back(event); }));
  EXPECT_TRUE(again.empty());
}

TEST_F(Admission, tells_its_own_errors_to_the_attached_or_to_who_attaches_next) {
  const auto journal = folder.path() / "journal.sqlite";
  std::filesystem::create_directory(journal);
  const Json answer = submit(order());
  ASSERT_EQ(answer.at("event"), "error");
  std::vector<Json> told;
  const auto keep = [&told](const Json& event) { told.push_back(event); };
  const auto id = executor.attach(keep);
  ASSERT_EQ(told.size(), 1U) << "nobody was there when it happened";
  EXPECT_EQ(told[0].at("event"), "error");
  EXPECT_EQ(told[0].at("code"), "order.not_taken");
  EXPECT_EQ(told[0].at("text"), answer.at("text"));
  submit(order());
  EXPECT_EQ(told.size(), 2U);
  executor.detach(id);
  told.clear();
  executor.detach(executor.attach(keep));
  EXPECT_TRUE(told.empty()) << "it was heard";
  std::filesystem::remove(journal);
  EXPECT_EQ(submit(order()).at("event"), "accepted");
}

TEST(TrustFile, is_closed_to_others_and_refuses_what_is_not_ours) {
  const TestFolder folder;
  EXPECT_EQ(loadExecutorTrust(folder.path()).error().code, Code::kNotFound);
  ASSERT_TRUE(saveExecutorTrust(folder.path(), Server().trust()).has_value());
  const auto file = folder.path() / "trust.json";
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::permissions(file, std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_FALSE(loadExecutorTrust(folder.path()).has_value());
}

}  // namespace
}  // namespace redflag::kernel::test
