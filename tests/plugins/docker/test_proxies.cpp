// The way to registries through a proxy on loopback: which one, and what is said where it lets nobody
// through.
#include <gmock/gmock.h>
#include <openssl/pem.h>

#include "../../kernel/link/pki.h"
#include "base/time.h"
#include "docker_scanned.h"
#include "planner.h"
#include "proxies.h"
#include "registry.h"

namespace redflag::test {
namespace {

using docker::Proxies;
using docker::Registry;
using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kBehindProxy = "sha256:" + std::string(64, 'a');
constexpr const char* kThere = "https://registry.example/v2/";

bool isDirect(const std::vector<std::string>& exceptions, const std::string& url) {
  return Proxies({"http://proxy.example:3128", {}, {}}, exceptions).wayTo(url).proxy.empty();
}

TEST(DockerProxies, leave_out_whom_an_engine_would_leave_out) {
  for (const auto& [exception, url] : std::vector<std::pair<std::string, std::string>>{
           {"registry.example", kThere},
           {"example", kThere},
           {".example", kThere},
           {"*.example", kThere},
           {"Registry.Example", "https://REGISTRY.example/v2/"},
           {"registry.example:443", kThere},
           {"registry.example:5000", "https://registry.example:5000/v2/"},
           {"10.1.2.3", "https://10.1.2.3:5000/v2/"},
           {"10.0.0.0/8", "https://10.1.2.3/v2/"},
           {"fd00::/8", "https://[fd00::1]:5000/v2/"},
           {"[fd00::1]:5000", "https://[fd00::1]:5000/v2/"},
           {"0.0.0.0/0", "https://10.1.2.3/v2/"},
           {"*", kThere}})
    EXPECT_TRUE(isDirect({"other.test", exception}, url)) << exception << " " << url;
  for (const auto& [exception, url] :
       std::vector<std::pair<std::string, std::string>>{{"registry", kThere},
                                                        {".registry.example", kThere},
                                                        {"gistry.example", kThere},
                                                        {"registry.example:5000", kThere},
                                                        {"registry.example.net", kThere},
                                                        {"10.0.0.0/8", "https://11.1.2.3/v2/"},
                                                        {"10.0.0.0/33", "https://10.1.2.3/v2/"},
                                                        {"10.0.0.0/x", "https://10.1.2.3/v2/"},
                                                        {"10.0.0.0/8", "https://[a00::1]/v2/"},
                                                        {"10.1.2.30", "https://10.1.2.3/v2/"},
                                                        {":443", kThere}})
    EXPECT_FALSE(isDirect({exception}, url)) << exception << " " << url;
  EXPECT_FALSE(isDirect({}, kThere));
  for (const auto* own : {"http://127.0.0.1:5000/v2/", "http://localhost:5000/v2/", "https://[::1]:5000/v2/"})
    EXPECT_TRUE(isDirect({}, own)) << own;
}

// What settings and an engine say, put together.
class DockerProxyChoice : public testing::Test {
 protected:
  Proxies::Way way(const std::string& url = kThere) {
    rf::Run run(fake_.newRun());
    docker::EngineReader reader(
        [this](const std::string& target) {
          asked_.push_back(target);
          return rf::Value<rf::HttpAnswer>(rf::HttpAnswer{200, dumpJson(info_)});
        },
        run);
    const auto proxies = Proxies::of(settings_, credentials_, reader);
    return proxies ? proxies->wayTo(url) : Proxies::Way{"", "", proxies.error().text};
  }
  void knowsPassword() {
    credentials_ =
        docker::Credentials::parse(
            R"({"auths":{"http://Proxy.example:3128/":{"auth":"dTpw"},"proxy.example:3128":{"auth":"ZWxzZTp4"}}})")
            .value();
  }

  FakeHost fake_;
  docker::Settings settings_;
  docker::Credentials credentials_;
  Json info_ = Json::object();
  std::vector<std::string> asked_;
};

TEST_F(DockerProxyChoice, is_the_engines_where_the_settings_leave_it_to_it) {
  EXPECT_EQ(way().proxy, "");
  EXPECT_THAT(asked_, testing::ElementsAre("/info"));
  info_["HttpProxy"] = "http://plain.example:3128";
  EXPECT_EQ(way().proxy, "") << "its pulls, with TLS, go directly then";
  info_["HttpsProxy"] = "http://proxy.example:3128/";
  info_["NoProxy"] = "localhost, 10.0.0.0/8 ,.corp.example";
  EXPECT_EQ(way().proxy, "http://proxy.example:3128");
  EXPECT_EQ(way("https://10.1.2.3/v2/").proxy, "");
  EXPECT_EQ(way("https://registry.corp.example/v2/").proxy, "");
  settings_.no_proxy = {"registry.example"};
  EXPECT_EQ(way().proxy, "") << "beside those that the engine names";
  EXPECT_EQ(way("https://registry.corp.example/v2/").proxy, "");
  EXPECT_EQ(way("https://other.example/v2/").proxy, "http://proxy.example:3128");
  info_["HttpsProxy"] = "Proxy.example";
  EXPECT_EQ(way("https://other.example/v2/").proxy, "http://proxy.example:80");
}

TEST_F(DockerProxyChoice, is_the_settings_before_the_engines) {
  info_ = {{"HttpsProxy", "http://engines.example:3128"}, {"NoProxy", "*"}};
  settings_.proxy = "http://proxy.example:3128";
  settings_.no_proxy = {"corp.example"};
  EXPECT_EQ(way().proxy, "http://proxy.example:3128");
  EXPECT_EQ(way().user_password, "");
  EXPECT_EQ(way("https://corp.example/v2/").proxy, "");
  knowsPassword();
  EXPECT_EQ(way().user_password, "u:p") << "not the registry's of that name";
  settings_.proxy = "none";
  EXPECT_EQ(way().proxy, "");
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(DockerProxyChoice, never_tries_the_password_that_an_engine_does_not_tell) {
  for (const auto* told : {"http://xxxxx:xxxxx@proxy.example:3128", "xxxxx:xxxxx@proxy.example:3128",
                           "http://u:s3cret@proxy.example:3128"}) {
    info_["HttpsProxy"] = told;
    credentials_ = {};
    EXPECT_THAT(way().obstacle,
                AllOf(HasSubstr("http://proxy.example:3128"), HasSubstr("settings.credentials_file"),
                      Not(HasSubstr("s3cret")), Not(HasSubstr("xxxxx"))))
        << told;
    EXPECT_EQ(way().user_password, "") << told;
    EXPECT_EQ(way("http://127.0.0.1:5000/v2/").obstacle, "") << told;
    knowsPassword();
    EXPECT_EQ(way().obstacle, "") << told;
    EXPECT_EQ(way().user_password, "u:p") << told;
  }
  for (const auto* none : {"socks5://u:s3cret@proxy.example:1080", "http://u:12/s3cret@proxy.example:3128"}) {
    info_["HttpsProxy"] = none;
    EXPECT_THAT(way().obstacle, AllOf(HasSubstr("settings.proxy"), Not(HasSubstr("s3cret")))) << none;
    EXPECT_EQ(way().proxy, "") << none;
  }
}

// registry.example, whose name nobody but the proxy finds.
class DockerProxy : public testing::Test {
 protected:
  using Script = std::function<ScriptedAnswer(const ScriptedAsk&)>;

  DockerProxy() {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, authority_.certificate.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio, &text);
    pem_.assign(text, static_cast<std::size_t>(size));
    BIO_free(bio);
  }
  ScriptedAnswer connected() const {
    return {"HTTP/1.1 200 Connection established\r\n\r\n", false, false, server_.port()};
  }
  Registry registry(Proxies::Way way, const std::string& certificates,
                    std::int64_t patience_ns = 20 * kSecondNs) {
    return {http_, clock_, "registry.example",
            Registry::Access{"user:pass", certificates, false, Proxies(std::move(way), {})}, patience_ns};
  }
  docker::Problem problemWith(Script proxy, const std::string& user_password = {},
                              std::int64_t patience_ns = 20 * kSecondNs) {
    const HttpScript script(std::move(proxy));
    address_ = "http://" + script.host();
    const auto digest = registry({address_, user_password, {}}, pem_, patience_ns).digestOf("app", "v1");
    return digest ? docker::Problem{RF_OK, "", ""} : digest.error();
  }

  FakeHost fake_;
  rf::Clock clock_{fake_.host()};
  docker::HttpClient http_{[this] { return fake_.cancelled; }};
  kernel::test::Issued authority_ = kernel::test::makeAuthority("registries");
  std::string pem_;
  std::string address_;  // of the last proxy
  HttpScript server_{[](const ScriptedAsk& ask) {
                       if (!ask.headers.contains("authorization"))
                         return answer(401, {"WWW-Authenticate: Basic realm=\"x\""});
                       return answer(200, {"Docker-Content-Digest: " + kBehindProxy});
                     },
                     kernel::test::issueServer(authority_, {"DNS:registry.example"})};
};

TEST_F(DockerProxy, carries_what_it_cannot_read) {
  const HttpScript proxy([this](const ScriptedAsk&) { return connected(); });
  auto asked = registry({"http://" + proxy.host(), {}, {}}, pem_);
  const auto digest = asked.digestOf("app", "v1");
  ASSERT_TRUE(digest) << digest.error().text;
  EXPECT_EQ(*digest, kBehindProxy);
  ASSERT_TRUE(asked.digestOf("app", "v2"));
  ASSERT_THAT(proxy.asks(), SizeIs(1)) << "one tunnel is enough";
  const auto tunnel = proxy.asks().at(0);
  EXPECT_EQ(tunnel.method, "CONNECT");
  EXPECT_EQ(tunnel.target, "registry.example:443");
  for (const auto* secret : {"authorization", "proxy-authorization"})
    EXPECT_FALSE(tunnel.headers.contains(secret)) << secret;
  const auto asks = server_.asks();
  ASSERT_THAT(asks, SizeIs(3));
  EXPECT_EQ(asks[0].target, "/v2/app/manifests/v1");
  EXPECT_EQ(asks[1].headers.at("authorization"), "Basic dXNlcjpwYXNz");
}

TEST_F(DockerProxy, gets_its_password_and_the_registry_does_not) {
  const HttpScript proxy([this](const ScriptedAsk& ask) {
    const auto given = ask.headers.find("proxy-authorization");
    return given != ask.headers.end() && given->second == "Basic dTpw" ? connected() : answer(407);
  });
  auto asked = registry({"http://" + proxy.host(), "u:p", {}}, pem_);
  EXPECT_EQ(asked.digestOf("app", "v1").value_or(""), kBehindProxy);
  for (const auto& ask : server_.asks())
    EXPECT_FALSE(ask.headers.contains("proxy-authorization"));
}

TEST_F(DockerProxy, that_lets_nobody_through_is_named_and_not_the_registry_blamed) {
  for (const auto& [status, kind, word] : std::vector<std::tuple<int, rf_status, std::string>>{
           {407, RF_MISCONFIGURED, "settings.credentials_file has none"},
           {403, RF_TRANSIENT, "lets nobody go there"},
           {429, RF_TRANSIENT, "429"},
           {502, RF_TRANSIENT, "502"}}) {
    const auto problem = problemWith([status = status](const ScriptedAsk&) {
      return answer(status, {"Proxy-Authenticate: Basic realm=\"x\"", "Retry-After: 3600"}, "no");
    });
    EXPECT_EQ(problem.status, kind) << status;
    EXPECT_EQ(problem.code, "docker.registry_proxy") << status;
    EXPECT_THAT(problem.text, AllOf(HasSubstr("registry.example: "), HasSubstr(address_),
                                    HasSubstr(std::to_string(status)), HasSubstr(word)));
  }
  const auto refused = problemWith([](const ScriptedAsk&) { return answer(407); }, "u:s3cret");
  EXPECT_EQ(refused.status, RF_MISCONFIGURED);
  EXPECT_THAT(refused.text, AllOf(HasSubstr("refuses the password"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(server_.asks(), IsEmpty());
}

TEST_F(DockerProxy, that_is_not_there_or_says_nothing_is_named) {
  std::string gone;
  {
    const HttpScript ended([](const ScriptedAsk&) { return answer(200); });
    gone = "http://" + ended.host();
  }
  const auto problem = registry({gone, {}, {}}, pem_).digestOf("app", "v1").error();
  EXPECT_EQ(problem.status, RF_TRANSIENT);
  EXPECT_EQ(problem.code, "docker.registry_proxy");
  EXPECT_THAT(problem.text, HasSubstr(gone));
  const auto begun = monotonicNow();
  const auto silent = problemWith(
      [](const ScriptedAsk&) {
        return ScriptedAnswer{"HTTP/1.1 200 OK\r\n", false, true};
      },
      {}, kSecondNs / 2);
  EXPECT_LT(monotonicNow() - begun, 3 * kSecondNs);
  EXPECT_EQ(silent.code, "docker.registry_slow");
  EXPECT_THAT(silent.text, HasSubstr(address_));
}

TEST_F(DockerProxy, makes_nobody_trustworthy) {
  const HttpScript proxy([this](const ScriptedAsk&) { return connected(); });
  const auto stranger = registry({"http://" + proxy.host(), {}, {}}, "").digestOf("app", "v1").error();
  EXPECT_EQ(stranger.code, "docker.registry_certificate");
  EXPECT_THAT(stranger.text, HasSubstr("http://" + proxy.host()));
  EXPECT_THAT(server_.asks(), IsEmpty());
  // With TLS itself, and an authority that is trusted for the registry alone.
  const HttpScript secret([this](const ScriptedAsk&) { return connected(); },
                          kernel::test::issueServer(authority_));
  EXPECT_EQ(registry({"https://" + secret.host(), {}, {}}, pem_).digestOf("app", "v1").error().code,
            "docker.registry_certificate");
  EXPECT_THAT(secret.asks(), IsEmpty());
}

// No registry is asked like this: what is plain is on loopback, and that is asked directly.
TEST_F(DockerProxy, is_asked_for_what_is_plain_by_its_whole_address) {
  const HttpScript proxy([](const ScriptedAsk&) { return answer(200, {}, "{}"); });
  docker::HttpRequest request;
  request.url = "http://registry.example:5000/v2/";
  request.proxy = "http://" + proxy.host();
  request.timeout_ns = 20 * kSecondNs;
  EXPECT_EQ(http_.send(request).value().status, 200);
  ASSERT_THAT(proxy.asks(), SizeIs(1));
  EXPECT_EQ(proxy.asks().at(0).target, "http://registry.example:5000/v2/");
}

// A machine with images of the registry on loopback and of registry.example.
class DockerScannedBehindProxy : public DockerScanned {
 protected:
  void SetUp() override {
    hasImage("old", {in("app:latest"), "registry.example/app:latest"},
             {in("app@" + digest("old")), "registry.example/app@" + digest("old")});
    runs("web", in("app"), "old");
    runs("worker", "registry.example/app", "old");
    offers("app", "latest", manifest("new"));
  }
  void engineSays(const std::string& proxy, const std::string& exceptions = {}) {
    fake_.local_answers["/info"] = dumpJson({{"HttpsProxy", proxy}, {"NoProxy", exceptions}});
  }
  std::string said() const {
    std::string out;
    for (const auto& report : fake_.reports)
      out += report.code + ": " + report.text + "\n";
    return out;
  }

  HttpScript proxy_{[](const ScriptedAsk&) { return answer(403); }};
};

TEST_F(DockerScannedBehindProxy, asks_through_the_engines_proxy_whom_its_pulls_would_reach_so) {
  engineSays("http://" + proxy_.host());
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("registry.example"), RF_TRANSIENT);
  EXPECT_THAT(said(), AllOf(HasSubstr("docker.registry_proxy: registry.example: "),
                            HasSubstr("http://" + proxy_.host() + " answers 403")));
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK) << "loopback is asked directly";
  EXPECT_EQ(onlyUpdate().at("name"), in("app:latest"));
  ASSERT_THAT(proxy_.asks(), SizeIs(1));
  EXPECT_EQ(proxy_.asks().at(0).target, "registry.example:443");
}

TEST_F(DockerScannedBehindProxy, asks_through_the_settings_proxy_instead_of_the_engines) {
  const HttpScript other([](const ScriptedAsk&) { return answer(502); });
  engineSays("http://" + proxy_.host());
  settings_.proxy = "http://" + other.host();
  scan();
  EXPECT_THAT(said(), HasSubstr("http://" + other.host() + " answers 502"));
  EXPECT_THAT(other.asks(), SizeIs(1));
  EXPECT_THAT(proxy_.asks(), IsEmpty());
}

TEST_F(DockerScannedBehindProxy, says_which_setting_a_password_is_missing_in_that_the_engine_masks) {
  engineSays("http://xxxxx:xxxxx@" + proxy_.host());
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("registry.example"), RF_MISCONFIGURED);
  EXPECT_THAT(fake_.reports,
              Contains(Field(&FakeReport::text, AllOf(HasSubstr("http://" + proxy_.host()),
                                                      HasSubstr("settings.credentials_file")))));
  EXPECT_THAT(proxy_.asks(), IsEmpty()) << "nor with what is masked";
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_THAT(fake_.ofKind("image/1"), SizeIs(2)) << "what is known is told";
}

TEST_F(DockerScannedBehindProxy, plans_the_way_it_scans) {
  engineSays("http://" + proxy_.host());
  scan();
  const auto scanned = proxy_.asks().size();
  rf::Run run(fake_.newRun());
  docker::Planner planner(settings_, fake_.host(), run);
  docker::Request request;
  request.updates = {{*docker::parseReference("registry.example/app:latest"), "linux/amd64", digest("new")}};
  const rf::LocalHttp local(fake_.host());
  const auto planned = planner.prepare(
      [&](const std::string& target) {
        return local.get(settings_.socket, target, docker::kMaxEngineAnswer);
      },
      request);
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().code, "docker.registry_proxy");
  EXPECT_THAT(proxy_.asks(), SizeIs(scanned + 1));
}

TEST_F(DockerScannedBehindProxy, asks_directly_where_the_engine_does_not_say_and_says_so) {
  images_ = Json::array();
  containers_.clear();
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  fake_.local_answers["/info"] = "{}";
  fake_.local_statuses["/info"] = 500;
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_TRUE(fake_.reported("docker.proxy_unknown"));
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
}

}  // namespace
}  // namespace redflag::test
