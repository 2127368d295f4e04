// The doctor: each fault is planted, one at a time, into a server that is well.
#include "main/checks.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "auth/secret_file.h"
#include "auth/x509.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"
#include "support/folder.h"
#include "trust/key_folder.h"

namespace redflag::server {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kGiB = 1LL << 30;

Machine soundMachine() {
  return {epochNow() / kSecondNs, true, 100 * kGiB, 50 * kGiB, 1'000'000, kMillisecondNs, ""};
}

// Of the level and the check; "" when there is none.
std::string textOf(const std::vector<Finding>& findings, Level level, const std::string& check) {
  for (const auto& finding : findings) {
    if (finding.level != level || finding.check != check) continue;
    EXPECT_TRUE(level == Level::kOk || !finding.advice.empty()) << finding.text << ": without advice";
    return finding.text;
  }
  return "";
}

TEST(DoctorMachine, says_ok_of_each_check_of_a_sound_one) {
  std::vector<Finding> out;
  checkMachine(soundMachine(), out);
  ASSERT_EQ(out.size(), 3U);
  for (const auto& finding : out)
    EXPECT_EQ(finding.level, Level::kOk) << finding.text;
}

TEST(DoctorMachine, finds_a_full_disk_a_wrong_clock_and_a_slow_disk) {
  const auto found = [](auto change, Level level, const char* check) {
    Machine machine = soundMachine();
    change(machine);
    std::vector<Finding> out;
    checkMachine(machine, out);
    EXPECT_EQ(std::count_if(out.begin(), out.end(), [](const auto& one) { return one.level != Level::kOk; }),
              1);
    return textOf(out, level, check);
  };
  EXPECT_NE(found([](Machine& m) { m.free_bytes = 100 << 20; }, Level::kError, "disk"), "");
  EXPECT_NE(found([](Machine& m) { m.free_bytes = 2 * kGiB; }, Level::kWarning, "disk"), "") << "of 100 GiB";
  EXPECT_NE(found([](Machine& m) { m.free_files = 10; }, Level::kError, "disk"), "");
  EXPECT_NE(found([](Machine& m) { m.sync_ns = kSecondNs; }, Level::kWarning, "disk_speed"), "");
  EXPECT_NE(found([](Machine& m) { m.now_s = 1'000; }, Level::kError, "clock"), "");
  Machine unkept = soundMachine();
  unkept.clock_synchronized = false;
  std::vector<Finding> out;
  checkMachine(unkept, out);
  EXPECT_NE(textOf(out, Level::kNote, "clock"), "");
  EXPECT_NE(textOf(out, Level::kOk, "clock"), "") << "a note is no fault";
}

TEST(DoctorMachine, tells_the_clock_of_one_whose_disk_cannot_be_written) {
  Machine machine = soundMachine();
  machine.unwritten = "/srv/redflag: Read-only file system";
  machine.clock_synchronized = false;
  std::vector<Finding> out;
  checkMachine(machine, out);
  EXPECT_EQ(textOf(out, Level::kError, "disk"), machine.unwritten);
  EXPECT_NE(textOf(out, Level::kNote, "clock"), "");
  EXPECT_NE(textOf(out, Level::kOk, "clock"), "");
  for (const auto& finding : out)
    EXPECT_NE(finding.check, "disk_speed") << "nothing was written: " << finding.text;
}

TEST(DoctorMachine, is_looked_at_where_nothing_can_be_written) {
  const auto machine = lookAtMachine("/proc");  // nobody makes a file there, root neither
  EXPECT_NE(machine.unwritten.find("/proc/"), std::string::npos) << machine.unwritten;
  EXPECT_GT(machine.now_s, 0);
  EXPECT_EQ(lookAtMachine(fs::temp_directory_path()).unwritten, "");
}

TEST(DoctorMachine, finds_a_list_that_takes_its_time) {
  std::vector<Finding> out;
  checkSpeed(10'000, 20 * kMillisecondNs, false, out);
  EXPECT_EQ(textOf(out, Level::kOk, "speed"), "the first page of 10000 agents took 20 ms");
  checkSpeed(10'000, 2 * kSecondNs, false, out);
  EXPECT_EQ(textOf(out, Level::kWarning, "speed"), "the first page of 10000 agents took 2000 ms");
  EXPECT_NE(out.back().advice.find("--to-postgres"), std::string::npos) << out.back().advice;
  checkSpeed(10'000, 2 * kSecondNs, true, out);
  EXPECT_EQ(out.back().advice.find("--to-postgres"), std::string::npos) << "it is there already";
}

TEST(DoctorMachine, finds_a_clock_that_is_not_the_databases) {
  std::vector<Finding> out;
  checkClocks(20 * kSecondNs, out);
  checkClocks(-20 * kSecondNs, out);
  EXPECT_TRUE(out.empty()) << "asking takes time";
  checkClocks(90 * kSecondNs, out);
  EXPECT_EQ(textOf(out, Level::kWarning, "clock"), "the database's machine is 90 s ahead");
  out.clear();
  checkClocks(-3'600 * kSecondNs, out);
  EXPECT_EQ(textOf(out, Level::kWarning, "clock"), "the database's machine is 3600 s behind");
}

class Doctor : public ::testing::Test {
 protected:
  Doctor() {
    (void)initCrypto();
    EXPECT_EQ(run("init"), 0);
  }

  int run(const std::string& command, const std::string& more = "") const {
    const std::string line = std::string(REDFLAG_BUILD) + "/bin/redflag-server " + command + " --data " +
                             data().string() + " " + more + " >" + (folder_ / "out").string() + " 2>" +
                             (folder_ / "err").string();
    const int status = std::system(line.c_str());
    return WEXITSTATUS(status);
  }
  fs::path data() const { return folder_ / "data"; }
  void sql(const char* text) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((data() / "redflag.db").c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  // What one look finds; the program must say the same with its exit code and its JSON.
  std::string found(Level level, const char* check) const {
    const auto findings = examineServer(data(), "");
    EXPECT_EQ(run("doctor", "--format json"), 1);
    std::ifstream in(folder_ / "out");
    const Json told = Json::parse(in);
    EXPECT_EQ(told["healthy"], false);
    EXPECT_TRUE(std::any_of(told["findings"].begin(), told["findings"].end(), [&](const Json& one) {
      return one["check"] == check && one["level"] == name(level) && one["advice"].is_string();
    })) << told.dump(1);
    return textOf(findings, level, check);
  }

  // An authority of this age, with its key, in the place of one that the server has.
  void age(const char* file, std::int64_t left_s) const {
    const auto key = auth::makeKey();
    const std::int64_t now = epochNow() / kSecondNs;
    const auto certificate = auth::makeAuthority({"aged", {}, now - 1'000 * kDayS, now + left_s}, *key);
    auth::writeSecretFile(data() / "tls" / file, auth::toPem(*certificate));
    auth::writeSecretFile((data() / "tls" / file).replace_extension(".key"), auth::toPem(*key));
  }

  // As the offline keys do, with keys that cost little.
  void publishTrust() const {
    ASSERT_EQ(run("keys server"), 0);
    std::ifstream in(folder_ / "out");
    const std::string server{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto ask = [](const std::string&, bool) { return std::string("correct horse battery"); };
    auto keys = trust::KeyFolder::make(folder_ / "offline", trust::decodeServerKeys(server), ask, epochNow(),
                                       {1, 8192});
    keys.sign(ask);
    keys.publish(data() / "trust");
  }

  testing::Folder folder_;
};

TEST_F(Doctor, finds_nothing_wrong_with_a_new_server) {
  for (const auto& finding : examineServer(data(), ""))
    EXPECT_TRUE(finding.level == Level::kOk || finding.level == Level::kNote)
        << finding.check << ": " << finding.text;
  EXPECT_EQ(run("doctor"), 0);
  std::ifstream in(folder_ / "out");
  std::string first;
  std::getline(in, first);
  EXPECT_TRUE(first.starts_with("ok       disk: ")) << first;
}

TEST_F(Doctor, finds_a_folder_that_is_not_there_or_never_was_a_server) {
  EXPECT_EQ(textOf(examineServer(folder_ / "nowhere", ""), Level::kError, "data_folder"),
            (folder_ / "nowhere").string() + ": there is no such folder");
  fs::remove_all(data());
  fs::create_directory(data());
  EXPECT_NE(found(Level::kError, "settings"), "");
}

TEST_F(Doctor, finds_a_folder_that_cannot_be_reached) {
  fs::create_directory_symlink("round", folder_ / "round");
  const std::string text = textOf(examineServer(folder_ / "round", ""), Level::kError, "data_folder");
  EXPECT_EQ(text.find("there is no such folder"), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with((folder_ / "round").string() + ": ")) << text;
}

TEST_F(Doctor, looks_at_the_rest_where_keys_or_certificates_cannot_be_reached) {
  for (const char* part : {"keys", "tls"}) {
    fs::rename(data() / part, folder_ / "away");
    fs::create_directory_symlink(part, data() / part);  // leads to itself
    const auto findings = examineServer(data(), "");
    EXPECT_NE(textOf(findings, Level::kError, part == std::string("keys") ? "keys" : "certificates"), "");
    EXPECT_NE(textOf(findings, Level::kOk, "disk_speed"), "");
    EXPECT_NE(found(Level::kError, "secrets"), "") << part;
    fs::remove(data() / part);
    fs::rename(folder_ / "away", data() / part);
  }
}

TEST_F(Doctor, names_files_whose_names_are_no_text) {
  const fs::path odd = data() / "keys" / "old\xFF.key";
  auth::writeSecretFile(odd, "x");
  ASSERT_EQ(::chmod(odd.c_str(), 0644), 0);
  EXPECT_EQ(found(Level::kError, "secrets"), "others can read or write " + odd.string());
}

TEST_F(Doctor, finds_certificates_with_which_the_server_does_not_start_because_others_can_read_them) {
  for (const char* file : {"ca-active.pem", "ca-reserve.pem"}) {
    const fs::path certificate = data() / "tls" / file;
    ASSERT_EQ(::chmod(certificate.c_str(), 0644), 0);
    EXPECT_EQ(found(Level::kError, "secrets"), "others can read or write " + certificate.string());
    EXPECT_EQ(run("serve", "--listen 127.0.0.1:0"), 1);
    ASSERT_EQ(::chmod(certificate.c_str(), 0600), 0);
  }
  EXPECT_EQ(run("doctor"), 0);
}

TEST_F(Doctor, finds_secrets_that_others_can_read) {
  for (const char* file : {"keys/command.key", "tls/ca-active.key", "redflag.db", "server.yaml"}) {
    ASSERT_EQ(::chmod((data() / file).c_str(), 0666), 0) << file;
    EXPECT_EQ(found(Level::kError, "secrets"), "others can read or write " + (data() / file).string());
    ASSERT_EQ(::chmod((data() / file).c_str(), 0600), 0);
  }
  ASSERT_EQ(::chmod(data().c_str(), 0750), 0);
  EXPECT_EQ(found(Level::kError, "secrets"), "others can enter " + data().string());
}

TEST_F(Doctor, finds_keys_that_are_missing_or_damaged) {
  fs::remove(data() / "keys/device.key");
  EXPECT_EQ(found(Level::kError, "keys"), "keys/device.key is missing");
  EXPECT_FALSE(fs::exists(data() / "keys/device.key")) << "a look makes nothing";
  auth::writeSecretFile(data() / "keys/device.key", std::string(32, 'x'));
  auth::writeSecretFile(data() / "keys/command.key", "no key\n");
  EXPECT_EQ(found(Level::kError, "keys"), "keys/command.key is damaged");
}

TEST_F(Doctor, finds_a_metrics_token_with_which_the_server_does_not_start) {
  const fs::path token = data() / "keys/metrics.token";
  auth::writeSecretFile(token, "short\n");
  EXPECT_TRUE(found(Level::kError, "keys").starts_with(token.string() + ": expected a token of at least"));
  auth::writeSecretFile(token, std::string(32, 'x') + "\n");
  EXPECT_EQ(run("doctor"), 0);
  fs::remove(token);
  EXPECT_EQ(run("doctor"), 0) << "the next start makes one";
}

TEST_F(Doctor, finds_keys_with_which_the_server_would_sign_what_no_agent_believes) {
  const auto orders = [&](Level level) { return textOf(examineServer(data(), ""), level, "orders"); };
  EXPECT_TRUE(orders(Level::kNote).starts_with("no trust root is published yet"));
  publishTrust();
  EXPECT_NE(orders(Level::kOk), "");
  EXPECT_EQ(run("doctor"), 0);
  const auto another = [&](const char* file) {
    const std::string right = auth::readSecretFile(data() / file).value();
    auth::writeSecretFile(data() / file, toBase64Url(randomBytes(32)) + "\n");
    const std::string text = found(Level::kError, "orders");
    auth::writeSecretFile(data() / file, right);
    return text;
  };
  EXPECT_NE(another("keys/command.key").find("does not name this server's command key"), std::string::npos);
  for (const char* file : {"keys/snapshot.key", "keys/timestamp.key"}) {
    EXPECT_NE(another(file).find("names other snapshot and timestamp keys"), std::string::npos) << file;
    fs::rename(data() / file, folder_ / "away");
    EXPECT_EQ(found(Level::kError, "keys"), std::string(file) + " is missing");
    fs::rename(folder_ / "away", data() / file);
  }
  EXPECT_FALSE(fs::exists(data() / "trust/metadata/timestamp.json")) << "a look signs nothing";
  fs::remove_all(data() / "trust/targets");
  EXPECT_NE(found(Level::kError, "orders").find("is missing"), std::string::npos);
}

TEST_F(Doctor, finds_a_key_of_second_factors_that_is_damaged_gone_or_another) {
  const auto key = data() / "keys/second_factor.key";
  auth::writeSecretFile(key, "short");
  EXPECT_EQ(found(Level::kError, "shared_keys"), key.string() + " is damaged");
  EXPECT_EQ(run("serve", "--listen 127.0.0.1:0"), 1);
  std::ifstream in(folder_ / "err");
  const std::string told{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_NE(told.find(key.string() + " is damaged: bring keys/second_factor.key"), std::string::npos) << told;
  sql("INSERT INTO users (user_id, username, password_hash, created_at) VALUES ('u', 'ada', 'x', 1);"
      "INSERT INTO second_factors VALUES ('u', zeroblob(60), 1, 1, 0)");
  auth::writeSecretFile(key, std::string(32, 'x'));
  EXPECT_EQ(found(Level::kError, "shared_keys"),
            key.string() + " is another key than the one second factors in this database are sealed with");
  fs::remove(key);
  EXPECT_EQ(found(Level::kError, "shared_keys"),
            key.string() + " is missing, and second factors in this database are sealed with one");
  EXPECT_FALSE(fs::exists(key)) << "a look makes nothing";
  sql("UPDATE second_factors SET confirmed_at = 0");
  EXPECT_EQ(run("doctor"), 0) << "one that was not confirmed is no factor yet";
}

TEST_F(Doctor, finds_certificates_that_expire_or_are_no_more) {
  age("ca-active.pem", 60 * kDayS);
  EXPECT_NE(found(Level::kWarning, "certificates").find("ca-active.pem ends on"), std::string::npos);
  age("ca-active.pem", -kDayS);
  EXPECT_NE(found(Level::kError, "certificates").find("ca-active.pem ended on"), std::string::npos);
  age("ca-active.pem", 1'000 * kDayS);
  age("server.pem", 10 * kDayS);
  EXPECT_NE(found(Level::kWarning, "certificates").find("server.pem ends on"), std::string::npos);
  age("server.pem", 100 * kDayS);
  EXPECT_EQ(run("doctor"), 0);
  auth::writeSecretFile(data() / "tls/ca-reserve.pem", "nonsense");
  EXPECT_NE(found(Level::kError, "certificates"), "");
  fs::remove(data() / "tls/ca-reserve.pem");
  EXPECT_NE(found(Level::kError, "certificates").find("is missing"), std::string::npos);
}

TEST_F(Doctor, finds_a_certificate_whose_key_is_gone_or_another_before_the_server_does_not_start) {
  age("server.pem", 100 * kDayS);
  EXPECT_EQ(run("doctor"), 0);
  for (const char* name : {"ca-active", "ca-reserve", "server"}) {
    const fs::path key = data() / "tls" / (std::string(name) + ".key");
    fs::rename(key, folder_ / "away");
    EXPECT_EQ(found(Level::kError, "certificates"), key.string() + " is missing");
    auth::writeSecretFile(key, auth::toPem(*auth::makeKey()));
    EXPECT_EQ(found(Level::kError, "certificates"),
              key.string() + " is not the key of " + fs::path(key).replace_extension(".pem").string());
    auth::writeSecretFile(key, "nonsense");
    EXPECT_NE(found(Level::kError, "certificates"), "");
    fs::rename(folder_ / "away", key);
  }
}

TEST_F(Doctor, finds_that_it_is_held_back_after_a_restore) {
  auth::writeSecretFile(data() / "restored", "0\n");
  EXPECT_NE(found(Level::kError, "trust").find("this server was restored from a backup"), std::string::npos);
}

TEST_F(Doctor, finds_a_log_that_nobody_writes_back) {
  // Larger than it may become, and empty: the engine takes it away again, so that one look is all there is.
  auth::writeSecretFile(data() / "redflag.db-wal", "");
  fs::resize_file(data() / "redflag.db-wal", 300ULL << 20);
  EXPECT_EQ(run("doctor", "--format json"), 1);
  std::ifstream in(folder_ / "out");
  const Json told = Json::parse(in);
  EXPECT_TRUE(std::any_of(told["findings"].begin(), told["findings"].end(), [](const Json& one) {
    return one["check"] == "log" && one["level"] == "warning" && one["advice"].is_string();
  })) << told.dump(1);
}

TEST_F(Doctor, G10_finds_an_audit_log_that_was_changed) {
  EXPECT_EQ(run("token create"), 1) << "no trust root: and nothing that could be recorded";
  sql("INSERT INTO audit VALUES (1, 1, '', '', 'people', 'ada', '', '', 'people.made', 'x', '', 'info', 1, "
      "'', "
      "x'00', zeroblob(32), zeroblob(32))");
  EXPECT_EQ(found(Level::kError, "audit"), "the audit log is not whole: record 1 was changed");
}

TEST_F(Doctor, finds_settings_that_are_wrong) {
  auth::writeSecretFile(data() / "server.yaml", "lisen: x\n");
  EXPECT_NE(found(Level::kError, "settings").find("server.yaml:1: unknown key"), std::string::npos);
}

TEST_F(Doctor, finds_a_migration_that_is_pending_and_does_not_apply_it) {
  sql("DELETE FROM schema_migrations WHERE number = (SELECT MAX(number) FROM schema_migrations)");
  EXPECT_NE(found(Level::kWarning, "migrations").find("pending: "), std::string::npos);
  EXPECT_NE(found(Level::kWarning, "migrations").find("pending: "), std::string::npos) << "still";
}

TEST_F(Doctor, finds_a_database_of_a_newer_server_and_advises_no_restore) {
  sql("INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (9999, 'later', '', 1)");
  EXPECT_NE(found(Level::kError, "migrations").find("it was used by a newer server"), std::string::npos);
  const auto findings = examineServer(data(), "");
  EXPECT_NE(findings.back().advice.find("install the redflag-server again"), std::string::npos)
      << findings.back().advice;
}

TEST_F(Doctor, finds_a_database_that_is_damaged_or_gone) {
  // A page in the middle: what a start would see only when it gets there.
  const auto file = data() / "redflag.db";
  const auto size = fs::file_size(file);
  {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(size / 4096 / 2 * 4096));
    out << std::string(4096, '\x5a');
  }
  EXPECT_NE(found(Level::kError, "integrity"), "");
  fs::remove(file);
  EXPECT_NE(found(Level::kError, "integrity").find("there is no database"), std::string::npos);
  EXPECT_FALSE(fs::exists(file)) << "a look makes nothing";
}

TEST_F(Doctor, finds_a_reference_to_nothing) {
  sql("PRAGMA foreign_keys = OFF; INSERT INTO sites (client_id, site_id, name, created_at) "
      "VALUES ('nobody', 'site', 'Site', 1)");
  EXPECT_NE(found(Level::kError, "integrity").find("refers to one that is not there"), std::string::npos);
}

TEST_F(Doctor, finds_somebody_who_holds_the_database) {
  sqlite3* holder = nullptr;
  ASSERT_EQ(sqlite3_open((data() / "redflag.db").c_str(), &holder), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(run("doctor", "--format json"), 1);
  std::ifstream in(folder_ / "out");
  const Json told = Json::parse(in);
  EXPECT_TRUE(std::any_of(told["findings"].begin(), told["findings"].end(), [](const Json& one) {
    return one["check"] == "locks" && one["level"] == "error" && one["advice"].is_string();
  })) << told.dump(1);
  sqlite3_close(holder);
}

TEST_F(Doctor, finds_times_that_are_still_to_come) {
  const std::string future = std::to_string(epochNow() + 3'600 * kSecondNs);
  sql(("INSERT INTO agents (client_id, agent_id, site_id, public_key, token_id, hostname, mode, "
       "agent_version, "
       "platform, os_name, os_version, enrolled_at, last_seen_at) "
       "SELECT client_id, 'agent', site_id, zeroblob(32), 'token', 'box', 'act', '1', 'linux', 'Debian', "
       "'12', 1, " +
       future + " FROM sites LIMIT 1")
          .c_str());
  EXPECT_NE(found(Level::kError, "clock").find("still to come"), std::string::npos);
}

}  // namespace
}  // namespace redflag::server
