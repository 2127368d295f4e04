#include "protocol/tuf/metadata.h"

#include <gtest/gtest.h>

#include "protocol/tuf/canonical_json.h"
#include "protocol/tuf/path_pattern.h"
#include "repository.h"

namespace redflag::tuf {
namespace {

using test::Repository;
using test::Signer;

class TufMetadata : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(initCrypto()); }

  static Document documentOf(const Json& body) {
    return readDocument(test::signedText(body, {}), 1'000'000, "x").value();
  }
  template <class T>
  static std::string problem(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? "" : result.error().text;
  }
  std::string rootProblem() { return problem(readRoot(documentOf(repository_->body("root")))); }
  std::string targetsProblem() {
    return problem(readTargets(documentOf(repository_->body("targets")), "targets"));
  }

  std::optional<Repository> owned_;
  Repository* repository_ = nullptr;
  void begin() { repository_ = &owned_.emplace(); }
};

void expectPart(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(TufCanonicalJson, sorts_members_and_escapes_only_quotes_and_backslashes) {
  const Json value =
      Json::parse(R"({"b":[1,-2,true,null],"a":"\"\\\n\u00e4\/","":{},"\ud83d\ude00":0,"\uffff":1})");
  EXPECT_EQ(canonicalJson(value).value(),
            "{\"\":{},\"a\":\"\\\"\\\\\n\xc3\xa4/"
            "\",\"b\":[1,-2,true,null],\"\xef\xbf\xbf\":1,\"\xf0\x9f\x98\x80\":0}");
}

TEST(TufCanonicalJson, has_no_form_for_fractions) {
  EXPECT_FALSE(canonicalJson(Json::parse("[1.0]")));
  EXPECT_FALSE(canonicalJson(Json::parse("{\"a\":1e3}")));
}

TEST(TufPaths, match_as_the_specification_says) {
  const std::vector<std::tuple<const char*, const char*, bool>> cases = {
      {"targets/*.tgz", "targets/foo.tgz", true},
      {"targets/*.tgz", "targets/foo.txt", false},
      {"foo-version-?.tgz", "foo-version-2.tgz", true},
      {"foo-version-?.tgz", "foo-version-alpha.tgz", false},
      {"*.tgz", "targets/foo.tgz", false},
      {"*", "a/b", false},
      {"*/*", "a/b", true},
      {"*", "", true},
      {"a?b", "a/b", false},
      {"*a*b", "xaxaxb", true},
      {"*a*b", "xaxaxc", false},
      {"[ab]/[!c-e]", "b/f", true},
      {"[ab]/[!c-e]", "b/d", false},
      {"[ab", "[ab", true},
      {"foo", "foo", true},
      {"foo", "Foo", false},
      {"foo", "foo/bar", false},
      {"foo/bar/*/k.*", "foo/bar/zoo/k.tgz", true},
      {"a//b", "a/b", false},
  };
  for (const auto& [pattern, path, expected] : cases)
    EXPECT_EQ(matchesPath(pattern, path), expected) << pattern << " " << path;
}

TEST(TufPaths, take_no_exponential_time) {
  std::string pattern;
  for (int i = 0; i < 200; ++i)
    pattern += "*a";
  EXPECT_FALSE(matchesPath(pattern + "b", std::string(2000, 'a')));
}

TEST(TufContent, is_checked_for_length_and_every_known_hash) {
  FileInfo info{3, {{"sha256", toHex(sha256("abc"))}, {"sha512", std::string(128, '0')}}};
  EXPECT_FALSE(checkContent(info, "abc"));
  info.hashes["sha512"] =
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
      "454d4423643ce80e2a9ac94fa54ca49f";
  info.hashes["blake"] = "00";
  EXPECT_TRUE(checkContent(info, "abc"));
  EXPECT_EQ(checkContent(info, "abcd").error().code, Code::kLimit);
  EXPECT_EQ(checkContent(info, "ab").error().code, Code::kDenied);
  EXPECT_FALSE(checkContent({3, {{"blake", "00"}}}, "abc")) << "no hash that is known";
}

TEST_F(TufMetadata, tolerates_members_it_does_not_know) {
  begin();
  repository_->body("root")["x-new"] = {{"deep", Json::array({1, "a"})}};
  repository_->body("root")["keys"].begin().value()["keyid_hash_algorithms"] = Json::array({"md5"});
  EXPECT_TRUE(readRoot(documentOf(repository_->body("root"))));
}

TEST_F(TufMetadata, refuses_what_is_no_json_of_this_size_and_depth) {
  EXPECT_EQ(readDocument("{}", 1, "x").error().code, Code::kLimit);
  EXPECT_FALSE(readDocument("{", 100, "x"));
  expectPart(problem(readDocument(R"({"signed":{"a":1,"a":2},"signatures":[]})", 1000, "x")),
             "duplicate key");
  std::string deep(100, '[');
  deep += std::string(100, ']');
  expectPart(problem(readDocument(R"({"signed":{"a":)" + deep + R"(},"signatures":[]})", 1000, "x")),
             "deeper");
  expectPart(problem(readDocument(R"({"signed":{"a":1.5},"signatures":[]})", 1000, "x")), "fraction");
  expectPart(problem(readDocument(R"({"signed":{}})", 1000, "timestamp")), "timestamp.signatures");
}

TEST_F(TufMetadata, refuses_other_types_and_versions_of_the_specification) {
  begin();
  repository_->body("root")["spec_version"] = "2.0.0";
  expectPart(rootProblem(), "root.spec_version");
  repository_->body("root")["spec_version"] = "1.0";
  repository_->body("root")["_type"] = "targets";
  expectPart(rootProblem(), "root._type");
  begin();
  for (const std::int64_t none : {std::int64_t{0}, INT64_MAX}) {
    repository_->body("root")["version"] = none;
    expectPart(rootProblem(), "root.version");
  }
  begin();
  repository_->body("root")["expires"] = "tomorrow";
  expectPart(rootProblem(), "root.expires");
}

TEST_F(TufMetadata, takes_an_expiry_beyond_what_a_clock_holds) {
  begin();
  repository_->body("root")["expires"] = "9999-12-31T23:59:59Z";
  EXPECT_GT(readRoot(documentOf(repository_->body("root"))).value().expires_ns,
            test::kNow + 100 * 365 * test::kDayNs);
}

TEST_F(TufMetadata, refuses_a_key_named_twice_in_one_role) {
  begin();
  Json& ids = repository_->body("root")["roles"]["timestamp"]["keyids"];
  ids.push_back(ids[0]);
  expectPart(rootProblem(), "root.roles.timestamp.keyids");
}

TEST_F(TufMetadata, refuses_a_root_without_one_of_the_roles_or_with_a_threshold_of_nothing) {
  begin();
  repository_->threshold("snapshot", 0);
  expectPart(rootProblem(), "threshold");
  repository_->body("root")["roles"].erase("snapshot");
  expectPart(rootProblem(), "root.roles.snapshot is missing");
}

TEST_F(TufMetadata, refuses_targets_without_length_or_hashes) {
  begin();
  repository_->addTarget("a", "x");
  repository_->body("targets")["targets"]["a"].erase("length");
  expectPart(targetsProblem(), "targets.targets.a.length");
  begin();
  repository_->addTarget("a", "x");
  repository_->body("targets")["targets"]["a"]["hashes"] = Json::object();
  expectPart(targetsProblem(), "targets.targets.a.hashes");
}

TEST_F(TufMetadata, refuses_delegations_that_say_nothing_both_or_to_a_top_level_role) {
  begin();
  repository_->delegate("targets", "a", Json::object());
  expectPart(targetsProblem(), "either paths or path_hash_prefixes");
  begin();
  repository_->delegate("targets", "a", {{"paths", {"*"}}, {"path_hash_prefixes", {"0"}}});
  expectPart(targetsProblem(), "either paths or path_hash_prefixes");
  begin();
  repository_->delegate("targets", "timestamp", {{"paths", {"*"}}});
  expectPart(targetsProblem(), "roles[0].name");
  begin();
  repository_->delegate("targets", "a", {{"paths", {"*"}}});
  repository_->delegate("targets", "a", {{"paths", {"*"}}});
  expectPart(targetsProblem(), "named twice");
}

TEST_F(TufMetadata, delegates_by_the_beginning_of_a_names_hash) {
  DelegatedRole role;
  role.path_hash_prefixes = {toHex(sha256("some/target")).substr(0, 3)};
  EXPECT_TRUE(role.covers("some/target"));
  EXPECT_FALSE(role.covers("another"));
}

// Signs `body` as told, and asks whether two of three keys are there.
class TufThreshold : public TufMetadata {
 protected:
  void SetUp() override {
    TufMetadata::SetUp();
    for (int i = 0; i < 3; ++i) {
      signers_.emplace_back();
      keys_[signers_.back().id] = keyFromJson(signers_.back().key, "k").value();
      role_.key_ids.push_back(signers_.back().id);
    }
    role_.threshold = 2;
  }
  bool met(const Json& signatures) const {
    const auto document =
        readDocument(dumpJson({{"signed", body_}, {"signatures", signatures}}), 100'000, "x");
    return checkThreshold(document.value(), keys_, role_, "x").has_value();
  }
  Json by(std::size_t i) const { return test::signatureOf(signers_[i], body_); }

  const Json body_ = {{"a", 1}};
  std::vector<Signer> signers_;
  Keys keys_;
  Role role_;
};

TEST_F(TufThreshold, is_met_by_enough_different_keys) {
  EXPECT_TRUE(met({by(0), by(2)}));
  EXPECT_FALSE(met(Json::array({by(0)})));
  EXPECT_FALSE(met(Json::array()));
}

TEST_F(TufThreshold, counts_one_key_once_however_often_it_signs) {
  EXPECT_FALSE(met({by(1), by(1)}));
}

TEST_F(TufThreshold, counts_one_key_once_under_two_ids) {
  keys_["other"] = keys_.at(signers_[0].id);
  role_.key_ids.push_back("other");
  Json again = by(0);
  again["keyid"] = "other";
  EXPECT_FALSE(met({by(0), again}));
  EXPECT_TRUE(met({by(0), again, by(1)}));
}

TEST_F(TufThreshold, is_not_helped_by_strangers_or_by_keys_of_other_roles) {
  const Signer stranger;
  EXPECT_FALSE(met({by(0), test::signatureOf(stranger, body_)}));
  keys_[stranger.id] = keyFromJson(stranger.key, "k").value();
  EXPECT_FALSE(met({by(0), test::signatureOf(stranger, body_)})) << "known, but not of this role";
}

TEST_F(TufThreshold, is_not_spoilt_by_signatures_that_are_wrong_or_empty) {
  Json wrong = by(1);
  wrong["sig"] = by(0)["sig"];
  Json empty = by(2);
  empty["sig"] = "";
  EXPECT_FALSE(met({by(0), wrong, empty}));
  EXPECT_TRUE(met({by(0), wrong, empty, by(1)}))
      << "an earlier wrong one of the same key does not hide the right one";
}

}  // namespace
}  // namespace redflag::tuf
