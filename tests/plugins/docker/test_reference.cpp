// Names of images: what they mean, and what is none.
#include <gtest/gtest.h>

#include "reference.h"

namespace redflag::test {
namespace {

using docker::parseReference;

const std::string kPinned = "sha256:" + std::string(64, 'a');

TEST(Reference, is_whole_whatever_was_left_out) {
  for (const auto& [text, whole] : std::vector<std::pair<std::string, std::string>>{
           {"nginx", "docker.io/library/nginx:latest"},
           {"nginx:1.25", "docker.io/library/nginx:1.25"},
           {"docker.io/nginx", "docker.io/library/nginx:latest"},
           {"index.docker.io/library/nginx", "docker.io/library/nginx:latest"},
           {"grafana/grafana:10", "docker.io/grafana/grafana:10"},
           {"registry.example.net:5000/a/b/c:v1", "registry.example.net:5000/a/b/c:v1"},
           {"localhost/app", "localhost/app:latest"},
           {"[::1]:5000/app:x", "[::1]:5000/app:x"},
           {"a/b__c-d--e.f:T_1.-", "docker.io/a/b__c-d--e.f:T_1.-"},
           {"docker.io/example.net/app", "docker.io/example.net/app:latest"},
           {"docker.io/library/" + std::string(64, 'a'),
            "docker.io/library/" + std::string(64, 'a') + ":latest"},
           {"nginx@" + kPinned, "docker.io/library/nginx@" + kPinned},
           {"nginx:1@" + kPinned, "docker.io/library/nginx:1@" + kPinned}}) {
    const auto parsed = parseReference(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->canonical(), whole);
    EXPECT_EQ(parseReference(parsed->familiar())->canonical(), whole) << "also from what people read";
  }
  EXPECT_EQ(parseReference("docker.io/library/nginx:1")->familiar(), "nginx:1");
  EXPECT_EQ(parseReference("docker.io/library/a/b")->familiar(), "library/a/b:latest");
  EXPECT_EQ(parseReference("docker.io/example.net/app")->familiar(), "docker.io/example.net/app:latest")
      << "or it would be shown as another registry's";
}

TEST(Reference, is_refused_unless_it_keeps_the_grammar) {
  for (const std::string& text : {std::string(),
                                  std::string(64, 'a'),
                                  std::string("<none>:<none>"),
                                  std::string("--opt"),
                                  std::string("a b"),
                                  std::string("a;rm"),
                                  std::string("$(x)"),
                                  std::string("Nginx"),
                                  std::string("a//b"),
                                  std::string("a/../b"),
                                  std::string("/a"),
                                  std::string("a/"),
                                  std::string("a:"),
                                  std::string("a:-x"),
                                  std::string("a:b/c:d:e"),
                                  std::string("a@sha256:1"),
                                  std::string("a@md5:") + std::string(32, 'a'),
                                  std::string("a\nb"),
                                  std::string("a\0b", 3),
                                  std::string("\xFF"),
                                  std::string("a\xE2\x80\xAE"
                                              "b"),
                                  std::string(10'000, 'a'),
                                  "a:" + std::string(129, 'b'),
                                  std::string("h:port/a"),
                                  std::string("-h.x/a"),
                                  std::string("a_b.c/d"),
                                  std::string("[::1/a"),
                                  std::string("[::\0x]/a", 8),
                                  std::string("user@host.x/a"),
                                  std::string("h.x:1:2/a"),
                                  std::string("a?x=1"),
                                  std::string("a#b"),
                                  std::string("a%2e")})
    EXPECT_FALSE(parseReference(text)) << text.substr(0, 80);
}

TEST(Reference, knows_what_is_this_machine) {
  for (const auto* host :
       {"127.0.0.1", "127.8.9.1:5000", "localhost", "localhost:5000", "[::1]:5000", "[::1]"})
    EXPECT_TRUE(docker::isLoopback(host)) << host;
  for (const auto* host :
       {"127.evil.example", "128.0.0.1", "localhost.example", "10.0.0.1", "127.0.0.1.example:80"})
    EXPECT_FALSE(docker::isLoopback(host)) << host;
  EXPECT_EQ(docker::addressOf("docker.io", true), "https://registry-1.docker.io");
}

}  // namespace
}  // namespace redflag::test
