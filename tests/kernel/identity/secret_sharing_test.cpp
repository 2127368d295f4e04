#include "identity/secret_sharing.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"

namespace redflag::kernel {
namespace {

// The schoolbook way, without tricks: what the constant-time one is held against.
unsigned productOf(unsigned a, unsigned b) {
  unsigned product = 0;
  for (unsigned bit = 0; bit < 8; ++bit)
    if ((b >> bit & 1U) != 0) product ^= a << bit;
  for (unsigned bit = 14; bit >= 8; --bit)
    if ((product >> bit & 1U) != 0) product ^= 0x11bU << (bit - 8);
  return product;
}

std::string byte(unsigned value) {
  return std::string(1, static_cast<char>(value));
}

std::uint8_t u8(unsigned value) {
  return static_cast<std::uint8_t>(value);
}

TEST(SecretSharing, multiplies_every_pair_as_the_field_of_aes_does) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b)
      ASSERT_EQ(gf256::multiply(u8(a), u8(b)), productOf(a, b)) << a << " * " << b;
  }
  // FIPS 197, 4.2.
  EXPECT_EQ(gf256::multiply(0x57, 0x83), 0xc1);
  EXPECT_EQ(gf256::multiply(0x57, 0x13), 0xfe);
}

TEST(SecretSharing, every_number_but_zero_has_an_inverse) {
  EXPECT_EQ(gf256::invert(0), 0);
  for (unsigned a = 1; a < 256; ++a)
    ASSERT_EQ(gf256::multiply(u8(a), gf256::invert(u8(a))), 1) << a;
  EXPECT_EQ(gf256::invert(0x53), 0xca);  // FIPS 197, 5.1.1
}

TEST(SecretSharing, finds_the_line_that_was_computed_by_hand) {
  // 0x57 + 0x83 x: at 1 it is 0xd4, at 2 (0x83 * 2 = 0x1d) it is 0x4a.
  const std::vector<Share> line = {{1, byte(0xd4)}, {2, byte(0x4a)}};
  EXPECT_EQ(interpolate(line, 0), byte(0x57));
  EXPECT_EQ(interpolate(line, 1), byte(0xd4));
  EXPECT_EQ(interpolate(line, 3), byte(productOf(0x83, 3) ^ 0x57U));
}

TEST(SecretSharing, any_choice_of_enough_shares_gives_the_secret_back) {
  ASSERT_TRUE(initCrypto());
  const std::string secret = randomBytes(32);
  for (std::size_t count = 1; count <= 6; ++count) {
    for (std::size_t needed = 1; needed <= count; ++needed) {
      const auto shares = shareSecret(secret, count, needed);
      for (unsigned choice = 0; choice < (1U << count); ++choice) {
        std::vector<Share> chosen;
        for (std::size_t i = 0; i < count; ++i)
          if ((choice >> i & 1U) != 0) chosen.push_back(shares[i]);
        if (chosen.size() < needed) continue;
        ASSERT_EQ(interpolate(chosen, 0), secret) << needed << " of " << count << ", choice " << choice;
      }
    }
  }
}

TEST(SecretSharing, one_share_too_few_leaves_every_secret_as_likely) {
  // Whatever the secret, exactly one second share fits to the first.
  for (unsigned first = 0; first < 256; ++first) {
    std::set<std::string> secrets;
    for (unsigned second = 0; second < 256; ++second)
      secrets.insert(interpolate({{1, byte(first)}, {2, byte(second)}}, 0));
    ASSERT_EQ(secrets.size(), 256U) << first;
  }
}

TEST(SecretSharing, shares_of_the_same_secret_differ_each_time) {
  ASSERT_TRUE(initCrypto());
  const std::string secret(32, 's');
  EXPECT_NE(shareSecret(secret, 3, 2)[0].bytes, shareSecret(secret, 3, 2)[0].bytes);
}

}  // namespace
}  // namespace redflag::kernel
