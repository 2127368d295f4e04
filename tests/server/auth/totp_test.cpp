// Codes as RFC 6238, appendix B, lists them: of its eight digits an app with six shows the last six.

#include "auth/totp.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace redflag::auth {
namespace {

const std::string kRfcSecret = "12345678901234567890";

TEST(Totp, makes_the_codes_of_the_rfc) {
  const std::pair<std::int64_t, const char*> vectors[] = {{59, "94287082"},
                                                          {1'111'111'109, "07081804"},
                                                          {1'111'111'111, "14050471"},
                                                          {1'234'567'890, "89005924"},
                                                          {2'000'000'000, "69279037"},
                                                          {20'000'000'000, "65353130"}};
  for (const auto& [seconds, code] : vectors) {
    const std::int64_t step = seconds / 30;
    EXPECT_EQ(totpCode(kRfcSecret, step), std::string(code).substr(2)) << seconds;
  }
  EXPECT_EQ(totpStep(59 * kSecondNs), 1);
  EXPECT_EQ(totpStep(60 * kSecondNs), 2);
}

// RFC 4226, appendix D: the same function over a plain counter.
TEST(Totp, makes_the_codes_of_the_counter_too) {
  const char* codes[] = {"755224", "287082", "359152", "969429", "338314",
                         "254676", "287922", "162583", "399871", "520489"};
  for (std::int64_t count = 0; count < 10; ++count)
    EXPECT_EQ(totpCode(kRfcSecret, count), codes[count]);
}

TEST(Totp, takes_a_code_of_the_step_before_and_after_and_no_other) {
  const std::int64_t now = 1'111'111'109 * kSecondNs;
  const std::int64_t step = totpStep(now);
  for (std::int64_t away = -3; away <= 3; ++away) {
    const auto found = matchingStep(kRfcSecret, totpCode(kRfcSecret, step + away), now);
    EXPECT_EQ(found.has_value(), away >= -1 && away <= 1) << away;
    EXPECT_EQ(found.value_or(step + away), step + away);
  }
  for (const char* code : {"", "08180", "0818040", "abcdef", "07081804"})
    EXPECT_FALSE(matchingStep(kRfcSecret, code, now)) << code;
}

// RFC 4648, section 10, those without padding.
TEST(Totp, writes_secrets_in_base_32) {
  EXPECT_EQ(toBase32(""), "");
  EXPECT_EQ(toBase32("fooba"), "MZXW6YTB");
  EXPECT_EQ(toBase32(kRfcSecret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

TEST(Totp, names_issuer_and_account_in_what_apps_read) {
  EXPECT_EQ(otpauthUri(kRfcSecret, "RedFlag", "alex+1@example.org"),
            "otpauth://totp/RedFlag:alex%2b1%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=RedFlag&algorithm=SHA1&digits=6&period=30");
}

}  // namespace
}  // namespace redflag::auth
