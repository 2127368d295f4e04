// Rows B of the fault catalogue that are about one envelope, exhaustively, against both who read it: the
// kernel's desk and the executor behind its socket. Whatever one of them lets through here would run.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "judges.h"
#include "protocol/limits.h"

namespace redflag::faults {
namespace {

namespace refusal = protocol::refusal;
using protocol::Envelope;

constexpr std::int64_t kNow = 1'750'000'000 * kSecondNs;
constexpr std::int64_t kDay = 86'400 * kSecondNs;

// Thousands of refusals, each of which is logged, are not what somebody wants to read.
class Quiet {
 public:
  Quiet() : kept_(dup(STDERR_FILENO)) {
    spdlog::set_level(spdlog::level::off);
    EXPECT_NE(freopen("/dev/null", "w", stderr), nullptr);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    fflush(stderr);
    dup2(kept_, STDERR_FILENO);
    close(kept_);
  }

 private:
  int kept_;
};

struct Reader {
  const char* name;
  std::unique_ptr<Judge> (*make)(const Server&, std::int64_t);
};

class Envelopes : public testing::TestWithParam<Reader> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    judge = GetParam().make(server, kNow);
  }
  Envelope order() const { return server.order(kNow); }
  // A judge that still accepts the good order has refused the others for what they are.
  void TearDown() override {
    EXPECT_EQ(judge->taken(), 0U) << "something that was refused was taken all the same";
    judge->setClock(kNow);
    EXPECT_EQ(judge->hand(server.seal(order())), "accepted");
    EXPECT_EQ(judge->taken(), 1U);
  }
  static std::string bytesOf(const Json& transport, const char* part) {
    return fromBase64(transport.at(part).get<std::string>()).value();
  }

  const Quiet quiet;
  Server server;
  std::unique_ptr<Judge> judge;
};

TEST_P(Envelopes, B1_unsigned_or_signed_by_nobody_trusted_are_refused) {
  const Json good = server.seal(order());
  Json transport = good;
  for (const std::string& signature :
       {std::string(), std::string(64, '\0'), std::string(64, '\xff'), bytesOf(good, "signature") + '\0',
        bytesOf(good, "body").substr(0, 64)}) {
    transport["signature"] = toBase64(signature);
    EXPECT_EQ(judge->hand(transport), refusal::kBadSignature);
  }
  transport.erase("signature");
  EXPECT_EQ(judge->hand(transport), refusal::kMalformed);
  transport["signature"] = nullptr;
  EXPECT_EQ(judge->hand(transport), refusal::kMalformed);

  const Server stranger;
  EXPECT_EQ(judge->hand(stranger.seal(order())), refusal::kUnknownKey);
  Json claimed = stranger.seal(order());
  claimed["key_id"] = good["key_id"];
  EXPECT_EQ(judge->hand(claimed), refusal::kBadSignature);
}

// With a point of small order as R, or as the key, a signature can be made that no secret was needed for.
TEST_P(Envelopes, B1_low_order_points_are_refused) {
  Json transport = server.seal(order());
  for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000080",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "0000000000000000000000000000000000000000000000000000000000000080",
                            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    transport["signature"] = toBase64(fromHex(point).value() + std::string(32, '\0'));
    EXPECT_EQ(judge->hand(transport), refusal::kBadSignature) << point;
  }
}

// S and S plus the group's order verify alike in a careless implementation.
TEST_P(Envelopes, B1_a_second_spelling_of_a_good_signature_is_refused) {
  const std::string order_l =
      fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").value();
  Json transport = server.seal(order());
  std::string signature = bytesOf(transport, "signature");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]) +
             static_cast<unsigned>(static_cast<unsigned char>(order_l[i]));
    signature[32 + i] = static_cast<char>(carry & 0xFFU);
    carry >>= 8;
  }
  transport["signature"] = toBase64(signature);
  EXPECT_EQ(judge->hand(transport), refusal::kBadSignature);
}

TEST_P(Envelopes, B2_every_flipped_bit_of_the_text_is_refused) {
  const std::string text = dumpJson(server.seal(order()));
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1U << (bit % 8)));
    const std::string verdict = judge->hand(flipped);
    ASSERT_TRUE(verdict == "unreadable" || verdict == refusal::kBadSignature ||
                verdict == refusal::kMalformed || verdict == refusal::kUnknownKey ||
                verdict == refusal::kUnknownVersion)
        << "bit " << bit << ": " << verdict << ": " << flipped;
  }
}

TEST_P(Envelopes, B2_every_flipped_bit_of_body_and_signature_is_a_bad_signature) {
  const Json good = server.seal(order());
  for (const char* part : {"body", "signature"}) {
    const std::string bytes = bytesOf(good, part);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1U << (bit % 8)));
      Json altered = good;
      altered[part] = toBase64(flipped);
      ASSERT_EQ(judge->hand(altered), refusal::kBadSignature) << part << " bit " << bit;
    }
  }
}

TEST_P(Envelopes, B1_every_truncation_is_refused) {
  const Json good = server.seal(order());
  const std::string text = dumpJson(good);
  for (std::size_t size = 0; size < text.size(); ++size)
    ASSERT_EQ(judge->hand(text.substr(0, size)), "unreadable") << size;
  for (const char* part : {"body", "signature"}) {
    const std::string bytes = bytesOf(good, part);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Json altered = good;
      altered[part] = toBase64(bytes.substr(0, size));
      ASSERT_EQ(judge->hand(altered), refusal::kBadSignature) << part << " cut to " << size;
    }
  }
  // Cut, and signed again by a server in other hands.
  const std::string body = bytesOf(good, "body");
  for (std::size_t size = 0; size < body.size(); ++size)
    ASSERT_EQ(judge->hand(server.sign(body.substr(0, size))), refusal::kMalformed) << size;
}

TEST_P(Envelopes, B4_an_order_for_another_agent_or_client_is_refused) {
  for (const char* other : {"agent-2", "agent-1 ", "Agent-1", "agent-10", "agent-"}) {
    Envelope e = order();
    e.agent_id = other;
    EXPECT_NE(judge->hand(server.sign(e)), "accepted") << other;
  }
  Envelope e = order();
  e.agent_id = "agent-2";
  EXPECT_EQ(judge->hand(server.sign(e)), refusal::kWrongAgent);
  e = order();
  e.client_id = "client-2";
  EXPECT_EQ(judge->hand(server.sign(e)), refusal::kWrongClient);
  std::swap(e.agent_id, e.client_id);
  EXPECT_EQ(judge->hand(server.sign(e)), refusal::kWrongAgent);
}

TEST_P(Envelopes, B8_only_a_clock_within_five_minutes_accepts) {
  Envelope e = order();
  e.not_before = 0;
  e.expires_at = INT64_MAX;
  const Json transport = server.sign(e);
  constexpr std::int64_t kLimit = protocol::kClockToleranceNs;
  for (const std::int64_t at : {kNow - kLimit - 1, kNow + kLimit + 1, kNow - kDay, kNow + kDay,
                                std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, 2'147'483'647 * kSecondNs,
                                2'147'483'648 * kSecondNs, 4'102'444'800 * kSecondNs, INT64_MAX, INT64_MIN}) {
    judge->setClock(at);
    EXPECT_EQ(judge->hand(transport), refusal::kClock) << at;
  }
  for (const std::int64_t skew : {-kLimit, kLimit}) {
    auto other = GetParam().make(server, kNow + skew);
    EXPECT_EQ(other->hand(transport), "accepted") << skew;
  }
}

TEST_P(Envelopes, B8_not_yet_valid_and_expired_orders_are_refused_to_the_nanosecond) {
  Envelope e = order();
  e.not_before = kNow + 1;
  EXPECT_EQ(judge->hand(server.sign(e)), refusal::kNotYetValid);
  e = order();
  e.expires_at = kNow;
  EXPECT_EQ(judge->hand(server.sign(e)), refusal::kExpired);
  e.not_before = kNow;
  EXPECT_EQ(judge->hand(server.sign(e)), refusal::kMalformed) << "ends before it begins";
}

TEST_P(Envelopes, B10_text_that_two_readers_could_read_differently_is_refused) {
  const std::string text = dumpJson(server.seal(order()));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string out = text;
    const auto at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return out.replace(at, from.size(), to);
  };
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"a key twice", with("\"version\":1", "\"version\":1,\"version\":1")},
      {"a key twice, spelled differently", with("\"version\":1", "\"version\":1,\"\\u0076ersion\":1")},
      {"invalid UTF-8", with("\"version\":1", "\"version\":1,\"a\":\"\xff\"")},
      {"overlong UTF-8", with("\"version\":1", "\"version\":1,\"a\":\"\xc0\xaf\"")},
      {"a lone surrogate", with("\"version\":1", "\"version\":1,\"a\":\"\\ud800\"")},
      {"NaN", with("\"version\":1", "\"version\":NaN")},
      {"Infinity", with("\"version\":1", "\"version\":Infinity")},
      {"1e400", with("\"version\":1", "\"version\":1e400")},
      {"a byte before", "x" + text},
      {"a NUL after", text + std::string(1, '\0')},
      {"a comment", with("\"version\":1", "\"version\":1/**/")},
      {"a comma at the end", text.substr(0, text.size() - 1) + ",}"},
  };
  for (const auto& [name, wire] : cases)
    EXPECT_EQ(judge->hand(wire), "unreadable") << name;
  // Readable, but not an envelope.
  for (const char* version : {"1.0", "\"1\"", "true", "[1]", "18446744073709551617", "null"}) {
    EXPECT_EQ(judge->hand(with("\"version\":1", std::string("\"version\":") + version)), refusal::kMalformed)
        << version;
  }
  for (const char* version : {"-1", "0", "2", "9223372036854775807"}) {
    EXPECT_EQ(judge->hand(with("\"version\":1", std::string("\"version\":") + version)),
              refusal::kUnknownVersion)
        << version;
  }
  EXPECT_EQ(judge->hand(with("\"version\":1", "\"version\":1,\"trusted\":true")), refusal::kMalformed);
  EXPECT_EQ(judge->hand(std::string("{}")), refusal::kMalformed);
}

// From here on the signature is good: a server in other hands.
TEST_P(Envelopes, B10_malformed_bodies_are_refused_however_well_they_are_signed) {
  using Change = std::function<void(Envelope&)>;
  const auto parameters = [](const char* text) {
    return [text](Envelope& e) { e.actions[0].parameters = text; };
  };
  const std::vector<std::pair<const char*, Change>> cases = {
      {"no action", [](Envelope& e) { e.actions.clear(); }},
      {"17 actions", [](Envelope& e) { e.actions.assign(17, e.actions[0]); }},
      {"a key twice", parameters(R"({"updates":[],"updates":[]})")},
      {"a list", parameters("[]")},
      {"two objects", parameters("{}{}")},
      {"no text", parameters("")},
      {"NaN", parameters(R"({"updates":[NaN]})")},
      {"1e400", parameters(R"({"updates":[1e400]})")},
      {"invalid UTF-8", parameters("{\"updates\":[\"\xff\"]}")},
      {"too deep",
       [](Envelope& e) {
         e.actions[0].parameters = "{\"updates\":" + std::string(1000, '[') + std::string(1000, ']') + "}";
       }},
      {"a path", [](Envelope& e) { e.actions[0].plugin = "../../test.updater"; }},
      {"NUL in an id", [](Envelope& e) { e.command_id = std::string("a\0b", 3); }},
      {"a newline in an id", [](Envelope& e) { e.command_id = "a\nb"; }},
      {"an id of 65 bytes", [](Envelope& e) { e.command_id = std::string(65, 'a'); }},
      {"half a hash", [](Envelope& e) { e.plan_hash.resize(16); }},
      {"another key id", [](Envelope& e) { e.key_id = "0000000000000000"; }},
      {"a negative time", [](Envelope& e) { e.issued_at = -1; }},
      {"the smallest time", [](Envelope& e) { e.not_before = INT64_MIN; }},
      {"a negative epoch", [](Envelope& e) { e.restore_epoch = -1; }},
  };
  for (const auto& [name, change] : cases) {
    Envelope e = order();
    change(e);
    EXPECT_EQ(judge->hand(server.sign(e)), refusal::kMalformed) << name;
  }
  Envelope e = order();
  e.version = 2;
  EXPECT_EQ(judge->hand(server.sign(e)), refusal::kUnknownVersion);
  EXPECT_EQ(judge->hand(server.sign(protocol::encodeEnvelope(order()) + '\0')), refusal::kMalformed);
}

TEST_P(Envelopes, B10_negative_and_endless_lengths_are_refused) {
  const std::string body = protocol::encodeEnvelope(order());
  for (std::size_t at = 0; at + 4 <= body.size(); ++at) {
    for (const char* length : {"\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\x00\x00\x00\x80"}) {
      std::string altered = body;
      altered.replace(at, 4, std::string(length, 4));
      if (judge->hand(server.sign(altered)) != "accepted") continue;
      // It was no length but part of a hash, a time or the nonce: what was read is what was signed.
      const auto read = protocol::decodeEnvelope(altered);
      ASSERT_TRUE(read) << at;
      ASSERT_EQ(protocol::encodeEnvelope(*read), altered) << at;
      judge = GetParam().make(server, kNow);
    }
  }
}

TEST_P(Envelopes, B10_unknown_verbs_are_refused_before_anybody_is_asked) {
  const std::vector<std::pair<const char*, const char*>> verbs = {
      {"test.updater", "remove"}, {"test.updater", "Install"}, {"test.updater", "install.sh"},
      {"test.updater", "shell"},  {"kernel", "install"},       {"kernel", "exec"},
      {"executor", "run"},        {"test.updater", "repair"}};
  for (const auto& [plugin, verb] : verbs) {
    Envelope e = order();
    e.actions[0].plugin = plugin;
    e.actions[0].action = verb;
    // The hash of a plan is an install's alone: with it another verb contradicts itself.
    const auto code = judge->hand(server.sign(e));
    EXPECT_TRUE(code == refusal::kUnknownAction || code == refusal::kMalformed)
        << code << " " << plugin << "/" << verb;
  }
  EXPECT_EQ(judge->taken(), 0U);
}

TEST_P(Envelopes, B5_a_replay_is_known_after_a_restart_and_after_its_time) {
  auto other = GetParam().make(server, kNow);
  const Json sealed = server.seal(order());
  EXPECT_EQ(other->hand(sealed), "accepted");
  EXPECT_EQ(other->hand(sealed), "known");
  other->restart();
  EXPECT_EQ(other->hand(sealed), "known");
  other->setClock(kNow + 2 * kDay);
  EXPECT_EQ(other->hand(sealed), "known");
  EXPECT_EQ(other->taken(), 1U);
}

TEST_P(Envelopes, B7_the_same_id_with_another_body_is_refused) {
  auto other = GetParam().make(server, kNow);
  EXPECT_EQ(other->hand(server.seal(order())), "accepted");
  const std::vector<std::function<void(Envelope&)>> changes = {
      [](Envelope& e) { e.actions[0].parameters = parametersOf("openssl"); },
      [](Envelope& e) { e.plan_hash = planHashOf("openssl"); },
      [](Envelope& e) { e.expires_at += 1; },
      [](Envelope& e) { e.not_before -= 1; },
      [](Envelope& e) { e.restore_epoch = 1; },
      [](Envelope& e) { e.command_type = "other"; }};
  for (const auto& change : changes) {
    Envelope e = order();
    change(e);
    EXPECT_EQ(other->hand(server.sign(e)), refusal::kIdReused);
    other->restart();
    EXPECT_EQ(other->hand(server.sign(e)), refusal::kIdReused) << "after a restart";
  }
  EXPECT_EQ(other->taken(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Both, Envelopes,
                         testing::Values(Reader{"kernel", makeKernelJudge},
                                         Reader{"executor", makeExecutorJudge}),
                         [](const auto& tried) { return tried.param.name; });

}  // namespace
}  // namespace redflag::faults
