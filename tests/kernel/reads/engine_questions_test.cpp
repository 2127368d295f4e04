#include "reads/engine_questions.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace redflag::kernel {
namespace {

TEST(EngineQuestions, are_those_of_a_list) {
  for (const char* target :
       {"/_ping", "/version", "/info", "/images/json", "/images/json?all=1", "/images/json?digests=1&all=0",
        "/containers/json?all=1", "/images/sha256:0123abcd/json", "/images/library/alpine:3.20/json",
        "/images/127.0.0.1:5000/a/b@sha256:00/json", "/containers/0123abcd/json", "/containers/web-1/json"})
    EXPECT_TRUE(isEngineQuestion(target)) << target;
}

TEST(EngineQuestions, are_nothing_that_reads_more_or_leads_elsewhere) {
  for (const char* target : {"",
                             "/",
                             "//version",
                             "/_ping/",
                             "/version?x=1",
                             "/containers/x/logs",
                             "/containers/x/archive?path=/",
                             "/containers/x/export",
                             "/containers/x/top",
                             "/images/x/get",
                             "/images/get?names=x",
                             "/events",
                             "/containers/../images/json",
                             "/containers/a/b/json",
                             "/containers//json",
                             "/containers/json/json?all=1",
                             "/images/../containers/x/export?/json",
                             "/images/a//b/json",
                             "/images/%2e%2e/json",
                             "/images/a b/json",
                             "/images/x/json?manifests=1",
                             "/images/json?all=1&all=1",
                             "/images/json?filters={}",
                             "/images/json?all",
                             "/images/json?=1",
                             "/containers/json?all=1&size=1",
                             "/containers/json?all=true",
                             "/volumes",
                             "/secrets",
                             "/v1.41/containers/json",
                             "/containers/x\r\nHost: y/json",
                             "http://x/version",
                             "/swarm",
                             "/images//json",
                             "/images/.../json",
                             "/containers/x/json#"})
    EXPECT_FALSE(isEngineQuestion(target)) << target;
  EXPECT_FALSE(isEngineQuestion("/containers/" + std::string(513, 'a') + "/json"));
  EXPECT_FALSE(isEngineQuestion(std::string("/images/a\0b/json", 16)));
}

TEST(EngineQuestions, keep_environments_out_of_their_answers) {
  auto answer = Json::parse(R"({"Config":{"Env":["PASSWORD=x"],"Image":"a"},"Env":[1],
    "List":[{"Env":"x","Id":1},[{"Env":{}}]],"Envelope":2})");
  removeEnvironments(answer);
  EXPECT_EQ(answer, Json::parse(R"({"Config":{"Image":"a"},"List":[{"Id":1},[{}]],"Envelope":2})"));
}

TEST(EngineQuestions, keep_passwords_of_proxies_out_of_their_answers) {
  for (const auto& [told, handed_on] : std::vector<std::pair<std::string, std::string>>{
           {"http://u:s3cret@proxy.example.net:3128", "http://xxxxx:xxxxx@proxy.example.net:3128"},
           {"u:s3@cret@proxy.example.net:3128", "xxxxx:xxxxx@proxy.example.net:3128"},
           {"u:s3cret://@proxy.example.net", "xxxxx:xxxxx@proxy.example.net"},
           {"http://proxy.example.net:3128", "http://proxy.example.net:3128"},
           {"", ""}}) {
    Json answer{{"HttpProxy", told}, {"HttpsProxy", told}, {"NoProxy", "a@b"}, {"Name", told}};
    maskProxyPasswords(answer);
    EXPECT_EQ(
        answer,
        Json({{"HttpProxy", handed_on}, {"HttpsProxy", handed_on}, {"NoProxy", "a@b"}, {"Name", told}}));
  }
  Json others = Json::parse(R"([{"HttpProxy":7},null,[]])");
  for (auto& other : others)
    maskProxyPasswords(other);
  EXPECT_EQ(others, Json::parse(R"([{"HttpProxy":7},null,[]])"));
}

}  // namespace
}  // namespace redflag::kernel
