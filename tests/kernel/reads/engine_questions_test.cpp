#include "reads/engine_questions.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace redflag::kernel
