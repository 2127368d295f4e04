#pragma once
// A key of gpg's that signs packages and lists of them, in a keyring of its own that goes with it.

#include <filesystem>
#include <string>

namespace redflag::test {

class SigningKey {
 public:
  // `algorithm` as gpg names it; rpm wants RSA, which takes the longest to make.
  explicit SigningKey(const std::string& algorithm = "rsa2048");
  ~SigningKey();
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  // Its public half, as a repository's gpgkey= and `rpm --import` take it.
  std::filesystem::path file() const { return home_ / "public.asc"; }
  // The name of its row in rpm's database: "gpg-pubkey-1234abcd", of which the time follows.
  std::string row() const;
  void sign(const std::filesystem::path& package) const;  // an rpm
  // The signature beside `file`, as a repository's repomd.xml.asc.
  void signBeside(const std::filesystem::path& file, const std::filesystem::path& to) const;
  // The text of `file` with its signature, as apt's InRelease.
  void clearSign(const std::filesystem::path& file, const std::filesystem::path& to) const;

 private:
  std::filesystem::path home_;
};

}  // namespace redflag::test
