// One registry's answers, good and bad: what each is taken for.
#include <gmock/gmock.h>

#include "base/encoding.h"
#include "base/time.h"
#include "http_script.h"
#include "registry.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using docker::Registry;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOffer = "Docker-Content-Digest: " + kDigest;

class DockerRegistry : public testing::Test {
 protected:
  using Script = std::function<ScriptedAnswer(const ScriptedAsk&)>;

  Registry& ask(Script script, const std::string& user_password = {},
                std::int64_t patience_ns = 20 * kSecondNs) {
    server_ = std::make_unique<HttpScript>(std::move(script));
    registry_ = std::make_unique<Registry>(http_, clock_, server_->host(),
                                           Registry::Access{user_password, {}}, patience_ns);
    return *registry_;
  }
  docker::Problem problemWith(Script script, std::int64_t patience_ns = 20 * kSecondNs) {
    const auto digest = ask(std::move(script), {}, patience_ns).digestOf("app", "v1");
    return digest ? docker::Problem{RF_OK, "", ""} : digest.error();
  }

  FakeHost fake_;
  rf::Clock clock_{fake_.host()};
  docker::HttpClient http_{[this] { return fake_.cancelled; }};
  std::unique_ptr<HttpScript> server_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(DockerRegistry, says_what_a_tag_is_and_how_often_it_may_be_asked) {
  auto& registry = ask([](const ScriptedAsk&) {
    return answer(200, {kOffer, "RateLimit-Limit: 100;w=21600", "ratelimit-remaining: 98;w=21600"});
  });
  EXPECT_EQ(registry.digestOf("app", "v1").value(), kDigest);
  EXPECT_EQ(registry.budget().limit, 100);
  EXPECT_EQ(registry.budget().remaining, 98);
  const auto asks = server_->asks();
  ASSERT_THAT(asks, SizeIs(1));
  EXPECT_EQ(asks[0].method, "HEAD");
  EXPECT_EQ(asks[0].target, "/v2/app/manifests/v1");
  for (const auto* type : {"oci.image.index.v1", "oci.image.manifest.v1", "manifest.list.v2", "manifest.v2"})
    EXPECT_THAT(asks[0].headers.at("accept"), HasSubstr(type));
}

TEST_F(DockerRegistry, that_does_not_say_a_digest_is_asked_for_the_bytes) {
  const std::string manifest = R"({"config":{"digest":")" + kDigest + R"(","size":1},"layers":[]})";
  auto& registry = ask([&](const ScriptedAsk&) { return answer(200, {}, manifest); });
  EXPECT_EQ(registry.digestOf("app", "v1").value(), "sha256:" + toHex(sha256(manifest)));
}

TEST_F(DockerRegistry, that_knows_no_HEAD_is_asked_for_the_bytes) {
  const std::string manifest = R"({"config":{"digest":")" + kDigest + R"(","size":1},"layers":[]})";
  for (const auto& [offer, digest] : std::vector<std::pair<std::string, std::string>>{
           {kOffer, kDigest}, {"X: y", "sha256:" + toHex(sha256(manifest))}}) {
    const auto& header = offer;
    auto& registry = ask([&](const ScriptedAsk& ask) {
      return ask.method == "HEAD" ? answer(405) : answer(200, {header}, manifest);
    });
    EXPECT_EQ(registry.digestOf("app", "v1").value(), digest);
    EXPECT_THAT(server_->asks(), SizeIs(2)) << "once with each";
  }
  const auto refused = problemWith([](const ScriptedAsk&) { return answer(405); });
  EXPECT_EQ(refused.code, "docker.registry_malformed");
  EXPECT_THAT(server_->asks(), SizeIs(2));
}

TEST_F(DockerRegistry, is_given_a_token_for_each_repository_and_the_password_only_where_tokens_are_given) {
  auto& registry = ask(
      [this](const ScriptedAsk& ask) {
        if (ask.target.starts_with("/token")) return answer(200, {}, R"({"token":"t0ken"})");
        const auto given = ask.headers.find("authorization");
        if (given != ask.headers.end() && given->second == "Bearer t0ken") return answer(200, {kOffer});
        return answer(401, {"WWW-Authenticate: Bearer realm=\"http://" + server_->host() +
                            "/token\",service=\"a b\",scope=\"repository:other:push\""});
      },
      "user:pass");
  EXPECT_EQ(registry.digestOf("app", "v1").value(), kDigest);
  EXPECT_EQ(registry.digestOf("lib", "v1").value(), kDigest);
  const auto asks = server_->asks();
  ASSERT_THAT(asks, SizeIs(5));
  EXPECT_EQ(asks[1].target, "/token?service=a%20b&scope=repository%3Aapp%3Apull")
      << "never more than to read";
  EXPECT_EQ(asks[1].headers.at("authorization"), "Basic dXNlcjpwYXNz");
  EXPECT_EQ(asks[3].target, "/token?service=a%20b&scope=repository%3Alib%3Apull")
      << "without being refused first";
  EXPECT_FALSE(asks[0].headers.contains("authorization"));
}

TEST_F(DockerRegistry, that_gives_tokens_to_anybody_is_told_no_name) {
  auto& registry = ask([this](const ScriptedAsk& ask) {
    if (ask.target.starts_with("/token")) return answer(200, {}, R"({"access_token":"anybodys"})");
    const auto given = ask.headers.find("authorization");
    if (given != ask.headers.end() && given->second == "Bearer anybodys") return answer(200, {kOffer});
    return answer(401,
                  {"WWW-Authenticate: Bearer realm=\"http://" + server_->host() + "/token\",service=\"s\""});
  });
  EXPECT_EQ(registry.digestOf("app", "v1").value(), kDigest);
  const auto asks = server_->asks();
  ASSERT_THAT(asks, SizeIs(3));
  EXPECT_EQ(asks[1].target, "/token?service=s&scope=repository%3Aapp%3Apull");
  EXPECT_FALSE(asks[1].headers.contains("authorization"));
}

TEST_F(DockerRegistry, that_wants_a_password_gets_it_once_it_asks) {
  auto& registry = ask(
      [](const ScriptedAsk& ask) {
        const auto given = ask.headers.find("authorization");
        if (given != ask.headers.end() && given->second == "Basic dXNlcjpwYXNz") return answer(200, {kOffer});
        return answer(401, {"WWW-Authenticate: Basic realm=\"x\""});
      },
      "user:pass");
  EXPECT_EQ(registry.digestOf("app", "v1").value(), kDigest);
}

TEST_F(DockerRegistry, that_refuses_is_not_asked_again_and_again) {
  auto& registry = ask(
      [](const ScriptedAsk&) { return answer(401, {"WWW-Authenticate: Basic realm=\"x\""}); }, "user:s3cret");
  const auto refused = registry.digestOf("app", "v1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, RF_DENIED);
  EXPECT_EQ(refused.error().code, "docker.registry_denied");
  EXPECT_THAT(refused.error().text, Not(HasSubstr("s3cret")));
  EXPECT_THAT(server_->asks(), SizeIs(2));
  EXPECT_EQ(problemWith([](const ScriptedAsk&) { return answer(403); }).status, RF_DENIED);
}

TEST_F(DockerRegistry, must_not_send_anybody_elsewhere_for_tokens) {
  for (const auto* realm :
       {"http://registry.example/token", "ftp://127.0.0.1/", "file:///etc/passwd", "", "x"}) {
    const auto problem = problemWith([&](const ScriptedAsk&) {
      return answer(401, {std::string("WWW-Authenticate: Bearer realm=\"") + realm + "\",service=\"s\""});
    });
    EXPECT_EQ(problem.status, RF_TRANSIENT) << realm;
    EXPECT_EQ(problem.code, "docker.registry_malformed") << realm;
  }
}

TEST_F(DockerRegistry, may_lead_elsewhere_but_takes_no_password_along) {
  HttpScript other([](const ScriptedAsk&) { return answer(200, {kOffer}); });
  auto& registry = ask(
      [&](const ScriptedAsk& ask) {
        return ask.headers.contains("authorization")
                   ? answer(307, {"Location: http://" + other.host() + ask.target})
                   : answer(401, {"WWW-Authenticate: Basic realm=\"x\""});
      },
      "user:pass");
  EXPECT_EQ(registry.digestOf("app", "v1").value(), kDigest);
  ASSERT_THAT(other.asks(), SizeIs(1));
  EXPECT_FALSE(other.asks()[0].headers.contains("authorization"));
}

TEST_F(DockerRegistry, that_leads_elsewhere_does_not_let_that_place_ask_for_its_password) {
  for (const bool bearer : {true, false}) {
    std::string thief;
    HttpScript other([&](const ScriptedAsk& ask) {
      if (ask.target.starts_with("/steal")) return answer(200, {}, R"({"token":"t0ken"})");
      return answer(401,
                    {bearer ? "WWW-Authenticate: Bearer realm=\"http://" + thief + "/steal\",service=\"s\""
                            : "WWW-Authenticate: Basic realm=\"x\""});
    });
    thief = other.host();
    auto& registry =
        ask([&](const ScriptedAsk& ask) { return answer(307, {"Location: http://" + thief + ask.target}); },
            "user:pass");
    const auto refused = registry.digestOf("app", "v1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, RF_DENIED);
    EXPECT_EQ(refused.error().code, "docker.registry_denied");
    EXPECT_THAT(refused.error().text, HasSubstr(thief));
    ASSERT_THAT(other.asks(), SizeIs(1)) << "never where it says";
    EXPECT_FALSE(other.asks()[0].headers.contains("authorization"));
    EXPECT_THAT(server_->asks(), SizeIs(1));
  }
}

TEST_F(DockerRegistry, may_itself_have_its_tokens_given_elsewhere) {
  HttpScript other([](const ScriptedAsk&) { return answer(200, {}, R"({"token":"t0ken"})"); });
  auto& registry = ask(
      [&](const ScriptedAsk& ask) {
        if (ask.headers.contains("authorization")) return answer(200, {kOffer});
        return answer(401,
                      {"WWW-Authenticate: Bearer realm=\"http://" + other.host() + "/token\",service=\"s\""});
      },
      "user:pass");
  EXPECT_EQ(registry.digestOf("app", "v1").value(), kDigest);
  ASSERT_THAT(other.asks(), SizeIs(1));
  EXPECT_EQ(other.asks()[0].headers.at("authorization"), "Basic dXNlcjpwYXNz");
}

TEST_F(DockerRegistry, must_not_lead_out_of_https_or_round_in_circles) {
  for (const auto* place :
       {"http://registry.example/x", "file:///etc/passwd", "gopher://127.0.0.1/", "/v2/app/manifests/v1"})
    EXPECT_EQ(problemWith([&](const ScriptedAsk&) {
                return answer(302, {std::string("Location: ") + place});
              }).code,
              "docker.registry_redirect")
        << place;
  EXPECT_THAT(server_->asks(), SizeIs(6));
}

TEST_F(DockerRegistry, answers_that_are_none_fail_for_now) {
  for (const auto& [bytes, code] : std::vector<std::pair<std::string, std::string>>{
           {"garbage\r\n\r\n", "docker.registry_malformed"},
           {"HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:../../x\r\nContent-Length: 0\r\n\r\n",
            "docker.registry_malformed"},
           {"HTTP/1.1 204 x\r\n\r\n", "docker.registry_malformed"},
           {"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", "docker.registry_failed"},
           {"HTTP/1.1 200 OK\r\nX: " + std::string(80'000, 'x') + "\r\n\r\n", "docker.registry_endless"}}) {
    const auto problem = problemWith([&](const ScriptedAsk&) { return ScriptedAnswer{bytes, false, false}; });
    EXPECT_EQ(problem.status, RF_TRANSIENT) << bytes.substr(0, 80);
    EXPECT_EQ(problem.code, code) << bytes.substr(0, 80);
  }
}

TEST_F(DockerRegistry, has_only_so_much_time_and_room) {
  const auto begun = monotonicNow();
  EXPECT_EQ(problemWith(
                [](const ScriptedAsk&) {
                  return ScriptedAnswer{"HTTP/1.1 200 OK\r\n", false, true};
                },
                kSecondNs / 2)
                .code,
            "docker.registry_slow");
  EXPECT_LT(monotonicNow() - begun, 3 * kSecondNs);
  const auto digest =
      ask([](const ScriptedAsk&) {
        return ScriptedAnswer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(2048, ' '), true, false};
      }).imageFor("app", kDigest, "linux/amd64");
  EXPECT_EQ(digest.error().code, "docker.registry_endless");
}

TEST_F(DockerRegistry, that_is_asked_too_often_says_when_to_come_again) {
  const auto begun = epochNow() / kSecondNs;
  auto& registry = ask([](const ScriptedAsk&) { return answer(429, {"Retry-After: 3600"}); });
  EXPECT_EQ(registry.digestOf("app", "v1").error().status, RF_LIMIT);
  EXPECT_NEAR(static_cast<double>(registry.retryAt()), static_cast<double>(begun + 3600), 5);
  constexpr std::int64_t kNow = 1'700'000'000;
  EXPECT_EQ(docker::retryAfter("Tue, 14 Nov 2023 22:23:20 GMT", kNow), kNow + 600);
  EXPECT_EQ(docker::retryAfter("", kNow), kNow + 900);
  EXPECT_EQ(docker::retryAfter("0", kNow), kNow + 60);
  EXPECT_EQ(docker::retryAfter("99999999999", kNow), kNow + 86'400);
}

TEST_F(DockerRegistry, that_no_longer_has_a_tag_has_not_failed) {
  const auto problem = problemWith([](const ScriptedAsk&) { return answer(404); });
  EXPECT_EQ(problem.status, RF_NOT_APPLICABLE);
  EXPECT_EQ(problem.code, "docker.tag_gone");
}

TEST_F(DockerRegistry, is_left_once_the_run_is_ended) {
  fake_.cancelled = true;
  EXPECT_EQ(problemWith([](const ScriptedAsk&) {
              return ScriptedAnswer{"HTTP/1.1 200 OK\r\n", false, true};
            }).status,
            RF_CANCELLED);
}

TEST_F(DockerRegistry, is_not_believed_about_bytes_that_have_another_digest) {
  auto& registry = ask([](const ScriptedAsk&) { return answer(200, {}, R"({"manifests":[]})"); });
  EXPECT_EQ(registry.imageFor("app", kDigest, "linux/amd64").error().code, "docker.registry_malformed");
}

TEST(DockerManifest, of_layers_whose_sum_no_number_holds_is_none) {
  const std::string blob = R"({"digest":")" + kDigest + R"(","size":1125899906842624})";  // the largest layer
  std::string layers = blob;
  for (int i = 0; i < 9000; ++i)
    layers += "," + blob;
  const auto manifest = docker::parseManifest(R"({"config":)" + blob + R"(,"layers":[)" + layers + "]}");
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, "docker.malformed");
}

TEST_F(DockerRegistry, has_an_image_for_each_platform_of_an_index) {
  const auto named = [](const std::string& text) { return "sha256:" + toHex(sha256(text)); };
  const std::string manifest = R"({"config":{"digest":")" + kDigest +
                               R"(","size":10},"layers":[{"digest":")" + kDigest + R"(","size":100}]})";
  const std::string index =
      R"({"manifests":[{"digest":")" + kDigest +
      R"(","platform":{"os":"linux","architecture":"arm","variant":"v6"}},{"digest":")" + named(manifest) +
      R"(","platform":{"os":"linux","architecture":"arm64","variant":"v8"}}]})";
  auto& registry = ask([&](const ScriptedAsk& ask) {
    return answer(200, {}, ask.target.ends_with(named(index)) ? index : manifest);
  });
  const auto image = registry.imageFor("app", named(index), "linux/arm64");
  ASSERT_TRUE(image) << image.error().text;
  EXPECT_EQ(image->config, kDigest);
  EXPECT_EQ(image->bytes, 110);
  EXPECT_EQ(registry.imageFor("app", named(index), "linux/amd64").error().code,
            "docker.registry_no_platform");
  EXPECT_EQ(registry.imageFor("app", named(index), "linux/arm/v7").error().code,
            "docker.registry_no_platform");
}

TEST_F(DockerRegistry, lists_its_tags_page_by_page_and_only_on_its_own_pages) {
  auto& registry = ask([](const ScriptedAsk& ask) {
    if (ask.target == "/v2/app/tags/list?n=1000")
      return answer(200, {"Link: </v2/app/tags/list?last=b>; rel=\"next\""}, R"({"tags":["a","b","--no"]})");
    return answer(200, {}, R"({"tags":["c"]})");
  });
  EXPECT_EQ(registry.tagsOf("app").value(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(ask([](const ScriptedAsk&) {
              return answer(200, {"Link: <https://elsewhere.example/x>; rel=\"next\""}, R"({"tags":[]})");
            })
                .tagsOf("app")
                .error()
                .code,
            "docker.registry_malformed");
  int page = 0;
  EXPECT_EQ(ask([&](const ScriptedAsk&) {
              return answer(200,
                            {"Link: </v2/app/tags/list?last=" + std::to_string(++page) + ">; rel=\"next\""},
                            R"({"tags":[]})");
            })
                .tagsOf("app")
                .error()
                .code,
            "docker.registry_no_tags");
  EXPECT_THAT(server_->asks(), SizeIs(20));
  EXPECT_EQ(
      ask([](const ScriptedAsk&) { return answer(200, {}, R"({"tags":7})"); }).tagsOf("app").error().code,
      "docker.registry_malformed");
}

TEST_F(DockerRegistry, that_lists_more_tags_than_are_looked_through_has_not_failed) {
  EXPECT_EQ(ask([](const ScriptedAsk&) {
              return ScriptedAnswer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(2048, ' '), true, false};
            })
                .tagsOf("app")
                .error()
                .code,
            "docker.registry_no_tags");
  std::string digests;
  for (int i = 0; i < 5'000; ++i)
    digests += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":{}";
  const auto problem = ask([&](const ScriptedAsk&) {
                         return answer(200, {}, R"({"tags":["a"],"manifest":{)" + digests + "}}");
                       })
                           .tagsOf("app")
                           .error();
  EXPECT_EQ(problem.code, "docker.registry_no_tags");
  EXPECT_EQ(problem.status, RF_UNSUPPORTED);
}

}  // namespace
}  // namespace redflag::test
