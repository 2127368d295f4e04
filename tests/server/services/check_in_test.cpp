// What a check-in costs the store, from its signature to its answer, as the server would take it.
#include <gtest/gtest.h>

#include "api/routes.h"
#include "auth/signed_requests.h"
#include "base/encoding.h"
#include "protocol/message_signature.h"
#include "support/counting_store.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

constexpr std::size_t kMostStatements = 4;
constexpr const char* kAuthority = "redflag:8443";
constexpr const char* kPeer = "192.0.2.1";

// The world's database under a server whose statements are counted, and one agent that signs.
class CheckIn : public ::testing::Test {
 protected:
  CheckIn()
      : store_(world_.database.connect()),
        services_(contextOf(world_.services.context())),
        time_(world_.clock, world_.folder / "signature.clock", "boot"),
        nonces_(time_, world_.folder / "nonces"),
        signatures_(services_.access, nonces_, world_.tokens, world_.clock),
        routes_(api::agentRoutes(services_)) {
    const store::NewAgent wish{key_.publicKey(), "alpha", "act", "0.1.0", "linux-x86_64", "Debian", "12"};
    agent_ = world_.services.enrolment.enrol(wish, world_.token, kPeer).first;
    authorization_ = "Bearer " + world_.services.access.first(agent_)->access_token;
    world_.mustTake(agent_, {world_.statusItem("alpha", "act")});
    world_.scan(agent_, scan());
    world_.clock.advance_s(60);
  }

  services::Context contextOf(const services::Context& of) {
    return {store_,   of.types,    of.signer, of.bundle,  of.epoch,  of.bell,
            of.clock, of.settings, of.trust,  of.metrics, of.tokens, of.audit};
  }

  static ScanSpec scan() { return {.records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}}; }

  http::RequestHead signedHead(const std::string& target, const std::string& body) const {
    http::RequestHead head;
    head.method = "POST";
    head.target = target;
    const auto made = protocol::signRequest({"POST", kAuthority, target, body, authorization_},
                                            agent_.agent_id, key_, world_.clock.now / kSecondNs);
    head.headers = {{"host", kAuthority},
                    {"authorization", authorization_},
                    {"content-digest", made.content_digest},
                    {"signature-input", made.signature_input},
                    {"signature", made.signature}};
    return head;
  }

  Json post(const std::string& target, const std::string& body) {
    http::Request request;
    request.method = "POST";
    request.path = target;
    request.peer = kPeer;
    const http::RequestHead head = signedHead(target, body);
    request.principal = signatures_.agent(head, kPeer);
    auth::SignedRequests::checkBody(head, body);
    request.body = body;
    for (const auto& route : routes_)
      if (route.path == target) return parseJson(route.handler(request).body).value();
    throw std::runtime_error("no route " + target);
  }

  std::size_t checkIn() {
    return store_.statementsOf([&] {
      const Json expected = {{"commands", Json::array()}};
      EXPECT_EQ(post("/agent/v1/commands/fetch", "{}"), expected);
    });
  }

  World world_;
  const protocol::SigningKey key_ = protocol::SigningKey::generate();
  CountingStore store_;
  services::Services services_;
  auth::SignatureClock time_;
  auth::NonceMemory nonces_;
  auth::SignedRequests signatures_;
  std::vector<http::Route> routes_;
  store::AgentKey agent_;
  std::string authorization_;
};

TEST_F(CheckIn, without_news_takes_at_most_four_statements) {
  EXPECT_GT(checkIn(), 0U) << "or nothing is counted";
  for (int i = 0; i < 10; ++i) {
    EXPECT_LE(checkIn(), kMostStatements) << "soon after another one";
    world_.clock.advance_s(61);
    EXPECT_LE(checkIn(), kMostStatements) << "after a while: that it was there is written down";
  }
  EXPECT_LE(store_.commitsOf([&] { checkIn(); }), 1U);
}

TEST_F(CheckIn, costs_no_more_when_there_was_much_before) {
  const std::size_t before = checkIn();
  for (int i = 0; i < 30; ++i) {
    world_.scan(agent_, {.records = {updateRow({"nginx", "1." + std::to_string(2 + i)})}});
    world_.services.orders.order("scan", {agent_.agent_id}, {{"plugins", {"apt"}}}, world_.technician);
    world_.carryOut(agent_, world_.newest("scan").id, "succeeded", Json::array({{{"scans", Json::array()}}}));
  }
  EXPECT_LE(checkIn(), std::max(before, kMostStatements));
}

TEST_F(CheckIn, uploads_a_list_without_changes_in_one_commit) {
  const auto upload = [&] {
    world_.clock.advance_s(1);
    const Json item = world_.scanItem(scan());
    const Json answer = post("/agent/v1/upload", dumpJson({{"items", {item}}}));
    EXPECT_EQ(answer.at("acknowledged").size(), 1U) << answer.dump();
  };
  EXPECT_EQ(store_.commitsOf(upload), 1U);
}

}  // namespace
}  // namespace redflag::testing
