#pragma once
// Shamir's sharing over GF(2^8) (A. Shamir, "How to Share a Secret", 1979; the field is AES's,
// x^8+x^4+x^3+x+1). Of n shares any `needed` give the secret back, fewer say nothing of it. No branch and no
// table look-up depends on a secret. Written here because what Debian 12 packages (libgfshare) looks its
// logarithms up by secret bytes and draws its coefficients from rand().

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace redflag::kernel {

struct Share {
  std::uint8_t at = 0;  // never 0: there is the secret
  std::string bytes;    // as many as the secret
};

// 1 <= needed <= count <= 255; the shares are at 1, 2, 3…
std::vector<Share> shareSecret(const std::string& secret, std::size_t count, std::size_t needed);

// What the polynomial through these shares is at `at`; 0: the secret. They are at different places and of one
// length, and as many as were needed: with others it is some other text.
std::string interpolate(const std::vector<Share>& shares, std::uint8_t at);

namespace gf256 {
std::uint8_t multiply(std::uint8_t a, std::uint8_t b);
std::uint8_t invert(std::uint8_t a);  // of 0 it is 0
}  // namespace gf256

}  // namespace redflag::kernel
