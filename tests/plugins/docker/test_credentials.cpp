#include <gmock/gmock.h>

#include "base/encoding.h"
#include "credentials.h"
#include "engine_client.h"
#include "settings.h"

namespace redflag::test {
namespace {

using docker::Credentials;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(DockerCredentials, are_read_as_docker_login_writes_them) {
  const auto read = Credentials::parse(
      R"({"auths":{"https://index.docker.io/v1/":{"auth":"aGFubmVzOnM6ZWNyZXQ="},"r.example:5000":{"username":"u","password":"p"}},"HttpHeaders":{}})");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->of("docker.io"), "hannes:s:ecret");
  EXPECT_EQ(read->of("r.example:5000"), "u:p");
  EXPECT_EQ(read->of("r.example"), "") << "another port is another registry";
}

TEST(DockerCredentials, that_a_helper_keeps_are_missing_for_that_registry_alone) {
  const auto read = Credentials::parse(
      R"({"auths":{"https://index.docker.io/v1/":{},"r.example":{"auth":"dTpw"},"mail.example":{"auth":"","email":"a@b"}},)"
      R"("credsStore":"desktop","credHelpers":{"gcr.example":"gcloud","r.example":"x"}})");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->of("r.example"), "u:p");
  EXPECT_FALSE(read->areWithHelper("r.example")) << "its password is here, too";
  EXPECT_FALSE(read->areWithHelper("other.example"));
  for (const auto* registry : {"docker.io", "gcr.example", "mail.example"}) {
    EXPECT_EQ(read->of(registry), "") << registry;
    EXPECT_TRUE(read->areWithHelper(registry)) << registry;
  }
  for (const auto* content : {R"({"credsStore":"desktop"})", R"({"credHelpers":{"gcr.example":"gcloud"}})"})
    EXPECT_TRUE(Credentials::parse(content)) << content;
}

TEST(DockerCredentials, of_a_proxy_are_kept_by_its_whole_address) {
  const auto read = Credentials::parse(
      R"({"auths":{"http://proxy.example:3128":{"username":"u","password":"p:w"},"https://Secret.example/":{"auth":"dTpw"},)"
      R"("other.example:3128":{"auth":"dTpw"},"http://later.example:3128":{}}})");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->ofProxy("http://proxy.example:3128"), "u:p:w");
  EXPECT_EQ(read->ofProxy("https://secret.example:443"), "u:p");
  for (const auto* none : {"http://other.example:3128", "https://proxy.example:3128",
                           "http://later.example:3128", "http://secret.example:443", ""})
    EXPECT_EQ(read->ofProxy(none), "") << none;
}

TEST(DockerCredentials, of_a_proxy_take_the_place_of_no_registrys_that_has_its_name) {
  const auto read = Credentials::parse(
      R"({"auths":{"hub.example":{"username":"registry","password":"r"},"http://hub.example":{"username":"proxy","password":"p"},)"
      R"("Zone.example":{"username":"registry","password":"r"},"http://Zone.example":{"username":"proxy","password":"p"}}})");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->of("hub.example"), "registry:r");
  EXPECT_EQ(read->of("Zone.example"), "registry:r");
  EXPECT_EQ(read->ofProxy("http://hub.example:80"), "proxy:p");
}

TEST(DockerCredentials, are_given_to_an_engine_whole_however_long_they_are) {
  for (const std::string password : {"p", "pp", "ppp", "a:b", "\xC3\xBF\xC3\xBE~?>"}) {
    auto given = docker::registryAuth("r.example:5000", "u:" + password);
    EXPECT_EQ(given.size() % 4, 0U) << given;
    EXPECT_EQ(given.find_first_of("+/"), std::string::npos) << given;
    given.erase(std::min(given.find('='), given.size()));
    const auto json = fromBase64Url(given);
    ASSERT_TRUE(json) << given;
    EXPECT_EQ(Json::parse(*json),
              Json({{"username", "u"}, {"password", password}, {"serveraddress", "r.example:5000"}}));
  }
  EXPECT_EQ(docker::registryAuth("r.example", ""), "");
}

TEST(DockerCredentials, for_docker_hub_are_given_under_the_name_that_every_engine_knows) {
  auto given = docker::registryAuth("docker.io", "u:p");
  given.erase(std::min(given.find('='), given.size()));
  const auto json = fromBase64Url(given);
  ASSERT_TRUE(json) << given;
  EXPECT_EQ(Json::parse(*json).at("serveraddress"), "https://index.docker.io/v1/");
}

TEST(DockerCredentials, that_are_malformed_are_refused_without_a_word_of_what_is_in_them) {
  for (const auto* content :
       {"hunter2", "[]", "{}", R"({"auths":[]})", R"({"auths":{"secret.example":{"auth":"hunter2"}}})",
        R"({"auths":{"secret.example":{"auth":"aHVudGVyMg=="}}})",
        R"({"auths":{"secret.example":{"password":"hunter2"}}})",
        R"({"credsStore":"x","auths":{"secret.example":{"auth":7}}})",
        R"({"auths":{},"credHelpers":["hunter2"]})", R"({"credsStore":"x","auths":["hunter2"]})",
        R"({"auths":{"secret.example":{"auth":"dTpodW50ZXIyDQo="}}})", R"({"auths":{"secret.example":7}})"}) {
    const auto read = Credentials::parse(content);
    ASSERT_FALSE(read) << content;
    EXPECT_EQ(read.error().status, RF_MISCONFIGURED);
    EXPECT_THAT(read.error().text, Not(HasSubstr("hunter2")));
    EXPECT_THAT(read.error().text, Not(HasSubstr("secret")));
  }
}

TEST(DockerSettings, refuse_what_they_do_not_know) {
  const auto read = docker::parseSettings(R"({"newer_tags":"major","socket":"/run/podman/podman.sock"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->newer_tags, docker::NewerTags::kMajor);
  EXPECT_EQ(docker::parseSettings("")->newer_tags, docker::NewerTags::kMinor);
  for (const auto& [json, name] : std::vector<std::pair<std::string, std::string>>{
           {R"({"newer_tags":"all"})", "settings.newer_tags"},
           {R"({"verify":false})", "settings.verify"},
           {R"({"socket":"run"})", "settings.socket"},
           {R"({"proxy":"squid"})", "settings.proxy"},
           {R"({"proxy":"socks5://proxy.example:1080"})", "settings.proxy"},
           {R"({"proxy":"http://"})", "settings.proxy"},
           {R"({"proxy":"http://u:hunter2@proxy.example:3128"})", "settings.proxy"},
           {R"({"no_proxy":"registry.example"})", "settings.no_proxy"},
           {R"({"credentials_file":"x"})", "settings.credentials_file"}}) {
    const auto refused = docker::parseSettings(json);
    ASSERT_FALSE(refused) << json;
    EXPECT_THAT(refused.error().text, AllOf(HasSubstr(name), Not(HasSubstr("hunter2"))));
  }
}

TEST(DockerSettings, name_a_proxy_or_leave_it_to_the_engine) {
  EXPECT_EQ(docker::parseSettings("")->proxy, "engine");
  const auto read = docker::parseSettings(
      R"({"proxy":"http://proxy.example:3128","no_proxy":[".corp.example","10.0.0.0/8"]})");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->proxy, "http://proxy.example:3128");
  EXPECT_THAT(read->no_proxy, testing::ElementsAre(".corp.example", "10.0.0.0/8"));
  EXPECT_EQ(docker::parseSettings(R"({"proxy":"none"})")->proxy, "none");
}

}  // namespace
}  // namespace redflag::test
