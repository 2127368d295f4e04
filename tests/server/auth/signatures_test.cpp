#include <gtest/gtest.h>

#include "auth/gate.h"
#include "base/encoding.h"
#include "memory_store.h"
#include "protocol/message_signature.h"
#include "support/certificate.h"

namespace redflag::auth {
namespace {

using protocol::SigningKey;

class SignaturesTest : public ::testing::Test {
 protected:
  SignaturesTest() {
    store_.agents["agent-a"] = {"agent-a", "client", key_a_.publicKey()};
    store_.agents["agent-b"] = {"agent-b", "client", key_b_.publicKey()};
    start();
    clock_.pass(10);
  }

  // What a new process would hold.
  void start() {
    nonces_ = std::make_unique<NonceMemory>(clock_, folder_.path() / "nonces");
    signatures_ = std::make_unique<SignedRequests>(store_, *nonces_);
    gate_ = std::make_unique<Gate>(store_, *signatures_, sessions_, tokens_);
  }

  std::int64_t nowS() const { return clock_.epochNs() / kSecondNs; }

  http::RequestHead head(const SigningKey& key, const std::string& key_id, std::int64_t created_s,
                         const std::string& body = "{}") {
    http::RequestHead out;
    out.method = "POST";
    out.target = "/agent/v1/upload";
    out.headers["host"] = "redflag:8443";
    const auto signed_headers =
        protocol::signRequest({out.method, "redflag:8443", out.target, body}, key_id, key, created_s);
    out.headers["content-digest"] = signed_headers.content_digest;
    out.headers["signature-input"] = signed_headers.signature_input;
    out.headers["signature"] = signed_headers.signature;
    return out;
  }
  http::RequestHead good() { return head(key_a_, "agent-a", nowS()); }

  std::string verdict(const http::RequestHead& request,
                      http::Permission permission = http::Permission::kAgent) {
    try {
      return "admitted " + gate_->admit(request, permission, "127.0.0.1").agent_id;
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + ' ' + problem.code;
    }
  }

  testing::TemporaryFolder folder_;
  HandClock clock_;
  MemoryStore store_;
  const SigningKey key_a_ = SigningKey::generate();
  const SigningKey key_b_ = SigningKey::generate();
  Sessions sessions_{store_, clock_};
  ApiTokens tokens_{store_, clock_};
  std::unique_ptr<NonceMemory> nonces_;
  std::unique_ptr<SignedRequests> signatures_;
  std::unique_ptr<Gate> gate_;
};

TEST_F(SignaturesTest, admit_the_agent_that_holds_the_key) {
  EXPECT_EQ(verdict(good()), "admitted agent-a");
}

TEST_F(SignaturesTest, refuse_all_that_is_wrong_in_one_shape) {
  http::RequestHead nothing;
  nothing.headers["host"] = "redflag:8443";
  http::RequestHead other_target = good();
  other_target.target = "/agent/v1/commands/fetch";
  http::RequestHead other_method = good();
  other_method.method = "PUT";
  http::RequestHead other_host = good();
  other_host.headers["host"] = "elsewhere";
  http::RequestHead other_digest = good();
  other_digest.headers["content-digest"] = protocol::contentDigest("{\"x\":1}");
  http::RequestHead only_names = nothing;
  only_names.headers["x-agent-id"] = "agent-a";
  only_names.headers["authorization"] = "Bearer agent-a";
  for (const auto& request :
       {nothing, other_target, other_method, other_host, other_digest, only_names,
        head(key_b_, "agent-a", nowS()), head(key_a_, "agent-b", nowS()), head(key_a_, "agent-c", nowS())}) {
    EXPECT_EQ(verdict(request), "401 signature.invalid");
  }
}

TEST_F(SignaturesTest, bind_the_body) {
  const auto request = good();
  const auto principal = gate_->admit(request, http::Permission::kAgent, "");
  EXPECT_NO_THROW(gate_->checkBody(principal, request, "{}"));
  EXPECT_THROW(gate_->checkBody(principal, request, "{ }"), http::Problem);
  EXPECT_THROW(gate_->checkBody(principal, request, ""), http::Problem);
}

TEST_F(SignaturesTest, are_good_once_now_later_and_after_a_restart) {
  const auto request = good();
  EXPECT_EQ(verdict(request), "admitted agent-a");
  EXPECT_EQ(verdict(request), "401 signature.replayed");
  start();
  EXPECT_EQ(verdict(request), "401 signature.before_start");
  clock_.pass(600);
  EXPECT_EQ(verdict(request), "401 signature.clock");
}

TEST_F(SignaturesTest, of_a_clock_that_is_ahead_are_remembered_over_a_restart) {
  const auto request = head(key_a_, "agent-a", nowS() + 200);
  EXPECT_EQ(verdict(request), "admitted agent-a");
  clock_.pass(1);
  start();
  EXPECT_EQ(verdict(request), "401 signature.replayed");
  clock_.pass(400);
  EXPECT_EQ(verdict(request), "401 signature.replayed");
  clock_.pass(200);
  EXPECT_EQ(verdict(request), "401 signature.clock");
}

TEST_F(SignaturesTest, made_in_the_second_of_the_start_are_made_again) {
  start();
  EXPECT_EQ(verdict(good()), "401 signature.before_start");
  clock_.pass(1);
  EXPECT_EQ(verdict(good()), "admitted agent-a");
}

TEST_F(SignaturesTest, must_be_within_five_minutes) {
  clock_.pass(1000);
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() - 300)), "admitted agent-a");
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() + 300)), "admitted agent-a");
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() - 301)), "401 signature.clock");
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() + 301)), "401 signature.clock");
}

TEST_F(SignaturesTest, of_an_agent_that_was_removed_end_its_open_streams) {
  const auto principal = gate_->admit(good(), http::Permission::kAgent, "");
  EXPECT_TRUE(gate_->stillAdmitted(principal));
  store_.agents["agent-a"].public_key = key_b_.publicKey();
  EXPECT_FALSE(gate_->stillAdmitted(principal));
  store_.agents.erase("agent-a");
  EXPECT_FALSE(gate_->stillAdmitted(principal));
}

TEST_F(SignaturesTest, at_enrolment_prove_the_key_they_name) {
  const std::string name = toBase64Url(key_a_.publicKey());
  const auto principal = gate_->admit(head(key_a_, name, nowS()), http::Permission::kEnrolling, "");
  EXPECT_EQ(principal.kind, http::Principal::Kind::kEnrolling);
  EXPECT_EQ(principal.public_key, key_a_.publicKey());
  EXPECT_TRUE(principal.agent_id.empty());
  EXPECT_EQ(verdict(head(key_b_, name, nowS()), http::Permission::kEnrolling), "401 signature.invalid");
  EXPECT_EQ(verdict(head(key_a_, name, nowS()), http::Permission::kAgent), "401 signature.invalid");
}

TEST_F(SignaturesTest, open_nothing_that_is_for_people) {
  for (const auto permission : {http::Permission::kViewer, http::Permission::kTechnician,
                                http::Permission::kApprover, http::Permission::kAdmin}) {
    EXPECT_EQ(verdict(good(), permission), "401 session.required");
  }
}

TEST_F(SignaturesTest, are_not_remembered_without_end) {
  std::string last;
  for (int i = 0; i < 4097; ++i)
    last = verdict(good());
  EXPECT_EQ(last, "429 rate.agent");
  clock_.pass(400);
  EXPECT_EQ(verdict(good()), "admitted agent-a");
}

TEST_F(SignaturesTest, survive_a_damaged_memory_file) {
  const auto ahead = head(key_a_, "agent-a", nowS() + 100);
  EXPECT_EQ(verdict(ahead), "admitted agent-a");
  std::ofstream(folder_.path() / "nonces", std::ios::app) << "17999 torn";
  start();
  EXPECT_EQ(verdict(ahead), "401 signature.replayed");
}

}  // namespace
}  // namespace redflag::auth
