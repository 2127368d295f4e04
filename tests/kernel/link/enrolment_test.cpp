#include "link/server_api.h"
#include "link_fixture.h"

namespace redflag::kernel {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using test::machineOf;

TEST_F(LinkTest, enrolment_sends_what_the_server_needs_and_keeps_what_it_answers) {
  FakeServer server;
  const auto identity = enrollAt(server);
  ASSERT_TRUE(identity) << identity.error().text;
  const auto request = server.requests("/agent/v1/enroll").at(0);
  const Json body = parseJson(request.body).value();
  EXPECT_EQ(body.at("token"), "token");
  EXPECT_EQ(body.at("mode"), "report");
  EXPECT_EQ(body.at("public_key"), request.signature.key_id);
  for (const char* member : {"hostname", "agent_version", "platform"})
    EXPECT_TRUE(body.at(member).is_string());
  EXPECT_TRUE(body.at("machine").contains("os_name") && body.at("machine").contains("os_version"));
  const auto stored = IdentityStore(settings_.state, ownMarks()).load();
  ASSERT_TRUE(stored) << stored.error().text;
  EXPECT_EQ(stored->agent_id, "agent-1");
  EXPECT_EQ(stored->authorities, server.authorities());
}

TEST_F(LinkTest, F1_an_enrolment_whose_reply_was_lost_asks_again_with_the_same_key) {
  FakeServer server;
  server.answerWith(
      [lost = 0](FakeServer& self, const FakeRequest& request) mutable -> std::optional<FakeReply> {
        // The first is asked again at once, because it went over a connection that was open already.
        if (++lost > 2) return std::nullopt;
        self.commit(request);
        FakeReply vanished;
        vanished.vanish = true;
        return vanished;
      });
  EXPECT_EQ(enrollAt(server).error().code, Code::kUnavailable);
  EXPECT_FALSE(IdentityStore(settings_.state, ownMarks()).enrolled());
  ASSERT_TRUE(enrollAt(server));
  const auto requests = server.requests("/agent/v1/enroll");
  ASSERT_EQ(requests.size(), 3U);
  for (const auto& request : requests)
    EXPECT_EQ(request.signature.key_id, requests[0].signature.key_id);
}

TEST_F(LinkTest, asking_again_keeps_the_record_of_orders) {
  FakeServer server;
  const auto first = enrollAt(server);
  const auto second = enrollAt(server);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->journal_id, second->journal_id);
  EXPECT_TRUE(OrderJournal::open(orderJournalFile(settings_.state), first->journal_id));
}

TEST_F(LinkTest, a_refused_token_and_a_foreign_server_leave_no_identity) {
  FakeServer server;
  const FakeServer stranger;
  EXPECT_EQ(enroll(server.bundle("wrong"), enrolment()).error().code, Code::kDenied);
  auto bundle = server.bundle();
  bundle.authorities = stranger.authorities();
  EXPECT_EQ(enroll(bundle, enrolment()).error().code, Code::kUnavailable);
  EXPECT_FALSE(IdentityStore(settings_.state, ownMarks()).enrolled());
}

TEST_F(LinkTest, D16_an_enrolment_that_is_put_off_knows_until_when) {
  FakeServer server;
  EnrolmentSettings settings = enrolment();
  std::vector<std::int64_t> seconds;
  settings.put_off = [&](const Failure& failure) { seconds.push_back(failure.retry_after_s); };
  server.answerWith([](FakeServer&, const FakeRequest&) { return std::optional(test::putOff(7)); });
  EXPECT_EQ(enroll(server.bundle(), settings).error().code, Code::kUnavailable);
  EXPECT_EQ(seconds, std::vector<std::int64_t>{7});
  server.answerWith([](FakeServer&, const FakeRequest&) { return std::optional(test::problem(503, "x")); });
  EXPECT_EQ(enroll(server.bundle(), settings).error().code, Code::kUnavailable);
  EXPECT_EQ(seconds.size(), 1U) << "that one does not say when";
  server.answerWith({});
  {
    const auto lock = server.lockTrust();
    server.trust_override = [](FakeServer&, const FakeRequest&) { return std::optional(test::putOff(9)); };
  }
  EXPECT_EQ(enroll(server.bundle(), settings).error().code, Code::kUnavailable);
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{7, 9})) << "before a seat was asked for";
}

TEST_F(LinkTest, enrols_itself_from_its_file_and_removes_it) {
  FakeServer server;
  std::ofstream(settings_.enrolment_file) << protocol::encodeBundle(server.bundle()).value() << "\n";
  start();
  ASSERT_TRUE(comesToState("connected")) << link_->status();
  EXPECT_FALSE(std::filesystem::exists(settings_.enrolment_file));
  EXPECT_EQ(link_->status().at("agent_id"), "agent-1");
}

TEST_F(LinkTest, A6_a_copied_folder_uses_no_key_and_its_machine_is_bound_again_by_a_bundle) {
  FakeServer server;
  settings_.marks = machineOf({{"machine-id", "the-id"}, {"disks", "the-disk"}, {"nics", "the-nic"}});
  const auto before = enrollAt(server);
  ASSERT_TRUE(before);
  const auto old_key = IdentityStore(settings_.state, settings_.marks).loadKey()->publicKey();

  settings_.marks = machineOf({{"machine-id", "the-id"}, {"disks", "a-disk"}, {"nics", "a-nic"}});
  start();
  ASSERT_TRUE(comesToState("not_bound")) << link_->status();
  EXPECT_NE(link_->status().at("last_error").get<std::string>().find("bound to 2 of 3"), std::string::npos);
  EXPECT_TRUE(server.requests("/agent/v1/upload").empty());
  EXPECT_EQ(server.requests("/agent/v1/enroll").size(), 1U);
  EXPECT_EQ(enrollAt(server).error().code, Code::kDenied) << "a bundle that re-binds nobody";

  auto bundle = server.bundle();
  bundle.rebinds = "agent-2";
  EXPECT_EQ(enroll(bundle, enrolment()).error().code, Code::kConflict);
  bundle.rebinds = "agent-1";
  std::ofstream(settings_.enrolment_file) << protocol::encodeBundle(bundle).value() << "\n";
  ASSERT_TRUE(comesToState("connected")) << link_->status();
  const IdentityStore store(settings_.state, settings_.marks);
  EXPECT_NE(store.loadKey()->publicKey(), old_key);
  EXPECT_EQ(store.load()->agent_id, "agent-1");
  EXPECT_EQ(store.load()->journal_id, before->journal_id) << "what it carried out is not forgotten";
  EXPECT_EQ(link_->status().at("binding").at("text"), "bound to 2 of 3 of machine-id, disks, nics");
}

}  // namespace
}  // namespace redflag::kernel
