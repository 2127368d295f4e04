#include "main/metrics_token.h"

#include <stdexcept>

#include "auth/secret_file.h"

namespace redflag::server {
namespace {

constexpr std::size_t kLeastTokenBytes = 32;

}  // namespace

std::optional<std::string> readMetricsToken(const std::filesystem::path& file) {
  auto token = auth::readSecretFile(file);
  if (!token) return token;
  while (!token->empty() && token->back() == '\n')
    token->pop_back();
  if (token->size() < kLeastTokenBytes) {
    throw std::runtime_error(file.string() + ": expected a token of at least " +
                             std::to_string(kLeastTokenBytes) + " bytes; without the file a new one is made");
  }
  return token;
}

}  // namespace redflag::server
