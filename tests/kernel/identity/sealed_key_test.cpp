#include "identity/sealed_key.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <fstream>
#include <iterator>

#include "base/encoding.h"
#include "base/json.h"
#include "marks.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;
using test::machineOf;
using test::Parts;

const Parts kSix = {{"machine-id", "the-id"},     {"product-uuid", "the-uuid"}, {"board-serial", "the-board"},
                    {"system-serial", "the-box"}, {"disks", "the-disks"},       {"nics", "the-nics"}};

class SealedKeyTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(initCrypto()); }

  void seal(const Parts& machine) {
    const auto binding = saveSealedKey(file_, key_, machineOf(machine));
    ASSERT_TRUE(binding);
    EXPECT_EQ(binding->sources.size(), machine.size());
  }
  Result<OpenedKey> open(const Parts& machine) const { return openSealedKey(file_, machineOf(machine), ""); }
  Json content() const {
    std::ifstream in(file_);
    return Json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  void rewrite(const Json& json) const { std::ofstream(file_) << json.dump(); }

  test::TemporaryFolder folder_;
  const fs::path file_ = folder_.path() / "key.json";
  const protocol::SigningKey key_ = protocol::SigningKey::generate();
};

TEST_F(SealedKeyTest, opens_with_as_many_unchanged_parts_as_the_table_says_and_no_fewer) {
  for (std::size_t sources = 1; sources <= kSix.size(); ++sources) {
    const Parts machine(kSix.begin(), kSix.begin() + static_cast<std::ptrdiff_t>(sources));
    seal(machine);
    for (unsigned same = 0; same < (1U << sources); ++same) {
      Parts now = machine;
      std::size_t count = 0;
      for (std::size_t i = 0; i < sources; ++i) {
        if ((same >> i & 1U) != 0) {
          ++count;
        } else {
          now[i].second = "another " + now[i].first;
        }
      }
      const auto opened = open(now);
      ASSERT_EQ(opened.has_value(), count >= sharesNeeded(sources)) << sources << " sources, same " << same;
      if (!opened) {
        EXPECT_EQ(opened.error().code, Code::kDenied);
        continue;
      }
      EXPECT_EQ(opened->key.publicKey(), key_.publicKey());
      EXPECT_EQ(opened->stale, count < sources);
    }
  }
}

TEST_F(SealedKeyTest, a_copied_disk_never_suffices_where_the_machine_has_parts_of_its_own) {
  for (std::size_t sources = 2; sources <= kSix.size(); ++sources) {
    seal(Parts(kSix.begin(), kSix.begin() + static_cast<std::ptrdiff_t>(sources)));
    EXPECT_FALSE(open({kSix[0]})) << sources;
    EXPECT_FALSE(open({kSix[0], {"disks", "other-disks"}, {"nics", "other-nics"}})) << sources;
  }
}

TEST_F(SealedKeyTest, a_new_board_with_its_numbers_and_interfaces_does_not_lock_the_agent_out) {
  seal(kSix);
  Parts now = kSix;
  now[1].second = "new-uuid";
  now[2].second = "new-board";
  now[5].second = "new-nics";
  EXPECT_TRUE(open(now));
}

TEST_F(SealedKeyTest, a_part_that_is_gone_or_came_makes_it_stale) {
  seal({kSix[0], kSix[4], kSix[5]});
  EXPECT_FALSE(open({kSix[0], kSix[4], kSix[5]})->stale);
  EXPECT_TRUE(open({kSix[0], kSix[4]})->stale);
  EXPECT_TRUE(open({kSix[0], kSix[1], kSix[4], kSix[5]})->stale);
}

TEST_F(SealedKeyTest, says_how_strong_it_is) {
  seal(kSix);
  EXPECT_EQ(open(kSix)->binding.text(),
            "bound to 3 of 6 of machine-id, product-uuid, board-serial, system-serial, disks, nics");
  EXPECT_FALSE(open(kSix)->binding.weak());
  seal({kSix[0]});
  EXPECT_EQ(open({kSix[0]})->binding.text(), "weak: machine-id only");
  EXPECT_TRUE(open({kSix[0]})->binding.weak());
  seal({});
  EXPECT_EQ(open({})->binding.text(), "weak: bound to nothing");
  seal({kSix[1]});
  EXPECT_FALSE(open({kSix[1]})->binding.weak());
}

TEST_F(SealedKeyTest, cannot_be_declared_to_need_less) {
  seal(kSix);
  Json json = content();
  json["needed"] = 2;
  rewrite(json);
  EXPECT_EQ(open(kSix).error().code, Code::kDenied);
  json["needed"] = 3;
  std::swap(json["shares"][0], json["shares"][1]);
  rewrite(json);
  EXPECT_EQ(open(kSix).error().code, Code::kDenied);
  json["shares"] = Json::array();
  json["needed"] = 0;
  rewrite(json);
  EXPECT_EQ(open(kSix).error().code, Code::kDenied);
}

TEST_F(SealedKeyTest, nothing_in_the_file_tells_whether_a_guessed_part_is_right) {
  seal({kSix[0], kSix[4], kSix[5]});
  // One right guess unmasks a share, which is as likely as any other: there is no tag beside it.
  for (const Json& share : content()["shares"]) {
    EXPECT_EQ(share.size(), 2U);
    EXPECT_EQ(fromBase64(share["share"].get<std::string>())->size(), kMarkHashBytes);
  }
}

TEST_F(SealedKeyTest, names_damage_and_a_fingerprint_that_cannot_be_taken) {
  seal(kSix);
  const Json whole = content();
  for (const char* member : {"v", "salt", "needed", "shares", "nonce", "sealed"}) {
    Json json = whole;
    json.erase(member);
    rewrite(json);
    EXPECT_EQ(open(kSix).error().code, Code::kCorrupt) << member;
  }
  rewrite(whole);
  const auto later = [](const std::string&) -> Result<std::vector<Mark>> {
    return fail(Code::kUnavailable, "no broker");
  };
  EXPECT_EQ(openSealedKey(file_, later, "").error().code, Code::kUnavailable);
  EXPECT_EQ(saveSealedKey(file_, key_, later).error().code, Code::kUnavailable);
  EXPECT_TRUE(open(kSix)) << "and left alone";
}

// As the version before wrote it: sealed to the machine-id alone.
Json oneSourceFile(const protocol::SigningKey& key, const std::string& machine_id) {
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  const std::string salt(32, 'n');
  const std::string nonce(24, 'o');
  const std::string context = std::string("redflag-agent-key-v1") + '\0' + "machine-id";
  const std::string message = context + '\0' + machine_id;
  std::string wrapping(32, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(wrapping.data()), wrapping.size(), bytes(message),
                     message.size(), bytes(salt), salt.size());
  const std::string seed = key.seed();
  std::string sealed(seed.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(sealed.data()), nullptr,
                                             bytes(seed), seed.size(), bytes(context), context.size(),
                                             nullptr, bytes(nonce), bytes(wrapping));
  return {{"v", 1},
          {"binding", "machine-id"},
          {"salt", toBase64(salt)},
          {"nonce", toBase64(nonce)},
          {"sealed", toBase64(sealed)}};
}

TEST_F(SealedKeyTest, opens_what_the_version_before_sealed_and_calls_it_stale) {
  rewrite(oneSourceFile(key_, "the-id"));
  fs::permissions(file_, fs::perms::owner_read | fs::perms::owner_write);
  const auto opened = openSealedKey(file_, machineOf(kSix), "the-id");
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ(opened->key.publicKey(), key_.publicKey());
  EXPECT_TRUE(opened->stale);
  EXPECT_EQ(openSealedKey(file_, machineOf(kSix), "another-id").error().code, Code::kDenied);
}

}  // namespace
}  // namespace redflag::kernel
