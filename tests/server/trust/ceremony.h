#pragma once
// A folder of offline keys and a server's repository, in memory where there is such a place.

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/time.h"
#include "support/folder.h"
#include "trust/key_folder.h"
#include "trust/repository.h"

namespace redflag::trust {

constexpr std::int64_t kNow = 1'900'000'000LL * kSecondNs;
constexpr Argon2Cost kCheap{1, 8192};
constexpr std::int64_t kDay = 86'400 * kSecondNs;

class Ceremony : public ::testing::Test {
 protected:
  Ceremony() : online_{generated(), generated()} { server_ = serverWith(protocol::SigningKey::generate()); }

  static protocol::SigningKey generated() {
    EXPECT_TRUE(initCrypto());
    return protocol::SigningKey::generate();
  }
  ServerKeys serverWith(const protocol::SigningKey& command) const {
    return {online_.snapshot.publicKey(),
            online_.timestamp.publicKey(),
            {protocol::keyId(command.publicKey()), command.publicKey()},
            {"https://127.0.0.1:8443"},
            {"der one", "der two"}};
  }
  AskPassphrase asking() {
    return [this](const std::string& prompt, bool) {
      asked_.push_back(prompt);
      return passphrase_;
    };
  }
  KeyFolder made() { return KeyFolder::make(folder_ / "keys", server_, asking(), kNow, kCheap); }
  void signAndPublish(KeyFolder& keys) {
    keys.sign(asking());
    keys.publish(folder_ / "trust");
  }
  Repository repository() { return {folder_ / "trust", online_}; }
  template <class Work>
  static std::string complaint(const Work& work) {
    try {
      work();
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "none";
  }

  redflag::testing::Folder folder_;
  OnlineKeys online_;
  ServerKeys server_;
  std::string passphrase_ = "correct horse battery";
  std::vector<std::string> asked_;
};

inline void expectSays(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

}  // namespace redflag::trust
