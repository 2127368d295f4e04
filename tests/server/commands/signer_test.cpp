#include "commands/signer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/encoding.h"
#include "protocol/envelope.h"
#include "support/folder.h"

namespace redflag::commands {
namespace {

TEST(Signer, makes_its_key_once_and_for_itself_alone) {
  ASSERT_TRUE(initCrypto());
  testing::Folder folder;
  const auto file = folder / "command.key";
  const auto first = CommandSigner::load(file);
  ASSERT_TRUE(first) << first.error().text;
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(CommandSigner::load(file)->publicKeys()[0].key_id, first->publicKeys()[0].key_id);
}

TEST(Signer, refuses_a_key_that_others_may_read_that_is_damaged_or_that_is_a_link) {
  testing::Folder folder;
  const auto file = folder / "command.key";
  ASSERT_TRUE(CommandSigner::load(file));
  ::chmod(file.c_str(), 0640);
  EXPECT_EQ(CommandSigner::load(file).error().code, Code::kDenied);
  ::chmod(file.c_str(), 0600);
  std::filesystem::create_symlink(file, folder / "link.key");
  EXPECT_FALSE(CommandSigner::load(folder / "link.key"));
  std::ofstream(file) << "not a key";
  EXPECT_EQ(CommandSigner::load(file).error().code, Code::kCorrupt);
}

TEST(Signer, signs_what_was_stored_and_nothing_that_does_not_fit) {
  const CommandSigner signer(protocol::SigningKey::generate());
  store::Command command;
  command.id = newId();
  command.client_id = newId();
  command.agent_id = newId();
  command.type = "scan";
  command.actions = R"([{"plugin":"kernel","action":"scan","parameters":{"b":1,"a":"ä"}}])";
  command.plan_hash = std::string(64, 'a');
  command.expires_at = 10'000;
  const auto transport = signer.sign(command, 7, 5'000);
  ASSERT_TRUE(transport) << transport.error().text;
  const auto key = signer.publicKeys()[0];
  const auto envelope = protocol::openEnvelope(
      *transport, [&](const std::string&) -> std::optional<std::string> { return key.public_key; });
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->actions[0].parameters, R"({"a":"ä","b":1})");
  EXPECT_EQ(envelope->issued_at, 5'000);
  EXPECT_EQ(envelope->restore_epoch, 7);
  EXPECT_EQ(toHex(envelope->plan_hash), command.plan_hash);
  command.plan_hash = "zz";
  EXPECT_FALSE(signer.sign(command, 7, 5'000));
}

}  // namespace
}  // namespace redflag::commands
