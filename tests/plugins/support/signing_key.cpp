#include "support/signing_key.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "support/program.h"

namespace redflag::test {
namespace {

constexpr const char* kOwner = "packages@example.org";
constexpr std::size_t kShortId = 8;  // the last digits of a fingerprint, which rpm names a key by

}  // namespace

SigningKey::SigningKey(const std::string& algorithm) {
  auto pattern = (std::filesystem::temp_directory_path() / "redflag-gpg-XXXXXX").string();
  home_ = mkdtemp(pattern.data());
  outputOf({"gpg", "--homedir", home_.string(), "--quiet", "--batch", "--passphrase", "",
            "--quick-generate-key", kOwner, algorithm, "sign", "never"});
  outputOf({"gpg", "--homedir", home_.string(), "--quiet", "--batch", "--armor", "--output", file().string(),
            "--export", kOwner});
}

SigningKey::~SigningKey() {
  outputOf({"gpgconf", "--homedir", home_.string(), "--kill", "gpg-agent"});
  std::error_code gone_already;
  std::filesystem::remove_all(home_, gone_already);
}

std::string SigningKey::row() const {
  std::istringstream lines(outputOf(
      {"gpg", "--homedir", home_.string(), "--quiet", "--batch", "--with-colons", "--fingerprint", kOwner}));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("fpr:")) continue;
    const auto end = line.find_last_not_of(':') + 1;
    auto id = line.substr(end - kShortId, kShortId);
    std::transform(id.begin(), id.end(), id.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return "gpg-pubkey-" + id;
  }
  return "no key";
}

void SigningKey::sign(const std::filesystem::path& package) const {
  // rpm may have been built for a gpg2 that is not there.
  outputOf({"rpm", "--addsign", "--define", "__gpg /usr/bin/gpg", "--define", "_gpg_path " + home_.string(),
            "--define", std::string("_gpg_name ") + kOwner, package.string()});
}

void SigningKey::signBeside(const std::filesystem::path& file, const std::filesystem::path& to) const {
  outputOf({"gpg", "--homedir", home_.string(), "--quiet", "--batch", "--yes", "--local-user", kOwner,
            "--output", to.string(), "--armor", "--detach-sign", file.string()});
}

void SigningKey::clearSign(const std::filesystem::path& file, const std::filesystem::path& to) const {
  outputOf({"gpg", "--homedir", home_.string(), "--quiet", "--batch", "--yes", "--local-user", kOwner,
            "--output", to.string(), "--clearsign", file.string()});
}

}  // namespace redflag::test
