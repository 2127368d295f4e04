#include "auth/authority.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

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

  EXPECT_TRUE(authority.prepareNext(Authority::Cause::kPlanned));
  EXPECT_FALSE(authority.prepareNext(Authority::Cause::kPlanned));
  const std::string c = *authority.certificateDer("next");
  EXPECT_EQ(authority.certificatesDer(), (std::vector<std::string>{a, b, c}));
  EXPECT_FALSE(authority.ensureServerCertificate({"localhost"}, now_s_)) << "nothing is switched yet";

  authority.takeOver();
  EXPECT_EQ(authority.certificatesDer(), (std::vector<std::string>{b, c, a}));
  EXPECT_TRUE(authority.ensureServerCertificate({"localhost"}, now_s_));
  const auto server = certificateFromPem(*readSecretFile(authority.chainFile()));
  EXPECT_TRUE(isSignedBy(*server, *keyFromPem(*readSecretFile(folder_.path() / "ca-active.key"))));
  authority.prepareNext(Authority::Cause::kPlanned);
  EXPECT_THROW(authority.takeOver(), std::runtime_error) << "one after the other";

  EXPECT_TRUE(authority.retireOld());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "ca-old.key"));
  EXPECT_EQ(Authority(folder_.path()).certificateDer("active"), b);
}

TEST_F(AuthorityTest, F4_a_take_over_that_was_cut_short_is_finished_by_the_next_start) {
  Authority authority(folder_.path());
  authority.prepareNext(Authority::Cause::kPlanned);
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

// Whoever copied the active key had the reserve's before him, in the same folder.
TEST_F(AuthorityTest, F4_where_a_key_may_be_stolen_neither_of_those_that_lay_together_goes_on) {
  Authority authority(folder_.path());
  const std::string a = *authority.certificateDer("active");
  const std::string b = *authority.certificateDer("reserve");
  EXPECT_TRUE(authority.prepareNext(Authority::Cause::kStolen));
  const std::string c = *authority.certificateDer("next");
  const std::string d = *authority.certificateDer("spare");
  EXPECT_EQ(authority.certificatesDer(), (std::vector<std::string>{a, c, d}))
      << "the reserve is given up at once";
  authority.takeOver();
  EXPECT_EQ(authority.certificateDer("active"), c);
  EXPECT_EQ(authority.certificateDer("reserve"), d);
  EXPECT_EQ(authority.certificatesDer(), (std::vector<std::string>{c, d}));
  EXPECT_TRUE(authority.ensureServerCertificate({"localhost"}, now_s_));
  EXPECT_TRUE(authority.retireOld());
  for (const char* name : {"ca-old", "ca-former", "ca-spare", "ca-next"})
    for (const char* end : {".key", ".pem"})
      EXPECT_FALSE(std::filesystem::exists(folder_.path() / (std::string(name) + end))) << name << end;
  EXPECT_EQ(Authority(folder_.path()).certificatesDer(), (std::vector<std::string>{c, d}));
}

// Each file operation of a switch, and the process is gone before it.
TEST_F(AuthorityTest, F4_a_switch_that_is_cut_short_anywhere_is_finished_by_the_next_start) {
  Authority made(folder_.path());
  made.prepareNext(Authority::Cause::kStolen);
  const std::string c = *made.certificateDer("next");
  const std::string d = *made.certificateDer("spare");
  using Step = std::pair<const char*, const char*>;
  const std::vector<Step> steps = {
      {"active", "old"}, {"reserve", "former"}, {"next", "active"}, {"spare", "reserve"}};
  for (std::size_t cut = 0; cut < 3 * steps.size(); ++cut) {
    const testing::TemporaryFolder copy;
    std::filesystem::copy(folder_.path(), copy.path(), std::filesystem::copy_options::recursive);
    for (std::size_t at = 0; at <= cut; ++at) {
      const auto [from, to] = steps[at / 3];
      const auto file = [&](const char* role, const char* end) {
        return copy.path() / (std::string("ca-") + role + end);
      };
      if (at % 3 == 0) writeSecretFile(file(to, ".key"), *readSecretFile(file(from, ".key")));
      if (at % 3 == 1) std::filesystem::rename(file(from, ".pem"), file(to, ".pem"));
      if (at % 3 == 2) std::filesystem::remove(file(from, ".key"));
    }
    Authority again(copy.path());
    if (cut == 0) again.takeOver();
    EXPECT_EQ(again.certificateDer("active"), c) << cut;
    EXPECT_EQ(again.certificateDer("reserve"), d) << cut;
    EXPECT_TRUE(again.ensureServerCertificate({"localhost"}, now_s_)) << cut;
    EXPECT_FALSE(std::filesystem::exists(copy.path() / "ca-spare.key")) << cut;
  }
}

TEST_F(AuthorityTest, to_read_them_makes_and_moves_nothing_whenever_it_is) {
  const auto files = [this] {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      out.insert(entry.path().filename().string() + *readSecretFile(entry.path()));
    return out;
  };
  EXPECT_THROW((void)Authorities(folder_.path()).all(), std::runtime_error) << "there is none yet";
  EXPECT_TRUE(files().empty());
  {
    Authority authority(folder_.path());
    authority.prepareNext(Authority::Cause::kPlanned);
  }
  for (const char* end : {".key", ".pem"})  // in the middle of a switch
    std::filesystem::rename(folder_.path() / (std::string("ca-active") + end),
                            folder_.path() / (std::string("ca-old") + end));
  const auto before = files();
  EXPECT_THROW((void)Authorities(folder_.path()).certificatesDer(), std::runtime_error);
  EXPECT_EQ(files(), before);
}

TEST_F(AuthorityTest, makes_no_other_one_where_the_active_one_was_lost) {
  { Authority authority(folder_.path()); }
  std::filesystem::remove(folder_.path() / "ca-active.pem");
  EXPECT_THROW(Authority{folder_.path()}, std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "ca-active.pem"));
}

// Whoever asks while another process switches sees it before or after.
TEST_F(AuthorityTest, are_read_whole_while_they_change) {
  Authority authority(folder_.path());
  std::atomic<bool> done = false;
  std::atomic<int> reads = 0;
  std::thread reader([&] {
    while (!done) {
      EXPECT_GE(Authorities(folder_.path()).certificatesDer().size(), 2U);
      ++reads;
    }
  });
  for (int i = 0; i < 10; ++i) {
    authority.prepareNext(i % 2 == 0 ? Authority::Cause::kPlanned : Authority::Cause::kStolen);
    authority.takeOver();
    authority.retireOld();
  }
  while (reads < 5)
    std::this_thread::yield();
  done = true;
  reader.join();
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
