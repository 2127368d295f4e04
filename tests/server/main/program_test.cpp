// redflag-server as a process: from an empty folder to a signed-in administrator, and out again.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"
#include "protocol/bundle.h"
#include "protocol/message_signature.h"
#include "support/certificate.h"
#include "support/open_metrics.h"
#include "support/tls_client.h"
#include "trust/key_folder.h"

namespace redflag::server {
namespace {

using testing::request;

std::string contentOf(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

// A started program; killed when the test leaves it behind.
class Program {
 public:
  Program(const std::vector<std::string>& arguments, const std::filesystem::path& log) : pid_(::fork()) {
    if (pid_ != 0) return;
    const int out = ::open((log.string() + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = ::open((log.string() + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, 1);
    ::dup2(err, 2);
    std::vector<char*> argv;
    std::string program = std::string(REDFLAG_BUILD) + "/bin/redflag-server";
    argv.push_back(program.data());
    std::vector<std::string> copies = arguments;
    for (std::string& argument : copies)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  ~Program() {
    if (pid_ > 0 && !ended_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  void signal(int number) const { ::kill(pid_, number); }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
  bool ended_ = false;
};

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() { (void)initCrypto(); }

  // As the offline keys do, with keys that cost little.
  void publishTrust() {
    ASSERT_EQ(run({"keys", "server", "--data", data()}), 0) << said("err");
    const auto ask = [](const std::string&, bool) { return std::string("correct horse battery"); };
    auto keys = trust::KeyFolder::make(folder_.path() / "keys", trust::decodeServerKeys(said("out")), ask,
                                       epochNow(), {1, 8192});
    keys.sign(ask);
    keys.publish(data() + "/trust");
  }
  int run(std::vector<std::string> arguments) {
    return Program(std::move(arguments), folder_.path() / "run").wait();
  }
  std::string said(const char* stream) const {
    return contentOf(folder_.path() / (std::string("run.") + stream));
  }
  std::string data() const { return (folder_.path() / "data").string(); }

  std::unique_ptr<Program> serve() {
    std::filesystem::create_directories(folder_.path() / "web");
    std::ofstream(folder_.path() / "web/index.html") << "<!doctype html>";
    std::filesystem::remove(data() + "/server.url");
    auto program = std::make_unique<Program>(
        std::vector<std::string>{"serve", "--data", data(), "--listen", "127.0.0.1:0", "--web",
                                 (folder_.path() / "web").string()},
        folder_.path() / "serve");
    for (int i = 0; i < 1500 && contentOf(data() + "/server.url").empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const std::string url = contentOf(data() + "/server.url");
    EXPECT_TRUE(url.starts_with("https://127.0.0.1:")) << contentOf(folder_.path() / "serve.err");
    port_ = static_cast<std::uint16_t>(std::atoi(url.substr(url.rfind(':') + 1).c_str()));
    return program;
  }

  testing::Reply ask(const std::string& bytes) const {
    testing::TlsClient client(port_);
    client.send(bytes);
    return client.reply();
  }

  // What a server that was just started says on its console.
  std::string setupToken() const {
    const std::string console = contentOf(folder_.path() / "serve.out");
    const auto at = console.find("/setup#token=");
    EXPECT_NE(at, std::string::npos) << console;
    return at == std::string::npos ? "" : console.substr(at + 13, console.find('\n', at) - at - 13);
  }

  testing::TemporaryFolder folder_;
  std::uint16_t port_ = 0;
};

TEST_F(ProgramTest, goes_from_an_empty_folder_to_an_administrator_and_out_again) {
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  const auto server = serve();
  const std::string token = setupToken();

  EXPECT_EQ(ask(request("GET", "/healthz")).status, 200);
  EXPECT_EQ(ask(request("GET", "/readyz")).status, 200);
  EXPECT_EQ(ask(request("GET", "/setup")).status, 200);
  const std::string type = "Content-Type: application/json\r\n";
  const Json body = {{"token", token}, {"username", "alex"}, {"password", "correct horse battery"}};
  EXPECT_EQ(ask(request("POST", "/api/v1/setup", type, body.dump())).status, 201);
  for (const char* path : {"/setup", "/Setup/", "/setup/x", "//setup", "/api/v1/setup"}) {
    EXPECT_EQ(ask(request("GET", path)).status, 404) << path;
  }

  EXPECT_EQ(run({"token", "create", "--data", data()}), 1);
  EXPECT_NE(said("err").find("no trust root is published"), std::string::npos) << said("err");
  publishTrust();
  EXPECT_EQ(run({"token", "create", "--data", data(), "--seats", "2", "--expires", "10m"}), 0) << said("err");
  const auto bundle = protocol::decodeBundle(said("out"));
  ASSERT_TRUE(bundle) << bundle.error().text;
  EXPECT_EQ(bundle->urls, std::vector<std::string>{"https://127.0.0.1:" + std::to_string(port_)});
  EXPECT_EQ(bundle->authorities.size(), 2U);
  EXPECT_EQ(bundle->root.version, 1);
  EXPECT_EQ(bundle->root.sha256, sha256(contentOf(data() + "/trust/metadata/1.root.json")));

  EXPECT_EQ(run({"serve", "--data", data(), "--listen", "127.0.0.1:0"}), 1);
  EXPECT_NE(said("err").find("another redflag-server uses"), std::string::npos) << said("err");

  server->signal(SIGTERM);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(server->wait(), 0) << contentOf(folder_.path() / "serve.err");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

// As an agent signs; a server that has just started wants signatures of the next second.
std::string signedRequest(const std::string& method, const std::string& target, const std::string& host,
                          const protocol::SigningKey& key, const std::string& key_id, const std::string& body,
                          const std::string& token = "") {
  const std::string authorization = token.empty() ? "" : "Bearer " + token;
  const auto headers =
      protocol::signRequest({method, host, target, body, authorization}, key_id, key, epochNow() / kSecondNs);
  return method + ' ' + target + " HTTP/1.1\r\nHost: " + host +
         "\r\nContent-Type: application/json\r\nContent-Digest: " + headers.content_digest +
         "\r\nSignature-Input: " + headers.signature_input + "\r\nSignature: " + headers.signature +
         (token.empty() ? "" : "\r\nAuthorization: " + authorization) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(ProgramTest, takes_in_a_machine_and_knows_it_by_its_key_alone) {
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  const auto server = serve();
  publishTrust();
  ASSERT_EQ(run({"token", "create", "--data", data()}), 0) << said("err");
  const auto bundle = protocol::decodeBundle(said("out"));
  ASSERT_TRUE(bundle);
  const std::string host = bundle->urls.front().substr(8);
  const auto key = protocol::SigningKey::generate();
  const Json enrolment = {{"token", bundle->token},
                          {"public_key", toBase64Url(key.publicKey())},
                          {"hostname", "box"},
                          {"agent_version", "0.1.0"},
                          {"mode", "report"},
                          {"platform", "linux-x86_64"},
                          {"machine", {{"os_name", "Debian"}, {"os_version", "12"}}}};
  const auto enrol = [&] {
    return ask(
        signedRequest("POST", "/agent/v1/enroll", host, key, toBase64Url(key.publicKey()), enrolment.dump()));
  };
  auto reply = enrol();
  while (reply.status == 401 && Json::parse(reply.body)["code"] == "signature.before_start") {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    reply = enrol();
  }
  ASSERT_EQ(reply.status, 201) << reply.body;
  const std::string agent_id = Json::parse(reply.body)["agent_id"];
  const std::string token = Json::parse(reply.body)["access_token"];
  EXPECT_EQ(Json::parse(enrol().body)["agent_id"], agent_id) << "the same key asking again";

  const auto fetch = [&](const protocol::SigningKey& with) {
    return ask(signedRequest("POST", "/agent/v1/commands/fetch", host, with, agent_id, "{}", token)).status;
  };
  EXPECT_EQ(fetch(key), 200);
  EXPECT_EQ(fetch(protocol::SigningKey::generate()), 401);
  testing::TlsClient doorbell(port_);
  doorbell.send(signedRequest("GET", "/agent/v1/doorbell", host, key, agent_id, "", token));
  EXPECT_EQ(doorbell.reply(false).headers.at("content-type"), "text/event-stream");
  server->signal(SIGTERM);
  EXPECT_TRUE(doorbell.readUntil("\n\n").starts_with("event: retry\n"));
  EXPECT_EQ(server->wait(), 0);
}

// Of each series that the dashboard's queries name, the labels by which they choose, group and show it.
std::map<std::string, std::set<std::string>> queriedSeries(const Json& dashboard) {
  static const std::regex kSeries("\\b((?:redflag|process)_[a-z0-9_]+)(\\{[^}]*\\})?");
  static const std::regex kGroups("\\bby \\(([a-z_, ]+)\\)");
  static const std::regex kLabel("[a-z_]+");
  static const std::regex kChosen("([a-z_]+)(?:=~|!~|!=|=)\"");
  static const std::regex kShown("\\{\\{([a-z_]+)\\}\\}");
  std::map<std::string, std::set<std::string>> out;
  for (const Json& panel : dashboard.at("panels")) {
    for (const Json& target : panel.at("targets")) {
      const std::string query = target.at("expr");
      std::smatch groups;
      const std::string by = std::regex_search(query, groups, kGroups) ? groups[1].str() : "";
      std::sregex_iterator at(query.begin(), query.end(), kSeries);
      EXPECT_NE(at, std::sregex_iterator()) << query;
      for (; at != std::sregex_iterator(); ++at) {
        auto& labels = out[(*at)[1].str()];
        labels.insert(std::sregex_token_iterator(by.begin(), by.end(), kLabel), std::sregex_token_iterator());
        const std::string chosen = (*at)[2].str();
        labels.insert(std::sregex_token_iterator(chosen.begin(), chosen.end(), kChosen, 1),
                      std::sregex_token_iterator());
        const std::string legend = target.value("legendFormat", "");
        labels.insert(std::sregex_token_iterator(legend.begin(), legend.end(), kShown, 1),
                      std::sregex_token_iterator());
        labels.erase("instance");
        labels.erase("job");  // these two come from whoever reads
      }
    }
  }
  return out;
}

// A value by which a query chooses, of those that it names in full, is one that the series has.
void expectChosenValues(const Json& dashboard, const testing::OpenMetrics& told) {
  static const std::regex kChosen("\\b(redflag_[a-z0-9_]+)\\{([a-z_]+)=~?\"([a-z_|]+)\"\\}");
  static const std::regex kValue("[a-z_]+");
  int seen = 0;
  for (const Json& panel : dashboard.at("panels")) {
    for (const Json& target : panel.at("targets")) {
      const std::string query = target.at("expr");
      for (std::sregex_iterator at(query.begin(), query.end(), kChosen), end; at != end; ++at, ++seen) {
        const std::string values = (*at)[3].str();
        const auto samples = told.samplesOf((*at)[1].str());
        for (std::sregex_token_iterator value(values.begin(), values.end(), kValue), last; value != last;
             ++value)
          EXPECT_TRUE(std::any_of(samples.begin(), samples.end(),
                                  [&](const auto& sample) {
                                    const auto label = sample.labels.find((*at)[2].str());
                                    return label != sample.labels.end() && label->second == value->str();
                                  }))
              << query << ": " << value->str();
      }
    }
  }
  EXPECT_GT(seen, 0);
}

// What each series has, of those that a server without agents has no sample of: uploads_counted_test wants
// it.
const std::map<std::string, std::set<std::string>> kOfAgents = {
    {"redflag_scan_duration_seconds_bucket", {"le", "plugin"}}};

TEST_F(ProgramTest, metrics_are_openmetrics_move_with_requests_and_are_what_the_dashboard_asks_for) {
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  const auto server = serve();
  const auto file = data() + "/keys/metrics.token";
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::string token = contentOf(file).substr(0, contentOf(file).find('\n'));
  const auto read = [&] {
    const auto reply = ask(request("GET", "/metrics", "Authorization: Bearer " + token + "\r\n"));
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.headers.at("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    return testing::OpenMetrics(reply.body);
  };
  EXPECT_EQ(ask(request("GET", "/metrics")).status, 401);
  const auto before = read();
  const auto answered = before.samplesOf("redflag_http_requests_total");
  for (const std::string status : {"500", "503"})
    EXPECT_EQ(std::count_if(answered.begin(), answered.end(),
                            [&](const auto& one) {
                              return one.value == 0 && one.labels.at("route") == "GET /readyz" &&
                                     one.labels.at("status") == status;
                            }),
              1)
        << "a rate needs the point before the first one: " << status;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ask(request("GET", "/readyz")).status, 200);
  EXPECT_EQ(ask(request("GET", "/api/v1/nothing")).status, 404);
  testing::TlsClient idle(port_);
  const auto after = read();
  const std::map<std::string, std::string> ready = {{"route", "GET /readyz"}};
  EXPECT_EQ(
      after.sum("redflag_http_requests_total", ready) - before.sum("redflag_http_requests_total", ready), 3);
  EXPECT_EQ(after.sum("redflag_http_request_duration_seconds_count", ready), 3);
  EXPECT_EQ(after.sum("redflag_http_requests_total", {{"route", "refused"}, {"status", "404"}}), 1);
  EXPECT_EQ(after.sum("redflag_http_refusals_total", {{"code", "session.required"}}), 1);
  EXPECT_EQ(after.sum("redflag_store_transaction_duration_seconds_count",
                      {{"kind", "read"}, {"operation", "GET /readyz"}}),
            3);
  EXPECT_GE(after.sum("redflag_http_connections"), 2) << "this one, and the idle one";
  EXPECT_EQ(after.sum("redflag_agents"), 0);
  EXPECT_EQ(after.sum("redflag_breakers", {{"state", "open"}}), 0);
  EXPECT_GT(after.sum("process_resident_memory_bytes"), 1e6);
  EXPECT_EQ(after.sum("redflag_build_info"), 1);

  const Json dashboard = Json::parse(contentOf(REDFLAG_DASHBOARD));
  expectChosenValues(dashboard, after);
  const auto queried = queriedSeries(dashboard);
  for (const auto& [name, labels] : queried) {
    EXPECT_TRUE(after.hasSeries(name)) << name;
    if (const auto known = kOfAgents.find(name); known != kOfAgents.end()) {
      EXPECT_EQ(labels, known->second) << name;
      continue;
    }
    const auto samples = after.samplesOf(name);
    EXPECT_FALSE(samples.empty()) << name << ": nothing tells which labels it has";
    for (const auto& sample : samples)
      for (const std::string& label : labels)
        EXPECT_TRUE(sample.labels.contains(label)) << name << " has no " << label;
  }
  for (const auto& [name, family] : after.families()) {
    if (!name.starts_with("redflag_")) continue;
    const std::array<std::string, 4> series = {name, name + "_total", name + "_bucket", name + "_info"};
    EXPECT_TRUE(
        std::any_of(series.begin(), series.end(), [&](const auto& one) { return queried.contains(one); }))
        << name << " is on no panel";
  }
}

TEST_F(ProgramTest, logs_one_line_of_each_event_whatever_names_are_in_it) {
  const std::string named = data() + "\n2026-01-01T00:00:00.000+0000 level=info forged";
  EXPECT_EQ(run({"backup", "--data", named, "--to", data() + ".backup"}), 1);
  const std::string log = said("err");
  EXPECT_NE(log.find("there is no server here"), std::string::npos) << log;
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
}

TEST_F(ProgramTest, refuses_a_metrics_token_that_can_be_guessed) {
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  std::ofstream(data() + "/keys/metrics.token") << "short\n";
  std::filesystem::permissions(data() + "/keys/metrics.token", std::filesystem::perms(0600));
  EXPECT_EQ(run({"serve", "--data", data(), "--listen", "127.0.0.1:0"}), 1);
  EXPECT_NE(said("err").find("expected a token of at least"), std::string::npos) << said("err");
}

TEST_F(ProgramTest, keeps_its_keys_when_it_is_made_ready_twice) {
  ASSERT_EQ(run({"init", "--data", data(), "--name", "redflag.example"}), 0) << said("err");
  const std::string ca = contentOf(data() + "/ca.pem");
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  EXPECT_EQ(contentOf(data() + "/ca.pem"), ca);
  EXPECT_EQ(run({"init", "--data", data(), "--name", "other.example"}), 2);
  publishTrust();
  ASSERT_EQ(run({"token", "create", "--data", data()}), 0) << said("err");
  EXPECT_EQ(protocol::decodeBundle(said("out"))->urls,
            std::vector<std::string>{"https://redflag.example:8443"});
}

TEST_F(ProgramTest, says_which_database_it_was_told_to_use_wrongly) {
  EXPECT_EQ(run({"init", "--data", data(), "--database", "mysql://ada:geheim@host/x"}), 2);
  EXPECT_NE(said("err").find("--database: expected postgresql://"), std::string::npos) << said("err");
  EXPECT_EQ(said("err").find("geheim"), std::string::npos) << said("err");
  ASSERT_EQ(run({"init", "--data", (folder_.path() / "other").string()}), 0) << said("err");
  const auto settings = folder_.path() / "other/server.yaml";
  std::ofstream(settings) << "database: postgresql://ada:geheim@127.0.0.1:1/x\n";
  std::filesystem::permissions(settings, std::filesystem::perms(0600));
  EXPECT_EQ(run({"serve", "--data", (folder_.path() / "other").string()}), 1);
  EXPECT_NE(said("err").find("the database cannot be reached"), std::string::npos) << said("err");
  EXPECT_EQ(said("err").find("geheim"), std::string::npos) << said("err");
  std::filesystem::permissions(settings, std::filesystem::perms(0640));
  EXPECT_EQ(run({"serve", "--data", (folder_.path() / "other").string()}), 2);
  EXPECT_NE(said("err").find("make it mode 0600"), std::string::npos) << said("err");
  // Nor does it silently become another database than the one it was made for.
  EXPECT_EQ(run({"init", "--data", (folder_.path() / "other").string(), "--database", "postgresql://h/y"}),
            2);
}

TEST_F(ProgramTest, tells_wrong_use_and_configuration_from_failure) {
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"serve"}), 2);
  EXPECT_EQ(run({"serve", "--data", data()}), 1);
  EXPECT_NE(said("err").find("redflag-server init"), std::string::npos);
  ASSERT_EQ(run({"init", "--data", data()}), 0);
  std::ofstream(data() + "/server.yaml") << "lisen: x\n";
  EXPECT_EQ(run({"serve", "--data", data()}), 2);
  EXPECT_NE(said("err").find("server.yaml:1: unknown key"), std::string::npos) << said("err");
}

TEST_F(ProgramTest, a_backup_made_while_serving_brings_a_damaged_server_back) {
  const std::string archive = (folder_.path() / "archive").string();
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  const std::string key = contentOf(data() + "/keys/command.key");
  std::string authority;
  {
    const auto server = serve();
    authority = contentOf(data() + "/ca.pem");
    const Json body = {{"token", setupToken()}, {"username", "alex"}, {"password", "correct horse battery"}};
    ASSERT_EQ(ask(request("POST", "/api/v1/setup", "Content-Type: application/json\r\n", body.dump())).status,
              201);
    ASSERT_EQ(run({"backup", "--data", data(), "--to", archive}), 0) << said("err");
    EXPECT_EQ(std::filesystem::status(archive).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_EQ(run({"backup", "--data", data(), "--to", archive}), 1);
    EXPECT_EQ(run({"restore", "--data", data(), "--from", archive}), 1);
    EXPECT_NE(said("err").find("another redflag-server uses"), std::string::npos) << said("err");
    server->signal(SIGTERM);
    EXPECT_EQ(server->wait(), 0);
  }
  std::filesystem::resize_file(data() + "/redflag.db", 3 * 4096 + 100);
  EXPECT_EQ(run({"serve", "--data", data(), "--listen", "127.0.0.1:0"}), 1);
  EXPECT_NE(said("err").find("damaged"), std::string::npos) << said("err");

  std::filesystem::remove(data() + "/keys/command.key");
  ASSERT_EQ(run({"restore", "--data", data(), "--from", archive}), 0) << said("err");
  const std::string told = said("out");
  const std::string aside = told.substr(told.find('/'), told.find('\n', told.find('/')) - told.find('/'));
  EXPECT_EQ(std::filesystem::file_size(aside + "/redflag.db"), 3U * 4096 + 100);
  EXPECT_EQ(contentOf(data() + "/keys/command.key"), key);
  const auto server = serve();
  EXPECT_EQ(contentOf(data() + "/ca.pem"), authority);
  EXPECT_EQ(ask(request("GET", "/readyz")).status, 200);
  EXPECT_EQ(ask(request("GET", "/setup")).status, 404) << "the administrator is gone";
}

TEST_F(ProgramTest, a_damaged_archive_is_refused_and_changes_nothing) {
  const std::string archive = (folder_.path() / "archive").string();
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  ASSERT_EQ(run({"backup", "--data", data(), "--to", archive}), 0) << said("err");
  const std::string whole = contentOf(archive);
  const std::string settings = contentOf(data() + "/server.yaml");
  const auto at = whole.find(settings);
  ASSERT_NE(at, std::string::npos);
  std::string flipped = whole;
  flipped[at + 3] ^= 1;
  for (const std::string& bytes : {flipped, whole.substr(0, whole.size() / 2), std::string("no database")}) {
    std::ofstream(archive, std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_EQ(run({"restore", "--data", data(), "--from", archive}), 1);
    EXPECT_NE(said("err").find(archive), std::string::npos) << said("err");
  }
  std::ofstream(archive, std::ios::binary | std::ios::trunc) << contentOf(data() + "/redflag.db");
  EXPECT_EQ(run({"restore", "--data", data(), "--from", archive}), 1) << "it is no archive";
  for (const auto& entry : std::filesystem::directory_iterator(data()))
    EXPECT_FALSE(entry.path().filename().string().starts_with("before-")) << entry.path();
  EXPECT_EQ(run({"migrate", "--status", "--data", data()}), 0) << said("err");
}

TEST_F(ProgramTest, a_backup_of_a_postgres_is_refused_and_names_what_does_it) {
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  EXPECT_EQ(run({"backup", "--data", data(), "--database", "postgresql://somebody@localhost/redflag", "--to",
                 (folder_.path() / "archive").string()}),
            2);
  EXPECT_NE(said("err").find("pg_dump"), std::string::npos) << said("err");
}

TEST_F(ProgramTest, migrate_says_what_was_applied_and_what_would_be) {
  ASSERT_EQ(run({"init", "--data", data()}), 0) << said("err");
  ASSERT_EQ(run({"migrate", "--data", data(), "--status", "--format", "json"}), 0) << said("err");
  const Json steps = Json::parse(said("out")).at("migrations");
  ASSERT_FALSE(steps.empty());
  for (const Json& step : steps)
    EXPECT_EQ(step.at("state"), "applied");
  EXPECT_EQ(run({"migrate", "--data", data(), "--dry-run"}), 0) << said("err");
  EXPECT_EQ(said("out"), "nothing is pending\n");
  EXPECT_EQ(run({"migrate", "--data", data()}), 0) << said("err");
}

}  // namespace
}  // namespace redflag::server
