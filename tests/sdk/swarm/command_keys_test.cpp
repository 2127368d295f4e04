#include "swarm/command_keys.h"

#include <gtest/gtest.h>

#include "../protocol/tuf/repository.h"

namespace redflag::swarm {
namespace {

using tuf::test::kDayNs;
using tuf::test::kNow;

class CommandKeys : public ::testing::Test {
 protected:
  CommandKeys() {
    const auto key = protocol::SigningKey::generate();
    list_.keys = {{{protocol::keyId(key.publicKey()), key.publicKey()}, kNow - kDayNs, kNow + kDayNs}};
    list_.urls = {"https://redflag.example"};
    list_.authorities = {"one", "two"};
    pinned_ = {1, sha256(repository_.root(1))};
    offer();
  }

  void offer() {
    repository_.addTarget(protocol::kCommandListTarget, protocol::encodeCommandList(list_).value());
    repository_.publishNext();
  }
  Result<protocol::CommandList> read(std::int64_t now_ns = kNow) const {
    const auto files = [this](const std::string& name) -> Result<std::string> {
      const auto file = repository_.files.find(name.substr(name.find('/') + 1));
      if (file == repository_.files.end()) return fail(Code::kNotFound, name + " is not there");
      return file->second;
    };
    return readCommandKeys(pinned_, files, now_ns);
  }
  std::string complaint(std::int64_t now_ns = kNow) const {
    const auto list = read(now_ns);
    return list ? "none" : list.error().text;
  }

  tuf::test::Repository repository_;
  protocol::TrustRoot pinned_;
  protocol::CommandList list_;
};

TEST_F(CommandKeys, are_those_of_the_list_that_the_pinned_root_leads_to) {
  const auto list = read();
  ASSERT_TRUE(list) << list.error().text;
  ASSERT_EQ(list->keys.size(), 1U);
  EXPECT_EQ(list->keys.front().key.key_id, list_.keys.front().key.key_id);
}

TEST_F(CommandKeys, are_followed_through_later_roots) {
  repository_.rotate("root");
  repository_.rotate("targets");
  offer();
  EXPECT_EQ(complaint(), "none");
}

TEST_F(CommandKeys, of_another_root_than_the_pinned_one_are_not_believed) {
  pinned_.sha256 = sha256("another");
  EXPECT_EQ(complaint(), "trust root: it is not the one that the enrolment bundle pins");
}

TEST_F(CommandKeys, that_another_key_than_the_targets_signed_are_not_believed) {
  repository_.signers["targets"] = {tuf::test::Signer()};
  offer();
  EXPECT_NE(complaint().find("targets"), std::string::npos) << complaint();
  EXPECT_EQ(read().error().code, Code::kDenied);
}

TEST_F(CommandKeys, with_other_content_than_was_signed_are_not_believed) {
  for (auto& [name, content] : repository_.files)
    if (name.ends_with(".commands.json")) content[content.size() / 2] ^= 1;
  ASSERT_FALSE(read());
  EXPECT_EQ(read().error().code, Code::kDenied);
  EXPECT_TRUE(complaint().starts_with("trust/commands.json")) << complaint();
}

TEST_F(CommandKeys, end_with_the_documents_that_list_them) {
  EXPECT_NE(complaint(kNow + 31 * kDayNs).find("expired"), std::string::npos);
}

TEST_F(CommandKeys, that_are_not_there_are_told_by_the_files_name) {
  repository_.files.erase("timestamp.json");
  EXPECT_EQ(complaint(), "metadata/timestamp.json is not there");
  repository_.files.erase("1.root.json");
  EXPECT_EQ(complaint(), "metadata/1.root.json is not there");
}

}  // namespace
}  // namespace redflag::swarm
