#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "protocol/bundle.h"
#include "protocol/command_list.h"
#include "protocol/compress.h"
#include "protocol/keys.h"
#include "protocol/limits.h"
#include "protocol/plan_hash.h"
#include "vectors.h"

namespace redflag::protocol {
namespace {

TEST(PlanHash, agrees_with_the_golden_vectors) {
  for (const Json& vector : vectors("plan_hash.json")) {
    EXPECT_EQ(toHex(planHash(planSteps(vector["plan"]).value())), vector["plan_hash"]);
  }
}

TEST(PlanHash, does_not_depend_on_the_order_of_steps) {
  std::vector<PlanStep> steps = planSteps(vectors("plan_hash.json")[1]["plan"]).value();
  const std::string hash = planHash(steps);
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(steps.begin(), steps.end(), random);
    EXPECT_EQ(planHash(steps), hash);
  }
}

TEST(PlanHash, keeps_neighbouring_fields_apart) {
  EXPECT_NE(planHash({{"install", "ab", "c", "", ""}}), planHash({{"install", "a", "bc", "", ""}}));
  EXPECT_NE(planHash({{"install", "a", "", "1", ""}}), planHash({{"install", "a", "", "", "1"}}));
}

TEST(PlanHash, takes_a_package_of_which_several_versions_go) {
  const auto removal = [](const char* version) {
    return Json{
        {"operation", "remove"}, {"name", "kernel"}, {"arch", "x86_64"}, {"from", version}, {"to", ""}};
  };
  const auto hashOf = [](const Json& steps) { return planHash(planSteps({{"steps", steps}}).value()); };
  const Json older = removal("6.0");
  const Json newer = removal("6.1");
  EXPECT_EQ(hashOf({older, newer}), hashOf({newer, older}));
  EXPECT_NE(hashOf({older, newer}), hashOf(Json::array({older})));
  EXPECT_FALSE(planSteps({{"steps", {older, older}}}));
}

TEST(PlanHash, refuses_steps_that_are_incomplete_or_named_twice) {
  const Json step = {{"operation", "install"}, {"name", "a"}, {"arch", "all"}, {"from", ""}, {"to", "1"}};
  EXPECT_TRUE(planSteps({{"steps", {step}}, {"download_bytes", 5}}));
  EXPECT_FALSE(planSteps({{"steps", {step, step}}}));
  for (const char* member : {"operation", "name", "arch", "from", "to"}) {
    Json cut = step;
    cut.erase(member);
    EXPECT_FALSE(planSteps({{"steps", {cut}}})) << member;
    cut[member] = 7;
    EXPECT_FALSE(planSteps({{"steps", {cut}}})) << member;
  }
  EXPECT_FALSE(planSteps(Json::array()));
  EXPECT_FALSE(planSteps(Json::object()));
}

TEST(Bundle, agrees_with_the_golden_vector) {
  const Json vector = vectors("bundle.json")[0];
  const auto bundle = decodeBundle(" " + vector["bundle"].get<std::string>() + "\n");
  ASSERT_TRUE(bundle) << bundle.error().text;
  EXPECT_EQ(bundle->urls, std::vector<std::string>{"https://redflag.example.net:8443"});
  EXPECT_EQ(bundle->token, vector["document"]["token"]);
  EXPECT_EQ(toBase64(bundle->authorities[1]), vector["document"]["ca"][1]);
  EXPECT_EQ(bundle->root.version, vector["document"]["root_version"]);
  EXPECT_EQ(toHex(bundle->root.sha256), vector["document"]["root_sha256"]);
  const auto again = decodeBundle(encodeBundle(*bundle).value());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->root.sha256, bundle->root.sha256);
}

TEST(Bundle, refuses_by_name_what_it_cannot_trust) {
  const Json good = vectors("bundle.json")[0]["document"];
  const auto errorOf = [](const Json& document) {
    const auto bundle = decodeBundle("rfb1." + toBase64Url(dumpJson(document)));
    return bundle ? std::string("accepted") : bundle.error().text;
  };
  ASSERT_EQ(errorOf(good), "accepted");
  const auto refused = [&](const char* member, const Json& value) {
    Json altered = good;
    altered[member] = value;
    EXPECT_NE(errorOf(altered).find(std::string("bundle.") + member), std::string::npos)
        << member << " = " << value << ": " << errorOf(altered);
  };
  refused("v", 2);
  for (const char* url :
       {"http://redflag.example.net", "https://", "https://u:p@h", "https://h/path", "https://h x", ""}) {
    refused("urls", {url});
  }
  refused("urls", Json::array());
  refused("token", "");
  refused("ca", {good["ca"][0]});
  refused("ca", {"!", "!"});
  refused("extra", 1);
  refused("root_version", 0);
  refused("root_sha256", "abc");
  refused("root_sha256", std::string(62, 'a'));
}

TEST(Bundle, says_what_is_wrong_with_a_damaged_copy) {
  const std::string good = vectors("bundle.json")[0]["bundle"];
  EXPECT_NE(decodeBundle(good.substr(5)).error().text.find("rfb1."), std::string::npos);
  EXPECT_FALSE(decodeBundle(good.substr(0, good.size() - 3)));
  EXPECT_FALSE(decodeBundle(""));
  EXPECT_EQ(decodeBundle("rfb1." + std::string(kMaxBundleBytes, 'A')).error().code, Code::kLimit);
}

TEST(Base64, has_one_text_for_each_value) {
  for (int c = 0; c < 256; ++c) {
    const std::string text = std::string("AAA") + static_cast<char>(c);
    const auto standard = fromBase64(text);
    EXPECT_TRUE(!standard || toBase64(*standard) == text) << c;
    const auto url = fromBase64Url(text);
    EXPECT_TRUE(!url || toBase64Url(*url) == text) << c;
  }
}

TEST(Keys, come_back_from_their_seed) {
  ASSERT_TRUE(initCrypto());
  const SigningKey key = SigningKey::generate();
  const auto again = SigningKey::fromSeed(key.seed());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->publicKey(), key.publicKey());
  EXPECT_TRUE(verifySignature("m", again->sign("m"), key.publicKey()));
  EXPECT_FALSE(verifySignature("n", again->sign("m"), key.publicKey()));
  EXPECT_FALSE(SigningKey::fromSeed("short"));
}

TEST(Compress, expands_what_it_compressed_up_to_the_limit) {
  const std::string text(300'000, 'r');
  const auto packed = compress(text);
  ASSERT_TRUE(packed);
  EXPECT_EQ(expand(*packed, text.size()).value(), text);
  EXPECT_EQ(expand(*packed, text.size() - 1).error().code, Code::kLimit);
  EXPECT_EQ(expand(compress("").value(), 0).value(), "");
}

TEST(Compress, stops_a_bomb_at_the_limit) {
  const auto bomb = compress(std::string(64U << 20, '\0'));
  ASSERT_TRUE(bomb);
  ASSERT_LT(bomb->size(), 16'384U);
  EXPECT_EQ(expand(*bomb, 1U << 20).error().code, Code::kLimit);
}

TEST(Compress, refuses_what_is_cut_damaged_or_followed_by_more) {
  const auto packed = compress(std::string(5'000, 'a') + "the end");
  ASSERT_TRUE(packed);
  for (std::size_t size = 0; size < packed->size(); ++size) {
    EXPECT_EQ(expand(packed->substr(0, size), 1U << 20).error().code, Code::kInvalid) << size;
  }
  EXPECT_EQ(expand(*packed + "x", 1U << 20).error().code, Code::kInvalid);
  EXPECT_EQ(expand(*packed + *packed, 1U << 20).error().code, Code::kInvalid);
  EXPECT_EQ(expand("{\"items\":[]}", 1U << 20).error().code, Code::kInvalid);
}

// A frame header that asks for a window of 1 GiB: refused before the memory is taken.
TEST(Compress, refuses_a_huge_window) {
  const std::string header = fromHex("28b52ffd00a0").value();
  EXPECT_EQ(expand(header + std::string("\x01\x00\x00", 3), 1U << 20).error().code, Code::kLimit);
}

TEST(CommandListForm, keeps_times_to_the_millisecond_as_it_writes_them) {
  const std::string key(kPublicKeyBytes, 'k');
  const auto list = [&](const char* not_before, const char* not_after) {
    return decodeCommandList(dumpJson({{"v", 1},
                                       {"keys", Json::array({{{"key_id", keyId(key)},
                                                              {"public_key", toBase64Url(key)},
                                                              {"not_before", not_before},
                                                              {"not_after", not_after}}})},
                                       {"minimal_envelope_version", 1},
                                       {"restore_epoch", 0},
                                       {"urls", Json::array({"https://a.example:1"})},
                                       {"ca", Json::array({"MAMCAQE=", "MAMCAQI="})}}));
  };
  EXPECT_FALSE(list("2025-01-01T00:00:00.0001Z", "2025-01-01T00:00:00.0009Z"));
  const auto near = list("2025-01-01T00:00:00.0009Z", "2025-01-01T00:00:00.0011Z");
  ASSERT_TRUE(near);
  EXPECT_TRUE(encodeCommandList(*near));
}

}  // namespace
}  // namespace redflag::protocol
