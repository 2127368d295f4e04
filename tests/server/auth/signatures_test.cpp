#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "auth/gate.h"
#include "auth/secret_file.h"
#include "base/encoding.h"
#include "memory_store.h"
#include "protocol/message_signature.h"
#include "support/certificate.h"

namespace redflag::auth {
namespace {

using protocol::SigningKey;

// Which an administrator, or NTP, sets.
class SteppedClock : public Clock {
 public:
  std::int64_t epochNs() const override { return epoch_ns; }
  std::int64_t monotonicNs() const override { return monotonic_ns; }
  void pass(std::int64_t seconds) {
    epoch_ns += seconds * kSecondNs;
    monotonic_ns += seconds * kSecondNs;
  }
  void step(std::int64_t seconds) { epoch_ns += seconds * kSecondNs; }

  std::atomic<std::int64_t> epoch_ns{1'800'000'000 * kSecondNs};
  std::atomic<std::int64_t> monotonic_ns{5'000 * kSecondNs};
};

// What a full disk does to this process' files, while it lives.
class FilesTakeNothing {
 public:
  FilesTakeNothing() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FilesTakeNothing() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, signal_);
  }
  FilesTakeNothing(const FilesTakeNothing&) = delete;
  FilesTakeNothing& operator=(const FilesTakeNothing&) = delete;

 private:
  rlimit before_{};
  const sighandler_t signal_ = ::signal(SIGXFSZ, SIG_IGN);
};

class SignaturesTest : public ::testing::Test {
 protected:
  SignaturesTest() {
    store_.agents["agent-a"] = {"agent-a", "client", key_a_.publicKey(), "active", "line-a", 7};
    store_.agents["agent-b"] = {"agent-b", "client", key_b_.publicKey(), "active", "line-b", 1};
    start();
    clock_.pass(10);
  }

  // What a new process would hold.
  void start() {
    nonces_.reset();
    time_.reset();
    time_ = std::make_unique<SignatureClock>(clock_, folder_.path() / "signature.clock", boot_);
    nonces_ = std::make_unique<NonceMemory>(*time_, folder_.path() / "nonces");
    signatures_ = std::make_unique<SignedRequests>(store_, *nonces_, tokens_, clock_);
    gate_ = std::make_unique<Gate>(store_, *signatures_, sessions_, api_tokens_);
  }

  std::int64_t nowS() const { return clock_.epochNs() / kSecondNs; }

  AccessClaims claims(const std::string& agent_id = "agent-a") const {
    const AgentIdentity& agent = store_.agents.at(agent_id);
    return {agent_id,      agent.client_id, keyThumbprint(agent.public_key), agent.line, agent.number, nowS(),
            nowS() + 3600, "token-1"};
  }
  std::string tokenOf(const std::string& key_id) const {
    return store_.agents.contains(key_id) ? tokens_.issue(claims(key_id)) : std::string("none");
  }
  http::RequestHead head(const SigningKey& key, const std::string& key_id, std::int64_t created_s,
                         const std::string& body = "{}") {
    return withToken(key, key_id, created_s, body, "Bearer " + tokenOf(key_id));
  }
  http::RequestHead withToken(const SigningKey& key, const std::string& key_id, std::int64_t created_s,
                              const std::string& body, const std::string& authorization) {
    http::RequestHead out;
    out.method = "POST";
    out.target = "/agent/v1/upload";
    out.headers["host"] = "redflag:8443";
    const auto signed_headers = protocol::signRequest(
        {out.method, "redflag:8443", out.target, body, authorization}, key_id, key, created_s);
    if (!authorization.empty()) out.headers["authorization"] = authorization;
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
  SteppedClock clock_;
  MemoryStore store_;
  const SigningKey key_a_ = SigningKey::generate();
  const SigningKey key_b_ = SigningKey::generate();
  Sessions sessions_{store_, clock_};
  ApiTokens api_tokens_{store_, clock_};
  AccessTokens tokens_{SigningKey::generate(), 86'400};
  std::string boot_ = "boot-1";
  std::unique_ptr<SignatureClock> time_;
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
  EXPECT_EQ(verdict(request), "401 signature.before_start") << "it may have been under way";
  clock_.pass(16);
  EXPECT_EQ(verdict(request), "401 signature.replayed") << "A5: no longer";
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

TEST_F(SignaturesTest, of_many_clocks_that_are_ahead_are_remembered_over_a_restart) {
  const auto ahead = head(key_a_, "agent-a", nowS() + 100);
  EXPECT_EQ(verdict(ahead), "admitted agent-a");
  std::ofstream file(folder_.path() / "nonces", std::ios::app);
  for (int i = 0; i < 30'000; ++i)
    file << nowS() + 100 << ' ' << toBase64Url(std::string(32, 'k')) << ' ' << toBase64Url(std::to_string(i))
         << '\n';
  file.close();
  ASSERT_GT(std::filesystem::file_size(folder_.path() / "nonces"), 1U << 20U);
  start();
  EXPECT_EQ(verdict(ahead), "401 signature.replayed");
}

TEST_F(SignaturesTest, of_a_clock_that_is_ahead_wait_for_a_disk_that_is_full_and_no_longer) {
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() + 100)), "admitted agent-a");
  {
    const FilesTakeNothing full;
    EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() + 100)), "503 store.full");
    EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() + 100)), "503 store.full");
    EXPECT_EQ(verdict(good()), "admitted agent-a") << "of a right clock nothing has to be written";
  }
  const auto ahead = head(key_a_, "agent-a", nowS() + 100);
  EXPECT_EQ(verdict(ahead), "admitted agent-a");
  start();
  EXPECT_EQ(verdict(ahead), "401 signature.replayed");
}

TEST_F(SignaturesTest, made_in_the_second_of_the_start_are_made_again) {
  start();
  EXPECT_EQ(verdict(good()), "401 signature.before_start");
  clock_.pass(1);
  EXPECT_EQ(verdict(good()), "admitted agent-a");
}

// E9: an agent signs by the Date of the server's answers.
TEST_F(SignaturesTest, E9_of_agents_go_on_while_the_clock_steps_back_and_forth_and_none_is_good_twice) {
  std::vector<http::RequestHead> used;
  const auto ask = [&] {
    used.push_back(head(key_a_, "agent-a", time_->nowS()));
    return verdict(used.back());
  };
  ASSERT_EQ(ask(), "admitted agent-a");
  for (const std::int64_t step : {-3'600, -86'400, 86'400, 86'400, -86'400, -20, -600, 3'600}) {
    clock_.step(step);
    clock_.pass(2);
    EXPECT_EQ(ask(), "admitted agent-a") << step;
    for (int minute = 0; minute < 12; ++minute) {
      clock_.pass(60);
      EXPECT_EQ(ask(), "admitted agent-a") << step;
      for (const auto& request : used)
        EXPECT_NE(verdict(request), "admitted agent-a") << step << " s, and " << minute << " min later";
    }
  }
}

TEST_F(SignaturesTest, E9_are_good_once_also_where_the_clock_steps_back_over_a_restart) {
  for (const char* boot : {"boot-1", "boot-2"}) {
    clock_.pass(3'600);
    std::vector<http::RequestHead> used;
    for (int i = 0; i < 10; ++i, clock_.pass(59)) {
      used.push_back(head(key_a_, "agent-a", time_->nowS()));
      EXPECT_EQ(verdict(used.back()), "admitted agent-a");
    }
    nonces_.reset();
    time_.reset();
    boot_ = boot;
    clock_.step(-900);
    start();
    for (int minute = 0; minute < 30; ++minute, clock_.pass(60)) {
      for (const auto& request : used)
        EXPECT_NE(verdict(request), "admitted agent-a") << boot << ", " << minute << " min later";
      if (minute > 1) {
        EXPECT_EQ(verdict(head(key_a_, "agent-a", time_->nowS())), "admitted agent-a");
      }
    }
  }
}

TEST_F(SignaturesTest, E9_a_process_that_was_killed_leaves_no_second_for_another_request) {
  clock_.pass(100);
  const auto request = head(key_a_, "agent-a", time_->nowS());
  ASSERT_EQ(verdict(request), "admitted agent-a");
  const auto noted = readSecretFile(folder_.path() / "signature.clock");
  nonces_.reset();
  time_.reset();
  writeSecretFile(folder_.path() / "signature.clock", *noted);  // as it was before the orderly end
  boot_ = "boot-2";
  clock_.step(-50);
  start();
  for (int i = 0; i < 200; ++i, clock_.pass(1))
    EXPECT_NE(verdict(request), "admitted agent-a");
}

TEST_F(SignaturesTest, E9_access_tokens_live_no_longer_where_the_clock_steps_back) {
  const std::string token = "Bearer " + tokenOf("agent-a");
  const auto ask = [&] { return verdict(withToken(key_a_, "agent-a", time_->nowS(), "{}", token)); };
  EXPECT_EQ(ask(), "admitted agent-a");
  clock_.step(-86'400);
  EXPECT_EQ(ask(), "401 token.expired") << "another one is handed out at once";
  const std::string next = "Bearer " + tokenOf("agent-a");
  EXPECT_EQ(verdict(withToken(key_a_, "agent-a", time_->nowS(), "{}", next)), "admitted agent-a");
}

TEST_F(SignaturesTest, must_be_within_five_minutes) {
  clock_.pass(1000);
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() - 300)), "admitted agent-a");
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() + 300)), "admitted agent-a");
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() - 301)), "401 signature.clock");
  EXPECT_EQ(verdict(head(key_a_, "agent-a", nowS() + 301)), "401 signature.clock");
}

// A4: whoever has the token and not the key has nothing; A8: nor has whoever has another agent's key.
TEST_F(SignaturesTest, A4_A8_go_together_with_a_token_of_the_same_agent_only) {
  const std::string mine = "Bearer " + tokenOf("agent-a");
  const auto thief = SigningKey::generate();
  EXPECT_EQ(verdict(withToken(thief, "agent-a", nowS(), "{}", mine)), "401 signature.invalid");
  EXPECT_EQ(verdict(withToken(key_b_, "agent-a", nowS(), "{}", mine)), "401 signature.invalid");
  EXPECT_EQ(verdict(withToken(key_b_, "agent-b", nowS(), "{}", mine)), "401 token.invalid");
  EXPECT_EQ(store_.refusals,
            (std::vector<std::string>{"agent-a signature.invalid", "agent-a signature.invalid",
                                      "agent-b token.invalid"}));
  auto uncovered = withToken(key_a_, "agent-a", nowS(), "{}", "");
  EXPECT_EQ(verdict(uncovered), "401 signature.invalid") << "no token";
  uncovered = withToken(key_a_, "agent-a", nowS(), "{}", "");
  uncovered.headers["authorization"] = mine;
  EXPECT_EQ(verdict(uncovered), "401 signature.invalid") << "a token that is not signed";
  auto exchanged = good();
  exchanged.headers["authorization"] = "Bearer " + tokenOf("agent-b");
  EXPECT_EQ(verdict(exchanged), "401 signature.invalid");
  for (const std::string& authorization : {std::string("Bearer "), std::string("Basic x"), mine + "x"})
    EXPECT_EQ(verdict(withToken(key_a_, "agent-a", nowS(), "{}", authorization)), "401 token.invalid");
}

TEST_F(SignaturesTest, A10_are_not_replaced_by_what_everybody_can_know_of_a_machine) {
  for (const char* name : {"web-1.example.net", "0123456789abcdef", "52:54:00:12:34:56", "agent-a"}) {
    http::RequestHead head;
    head.method = "POST";
    head.target = "/agent/v1/upload";
    head.headers = {
        {"host", "redflag:8443"}, {"authorization", std::string("Bearer ") + name}, {"x-agent-id", name}};
    EXPECT_EQ(verdict(head), "401 signature.invalid");
  }
}

TEST_F(SignaturesTest, want_the_newest_token_of_a_line_that_goes_on) {
  const std::string first = "Bearer " + tokenOf("agent-a");
  const auto ask = [&] { return verdict(withToken(key_a_, "agent-a", nowS(), "{}", first)); };
  store_.agents["agent-a"].number = 8;
  EXPECT_EQ(ask(), "401 token.superseded");
  store_.agents["agent-a"].number = 7;
  store_.agents["agent-a"].line = "another";
  EXPECT_EQ(ask(), "401 token.ended");
  store_.agents["agent-a"].state = "cloned";
  EXPECT_EQ(ask(), "401 token.ended") << "ended by somebody before";
  store_.known_lines = {"line-a"};
  EXPECT_EQ(ask(), "admitted agent-a") << "both report until somebody has looked";
  store_.agents["agent-a"] = {"agent-a", "client", key_a_.publicKey(), "active", "line-a", 7};
  clock_.pass(3601);
  EXPECT_EQ(ask(), "401 token.expired");
}

TEST_F(SignaturesTest, A11_of_a_key_that_was_handed_over_are_good_for_a_while_and_its_streams_end_then) {
  const auto new_key = SigningKey::generate();
  AgentIdentity& agent = store_.agents["agent-a"];
  const std::string old_token = "Bearer " + tokenOf("agent-a");
  agent.old_key = std::exchange(agent.public_key, new_key.publicKey());
  agent.old_key_until = clock_.epochNs() + 60 * kSecondNs;
  const std::string new_token = "Bearer " + tokenOf("agent-a");
  const auto ask = [&](const SigningKey& key, const std::string& token) {
    return verdict(withToken(key, "agent-a", nowS(), "{}", token));
  };
  EXPECT_EQ(ask(key_a_, old_token), "admitted agent-a");
  EXPECT_EQ(ask(new_key, new_token), "admitted agent-a");
  EXPECT_EQ(ask(key_a_, new_token), "401 token.invalid") << "a token goes with the key it is of";
  EXPECT_EQ(ask(new_key, old_token), "401 token.invalid");
  const auto principal =
      gate_->admit(withToken(key_a_, "agent-a", nowS(), "{}", old_token), http::Permission::kAgent, "");
  EXPECT_TRUE(gate_->stillAdmitted(principal));
  store_.refusals.clear();
  clock_.pass(60);
  EXPECT_FALSE(gate_->stillAdmitted(principal));
  EXPECT_EQ(ask(key_a_, old_token), "401 signature.invalid") << "in the one shape";
  EXPECT_EQ(verdict(withToken(key_a_, "agent-a", nowS(), "{}", ""), http::Permission::kRenewing),
            "401 signature.invalid");
  EXPECT_EQ(ask(SigningKey::generate(), old_token), "401 signature.invalid");
  EXPECT_EQ(store_.refusals,
            (std::vector<std::string>{"agent-a signature.old_key", "agent-a signature.old_key",
                                      "agent-a signature.invalid"}));
  EXPECT_EQ(ask(new_key, new_token), "admitted agent-a");
}

TEST_F(SignaturesTest, A11_of_a_revoked_agent_are_told_so_and_end_its_open_streams) {
  const auto principal = gate_->admit(good(), http::Permission::kAgent, "");
  EXPECT_TRUE(gate_->stillAdmitted(principal));
  store_.agents["agent-a"].state = "revoked";
  EXPECT_FALSE(gate_->stillAdmitted(principal));
  EXPECT_EQ(verdict(good()), "401 agent.revoked");
  EXPECT_EQ(verdict(withToken(key_a_, "agent-a", nowS(), "{}", ""), http::Permission::kRenewing),
            "401 agent.revoked");
  EXPECT_EQ(verdict(withToken(key_b_, "agent-a", nowS(), "{}", ""), http::Permission::kRenewing),
            "401 signature.invalid")
      << "nobody else is told";
}

TEST_F(SignaturesTest, of_the_key_alone_are_for_asking_for_a_token) {
  EXPECT_EQ(verdict(withToken(key_a_, "agent-a", nowS(), "{}", ""), http::Permission::kRenewing),
            "admitted agent-a");
  EXPECT_EQ(verdict(good(), http::Permission::kRenewing), "401 signature.invalid");
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
  const auto principal =
      gate_->admit(withToken(key_a_, name, nowS(), "{}", ""), http::Permission::kEnrolling, "");
  EXPECT_EQ(principal.kind, http::Principal::Kind::kEnrolling);
  EXPECT_EQ(principal.public_key, key_a_.publicKey());
  EXPECT_TRUE(principal.agent_id.empty());
  EXPECT_EQ(verdict(head(key_b_, name, nowS()), http::Permission::kEnrolling), "401 signature.invalid");
  EXPECT_EQ(verdict(head(key_a_, name, nowS()), http::Permission::kAgent), "401 signature.invalid");
}

TEST_F(SignaturesTest, open_nothing_that_is_for_people) {
  for (const auto permission : {http::Permission::kViewer, http::Permission::kTechnician,
                                http::Permission::kApprover, http::Permission::kAdmin}) {
    EXPECT_EQ(verdict(good(), permission), "401 session.required")
        << "an agent's access token is no API token";
    EXPECT_EQ(verdict(withToken(key_a_, "agent-a", nowS(), "{}", ""), permission), "401 session.required");
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
