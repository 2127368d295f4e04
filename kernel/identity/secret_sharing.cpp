#include "identity/secret_sharing.h"

#include <sodium.h>

#include "base/encoding.h"

namespace redflag::kernel {
namespace gf256 {

std::uint8_t multiply(std::uint8_t a, std::uint8_t b) {
  unsigned left = a;
  unsigned product = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    product ^= left & (0U - ((static_cast<unsigned>(b) >> bit) & 1U));
    left = (left << 1U) ^ (0x11bU & (0U - (left >> 7U)));
  }
  return static_cast<std::uint8_t>(product);
}

// a^254: the group has 255 members.
std::uint8_t invert(std::uint8_t a) {
  std::uint8_t square = a;
  std::uint8_t out = 1;
  for (int bit = 1; bit < 8; ++bit) {
    square = multiply(square, square);
    out = multiply(out, square);
  }
  return out;
}

}  // namespace gf256

namespace {

std::uint8_t byteAt(const std::string& text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

// Horner's way, from the highest coefficient down to the secret.
std::string evaluate(const std::vector<std::string>& coefficients, std::uint8_t at) {
  std::string out(coefficients.front().size(), '\0');
  for (auto coefficient = coefficients.rbegin(); coefficient != coefficients.rend(); ++coefficient) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<char>(gf256::multiply(byteAt(out, i), at) ^ byteAt(*coefficient, i));
    }
  }
  return out;
}

}  // namespace

std::vector<Share> shareSecret(const std::string& secret, std::size_t count, std::size_t needed) {
  std::vector<std::string> coefficients = {secret};
  while (coefficients.size() < needed)
    coefficients.push_back(randomBytes(secret.size()));
  std::vector<Share> shares;
  for (std::size_t i = 1; i <= count; ++i) {
    const auto at = static_cast<std::uint8_t>(i);
    shares.push_back({at, evaluate(coefficients, at)});
  }
  for (auto& coefficient : coefficients)
    sodium_memzero(coefficient.data(), coefficient.size());
  return shares;
}

// Lagrange's form; the places are no secret.
std::string interpolate(const std::vector<Share>& shares, std::uint8_t at) {
  std::string out(shares.empty() ? 0 : shares.front().bytes.size(), '\0');
  for (const auto& share : shares) {
    std::uint8_t weight = 1;
    for (const auto& other : shares) {
      if (other.at == share.at) continue;
      const auto upper = static_cast<std::uint8_t>(at ^ other.at);
      const auto lower = static_cast<std::uint8_t>(share.at ^ other.at);
      weight = gf256::multiply(weight, gf256::multiply(upper, gf256::invert(lower)));
    }
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<char>(byteAt(out, i) ^ gf256::multiply(byteAt(share.bytes, i), weight));
  }
  return out;
}

}  // namespace redflag::kernel
