#include "auth/authority.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>

#include "auth/secret_file.h"
#include "auth/tls.h"
#include "auth/x509.h"
#include "base/encoding.h"
#include "base/time.h"
#include "support/certificate.h"

namespace redflag::auth {
namespace {

class AuthorityTest : public ::testing::Test {
 protected:
  AuthorityTest() { (void)initCrypto(); }

  static mode_t modeOf(const std::filesystem::path& path) {
    struct stat about {};
    return ::stat(path.c_str(), &about) == 0 ? about.st_mode & 0777U : 0;
  }

  testing::TemporaryFolder folder_;
  const std::int64_t now_s_ = epochNow() / kSecondNs;
};

TEST_F(AuthorityTest, is_made_once_with_one_in_reserve) {
  const auto first = Authority(folder_.path()).certificatesDer();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(Authority(folder_.path()).certificatesDer(), first);
  for (const char* name : {"ca-active.key", "ca-reserve.key", "ca-active.pem"}) {
    EXPECT_EQ(modeOf(folder_.path() / name), 0600U) << name;
  }
}

TEST_F(AuthorityTest, signs_a_server_for_its_names_and_renews_it_only_when_needed) {
  Authority authority(folder_.path());
  EXPECT_TRUE(authority.ensureServerCertificate({"redflag.example", "127.0.0.1", "::1"}, now_s_));
  EXPECT_FALSE(authority.ensureServerCertificate({"redflag.example", "127.0.0.1", "::1"}, now_s_));
  EXPECT_NO_THROW(TlsContext(authority.chainFile(), authority.keyFile()));
  const auto server = certificateFromPem(*readSecretFile(authority.chainFile()));
  EXPECT_EQ(namesOf(*server), (std::set<std::string>{"redflag.example", "127.0.0.1", "::1"}));
  EXPECT_TRUE(authority.ensureServerCertificate({"other.example"}, now_s_)) << "another name";
  EXPECT_TRUE(authority.ensureServerCertificate({"other.example"}, now_s_ + 340 * 86'400)) << "near its end";
}

TEST_F(AuthorityTest, chains_the_server_to_the_active_authority) {
  Authority authority(folder_.path());
  authority.ensureServerCertificate({"localhost"}, now_s_);
  const auto server = certificateFromPem(*readSecretFile(authority.chainFile()));
  const auto issuer = certificateFromPem(authority.activePem());
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, issuer.get());
  X509_STORE_CTX* check = X509_STORE_CTX_new();
  X509_STORE_CTX_init(check, store, server.get(), nullptr);
  X509_STORE_CTX_set_purpose(check, X509_PURPOSE_SSL_SERVER);
  EXPECT_EQ(X509_verify_cert(check), 1) << X509_verify_cert_error_string(X509_STORE_CTX_get_error(check));
  X509_STORE_CTX_free(check);
  X509_STORE_free(store);
}

TEST_F(AuthorityTest, F4_the_reserve_takes_over_and_the_old_one_goes_when_it_is_told_to) {
  Authority authority(folder_.path());
  const std::string a = *authority.certificateDer("active");
  const std::string b = *authority.certificateDer("reserve");
  EXPECT_THROW(authority.takeOver(), std::runtime_error);
  EXPECT_FALSE(authority.retireOld());
  authority.ensureServerCertificate({"localhost"}, now_s_);

  EXPECT_TRUE(authority.prepareNext());
  EXPECT_FALSE(authority.prepareNext());
  const std::string c = *authority.certificateDer("next");
  EXPECT_EQ(authority.certificatesDer(), (std::vector<std::string>{a, b, c}));
  EXPECT_FALSE(authority.ensureServerCertificate({"localhost"}, now_s_)) << "nothing is switched yet";

  authority.takeOver();
  EXPECT_EQ(authority.certificatesDer(), (std::vector<std::string>{b, c, a}));
  EXPECT_TRUE(authority.ensureServerCertificate({"localhost"}, now_s_));
  const auto server = certificateFromPem(*readSecretFile(authority.chainFile()));
  EXPECT_TRUE(isSignedBy(*server, *keyFromPem(*readSecretFile(folder_.path() / "ca-active.key"))));
  authority.prepareNext();
  EXPECT_THROW(authority.takeOver(), std::runtime_error) << "one after the other";

  EXPECT_TRUE(authority.retireOld());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "ca-old.key"));
  EXPECT_EQ(Authority(folder_.path()).certificateDer("active"), b);
}

TEST_F(AuthorityTest, F4_a_take_over_that_was_cut_short_is_finished_by_the_next_start) {
  Authority authority(folder_.path());
  authority.prepareNext();
  const auto before = authority.certificatesDer();
  const auto rename = [&](const char* from, const char* to) {
    for (const char* end : {".key", ".pem"})
      std::filesystem::rename(folder_.path() / (std::string(from) + end),
                              folder_.path() / (std::string(to) + end));
  };
  rename("ca-active", "ca-old");
  EXPECT_EQ(Authority(folder_.path()).certificatesDer(),
            (std::vector<std::string>{before[1], before[2], before[0]}));
}

TEST_F(AuthorityTest, refuses_keys_that_others_can_read_and_pairs_that_do_not_match) {
  { Authority authority(folder_.path()); }
  ::chmod((folder_.path() / "ca-active.key").c_str(), 0644);
  EXPECT_THROW(Authority{folder_.path()}, std::runtime_error);
  ::chmod((folder_.path() / "ca-active.key").c_str(), 0600);
  std::filesystem::copy_file(folder_.path() / "ca-reserve.key", folder_.path() / "ca-active.key",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THROW(Authority{folder_.path()}, std::runtime_error);
}

TEST_F(AuthorityTest, names_what_is_no_host) {
  Authority authority(folder_.path());
  EXPECT_THROW(authority.ensureServerCertificate({"good.example,DNS:evil.example"}, now_s_),
               std::runtime_error);
}

TEST(SecretFile, is_whole_private_and_never_a_link) {
  (void)initCrypto();
  const testing::TemporaryFolder folder;
  writeSecretFile(folder.path() / "key", "one");
  writeSecretFile(folder.path() / "key", "two");
  EXPECT_EQ(readSecretFile(folder.path() / "key"), "two");
  EXPECT_EQ(readSecretFile(folder.path() / "none"), std::nullopt);
  std::filesystem::create_symlink(folder.path() / "key", folder.path() / "link");
  EXPECT_THROW(readSecretFile(folder.path() / "link"), std::system_error);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

}  // namespace
}  // namespace redflag::auth
