// refresh: private. The metadata that dnf has is old; the repositories, on loopback, offer more.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "fetch.h"
#include "own_metadata.h"
#include "scan_of.h"
#include "support/http_folder.h"

namespace redflag::test {
namespace {

using plugin::Refresh;
using testing::HasSubstr;
using OwnRows = std::set<std::string>;

constexpr std::int64_t kAnHourNs = 3600 * kSecondNs;

class DnfPrivateMetadata : public testing::Test {
 protected:
  DnfPrivateMetadata() : server_(root_.path() / "repositories"), scan_(root_) {
    root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
    root_.publish({.id = "base"}, {{"tool", "1.1-1"}});
    root_.publish({.id = "extra"}, {{"other", "2.0-1"}});
    name("base");
    name("extra");
    root_.refresh();
    root_.publish({.id = "base"}, {{"tool", "1.2-1"}});
    scan_.settings.refresh = Refresh::kPrivate;
    scan_.settings.refresh_after_s = 3600;
    scan_.fake.epoch_ns = epochNow();
  }

  // Its section, with further lines.
  void name(const std::string& id, const std::string& lines = {}) const {
    root_.write("etc/yum.repos.d/" + id + ".repo", "[" + id + "]\nname=" + id + "\nbaseurl=http://" +
                                                       server_.host() + "/" + id +
                                                       "\nenabled=1\ngpgcheck=0\n" + lines);
  }
  std::filesystem::path repomdOf(const std::string& id) const {
    return root_.path() / "repositories" / id / "repodata/repomd.xml";
  }
  void sign(const std::string& id, const SigningKey& key) const {
    key.signBeside(repomdOf(id), repomdOf(id).string() + ".asc");
  }
  std::string candidate() const { return scan_.update("tool").value("candidate_version", "none"); }
  std::string reportText(const std::string& code) const {
    for (const auto& report : scan_.fake.reports)
      if (report.code == code) return report.text;
    return "no report " + code;
  }
  std::string copy() const { return root_.cacheDir() + "/metadata"; }

  DnfRoot root_;
  HttpFolder server_;
  ScanOf scan_;
};

TEST_F(DnfPrivateMetadata, knows_what_dnfs_does_not_know_yet_and_what_dnf_names_with_it) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), (OwnRows{"tool x86_64 1.2-1 base", "other x86_64 2.0-1 extra"}));
  EXPECT_EQ(scan_.rows(), root_.upgradable({"--setopt=cachedir=" + copy()}));
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
  EXPECT_EQ(scan_.fake.fact("lists.source"), "private");
  EXPECT_EQ(scan_.fake.fact("lists.source_reason"), nullptr);
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 0);
  scan_.settings.refresh = Refresh::kNever;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.1-1") << "dnf's own is as it was";
  EXPECT_EQ(scan_.rows(), root_.upgradable());
  EXPECT_EQ(scan_.fake.fact("lists.source"), nullptr);
}

TEST_F(DnfPrivateMetadata, is_fetched_by_nobody_who_was_not_told_to) {
  const auto asked = server_.asked();
  for (const auto refresh : {Refresh::kNever, Refresh::kSystem}) {
    scan_.settings.refresh = refresh;
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(server_.asked(), asked);
  }
}

TEST_F(DnfPrivateMetadata, is_fetched_again_only_once_it_is_old_and_its_age_is_told) {
  const auto by_dnf = server_.asked().size();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  const auto asked = server_.asked();
  ASSERT_GT(asked.size(), by_dnf);
  for (auto i = by_dnf; i < asked.size(); ++i)
    EXPECT_THAT(asked[i], testing::Not(HasSubstr("other.xml"))) << "what nobody reads is not fetched";
  root_.publish({.id = "base"}, {{"tool", "1.3-1"}});
  scan_.fake.epoch_ns += kAnHourNs / 2;
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2-1");
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 1800);
  EXPECT_EQ(server_.asked(), asked);
  scan_.fake.epoch_ns += kAnHourNs / 2;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.3-1");
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 0);
  EXPECT_EQ(scan_.rows(), root_.upgradable({"--setopt=cachedir=" + copy()}));
}

TEST_F(DnfPrivateMetadata, is_fetched_at_once_when_the_repositories_change) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  root_.publish({.id = "more"}, {{"tool", "1.4-1"}});
  name("more");
  std::filesystem::remove(root_.path() / "etc/yum.repos.d/extra.repo");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), OwnRows{"tool x86_64 1.4-1 more"});
  EXPECT_EQ(scan_.fake.scopeStatus("more"), RF_OK);
  for (const auto& entry : std::filesystem::directory_iterator(copy()))
    EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::StartsWith("extra")));
}

TEST_F(DnfPrivateMetadata, of_a_mirror_that_fails_is_what_was_known_before_and_not_complete) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  std::filesystem::remove_all(root_.path() / "repositories/extra");
  root_.publish({.id = "base"}, {{"tool", "1.3-1"}});
  scan_.fake.epoch_ns += kAnHourNs;
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), (OwnRows{"tool x86_64 1.3-1 base", "other x86_64 2.0-1 extra"}));
    EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
    EXPECT_EQ(scan_.fake.scopeStatus("extra"), RF_TRANSIENT) << "also from kept state";
    EXPECT_THAT(reportText("dnf.refresh_failed"), HasSubstr("extra: "));
    EXPECT_EQ(scan_.fake.fact("lists.age_s"), 3600);
  }
}

TEST_F(DnfPrivateMetadata, of_a_server_that_is_gone_grows_old_and_says_so) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  server_.stop();
  scan_.fake.epoch_ns += 2 * kAnHourNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2-1");
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 7200);
  scan_.fake.epoch_ns += 60 * kSecondNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  EXPECT_EQ(scan_.fake.fact("lists.age_s"), 7260);
}

TEST_F(DnfPrivateMetadata, is_never_told_of_with_the_password_in_an_address) {
  root_.write("etc/yum.repos.d/base.repo",
              "[base]\nbaseurl=http://somebody:secret@" + server_.host() + "/nowhere\ngpgcheck=0\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_THAT(reportText("dnf.refresh_failed"), HasSubstr("base: "));
  for (const auto& report : scan_.fake.reports)
    EXPECT_THAT(report.text, testing::Not(HasSubstr("secret")));
}

TEST_F(DnfPrivateMetadata, that_never_came_leaves_dnfs_and_the_reason) {
  server_.stop();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.1-1");
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("dnf.refresh_failed"));
  EXPECT_EQ(scan_.fake.fact("lists.source"), "system");
  EXPECT_THAT(scan_.fake.fact("lists.source_reason").get<std::string>(), HasSubstr("base: "));
}

TEST_F(DnfPrivateMetadata, that_has_to_be_signed_is_believed_only_with_the_key_on_this_machine) {
  const SigningKey key;
  const SigningKey other;
  root_.publish({.id = "signed"}, {{"tool", "1.5-1"}});
  sign("signed", key);
  name("signed", "repo_gpgcheck=1\ngpgkey=file://" + key.file().string() + "\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.5-1") << reportText("dnf.refresh_failed");
  EXPECT_EQ(scan_.fake.scopeStatus("signed"), RF_OK);
  root_.publish({.id = "signed"}, {{"tool", "6.6-1"}});
  for (const auto* signer : {&other, static_cast<const SigningKey*>(nullptr)}) {
    std::filesystem::remove(repomdOf("signed").string() + ".asc");
    if (signer != nullptr) sign("signed", *signer);
    scan_.fake.epoch_ns += kAnHourNs;
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(candidate(), "1.5-1") << "what was believed before stays";
    EXPECT_EQ(scan_.fake.scopeStatus("signed"), RF_TRANSIENT);
    EXPECT_THAT(reportText("dnf.refresh_failed"), HasSubstr("signed: "));
    EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
  }
}

TEST_F(DnfPrivateMetadata, takes_no_key_that_comes_over_the_net) {
  const SigningKey key;
  root_.publish({.id = "signed"}, {{"tool", "1.5-1"}});
  sign("signed", key);
  std::filesystem::copy_file(key.file(), root_.path() / "repositories/key.asc");
  name("signed", "repo_gpgcheck=1\ngpgkey=http://" + server_.host() + "/key.asc\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.2-1");
  EXPECT_EQ(scan_.fake.scopeStatus("signed"), RF_TRANSIENT);
  EXPECT_THAT(reportText("dnf.refresh_failed"), HasSubstr("gpgkey names no file on this machine"));
  EXPECT_THAT(server_.asked(), testing::Not(testing::Contains("/key.asc")));
}

TEST_F(DnfPrivateMetadata, that_was_damaged_is_fetched_anew_although_the_server_has_nothing_new) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(copy()))
    if (entry.path().filename().string().find("primary") != std::string::npos)
      std::filesystem::resize_file(entry.path(), entry.file_size() / 2);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  scan_.fake.epoch_ns += kAnHourNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
  EXPECT_EQ(candidate(), "1.2-1");
}

TEST_F(DnfPrivateMetadata, needs_a_folder_that_is_nobody_elses) {
  const auto asked = server_.asked();
  std::filesystem::permissions(root_.cacheDir(), std::filesystem::perms(0777));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(candidate(), "1.1-1");
  EXPECT_TRUE(scan_.fake.reported("dnf.no_place"));
  EXPECT_EQ(scan_.fake.fact("lists.source"), "system");
  EXPECT_EQ(server_.asked(), asked);
}

TEST_F(DnfPrivateMetadata, whose_memory_is_damaged_is_fetched_again) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  root_.publish({.id = "base"}, {{"tool", "1.3-1"}});
  for (const auto* odd : {"", "{", R"({"inputs":7})", R"({"inputs":"","attempted_at":0,"repositories":[]})",
                          R"({"inputs":"","attempted_at":0,"repositories":{"base":{"refreshed_at":-1}}})"}) {
    root_.write("plugin-cache/metadata.json", odd);
    ASSERT_EQ(scan_.run(), rf::Status::kOk) << odd;
    EXPECT_EQ(candidate(), "1.3-1") << odd;
  }
}

// Takes connections, and never says a word.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    const bool listens = ::bind(socket_, raw, length) == 0 && ::listen(socket_, 8) == 0 &&
                         ::getsockname(socket_, raw, &length) == 0;
    EXPECT_TRUE(listens);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

TEST_F(DnfPrivateMetadata, ends_in_time_and_when_cancelled_where_a_server_says_nothing) {
  const SilentServer silent;
  root_.write("etc/yum.repos.d/base.repo", "[base]\nbaseurl=http://" + silent.host() + "/\ngpgcheck=0\n");
  ASSERT_TRUE(std::filesystem::create_directory(copy()));
  scan_.settings.metadata_dir = copy();
  const auto configuration = dnf::Session::configurationOf(scan_.settings);
  ASSERT_TRUE(configuration.has_value());
  ASSERT_EQ(configuration->repositories.front().id, "base");
  const rf::Run run(scan_.fake.newRun());
  const rf::Clock clock(scan_.fake.host());
  dnf::Fetcher fetcher(*configuration, run, clock);
  for (const bool cancelled : {false, true}) {
    const auto begin = monotonicNow();
    scan_.fake.cancelled = cancelled;
    const auto until = clock.monotonicNs() + (cancelled ? 60 : 1) * kSecondNs;
    EXPECT_THAT(fetcher.fetch(configuration->repositories.front(), until), HasSubstr("time"));
    EXPECT_LT(monotonicNow() - begin, 10 * kSecondNs);
  }
  for (const auto* left : {".next", ".next.tmp"})
    EXPECT_FALSE(std::filesystem::exists(configuration->repositories.front().folder + left)) << left;
}

}  // namespace
}  // namespace redflag::test
