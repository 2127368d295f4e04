// What fails by itself, and what is held back for it.
#include <chrono>
#include <thread>

#include "docker_scanned.h"

namespace redflag::test {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(DockerScanned, leaves_a_registry_alone_as_long_as_it_wants) {
  hasImage("old", {in("app:latest"), in("lib:latest")},
           {in("app@" + digest("old")), in("lib@" + digest("old"))});
  runs("web", in("app"), "old");
  broken_ = {429, "Retry-After: 600"};
  const auto begun = epochNow();
  EXPECT_EQ(scan(), rf::Status::kOk) << "or what it said could not be kept";
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_LIMIT);
  EXPECT_TRUE(fake_.reported("docker.registry_limit"));
  EXPECT_THAT(server_.asks(), SizeIs(1)) << "nor for the second image";
  EXPECT_THAT(fake_.ofKind("image/1"), SizeIs(2)) << "what is known is told";
  broken_ = {};
  offers("app", "latest", manifest("new"));
  fake_.epoch_ns = begun + 590 * kSecondNs;
  scan();
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_LIMIT);
  EXPECT_THAT(server_.asks(), SizeIs(1)) << "not a word before its time";
  fake_.epoch_ns = begun + 605 * kSecondNs;
  scan();
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_THAT(fake_.ofKind("update/1"), SizeIs(1));
}

TEST_F(DockerScanned, asks_a_registry_again_once_a_clock_that_was_ahead_is_right) {
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  broken_ = {429, "Retry-After: 600"};
  const auto right = epochNow();
  fake_.epoch_ns = right + 20 * 3600 * kSecondNs;
  scan();
  ASSERT_EQ(fake_.scopeStatus(server_.host()), RF_LIMIT);
  broken_ = {};
  offers("app", "latest", manifest("new"));
  fake_.epoch_ns = right;
  scan();
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_THAT(fake_.ofKind("update/1"), SizeIs(1));
}

TEST_F(DockerScanned, does_not_ask_again_for_what_it_knew_before_a_registry_wanted_to_be_left_alone) {
  hasImage("old", {in("app:latest"), in("lib:latest")},
           {in("app@" + digest("old")), in("lib@" + digest("old"))});
  runs("web", in("app"), "old");
  runs("worker", in("lib"), "old");
  offers("app", "latest", manifest("new"));
  offers("lib", "latest", manifest("newer"));
  scan();
  ASSERT_THAT(fake_.ofKind("update/1"), SizeIs(2));
  broken_ = {429, "Retry-After: 600"};
  scan();
  scan();
  broken_ = {};
  const auto asked = server_.asks().size();
  fake_.epoch_ns = epochNow() + 605 * kSecondNs;
  scan();
  EXPECT_THAT(fake_.ofKind("update/1"), SizeIs(2));
  EXPECT_EQ(server_.asks().size(), asked + 2) << "what a tag is now, and nothing that is counted";
}

TEST_F(DockerScanned, leaves_the_last_questions_that_a_registry_answers_for_pulls) {
  hasImage("old", {in("app:latest"), in("lib:latest")},
           {in("app@" + digest("old")), in("lib@" + digest("old"))});
  runs("web", in("app"), "old");
  runs("worker", in("lib"), "old");
  offers("app", "latest", manifest("new"));
  offers("lib", "latest", manifest("old"));
  scan();
  ASSERT_EQ(onlyUpdate().at("name"), in("app:latest"));
  remaining_ = 9;
  offers("lib", "latest", manifest("newer"));
  const auto asked = server_.asks().size();
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(server_.asks().size(), asked + 2) << "what a tag is now, which is not counted";
  EXPECT_EQ(fake_.scopeStatus(in("lib")), RF_LIMIT) << "an update that is not known is not none";
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_TRUE(fake_.reported("docker.registry_spared"));
  EXPECT_EQ(onlyUpdate().at("name"), in("app:latest")) << "which was known";
  remaining_ = 10;
  scan();
  EXPECT_THAT(fake_.ofKind("update/1"), SizeIs(2));
}

TEST_F(DockerScanned, gives_a_slow_registry_no_more_than_its_share_of_the_time) {
  HttpScript slow([](const ScriptedAsk&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    return answer(404);
  });
  std::vector<std::string> tags;
  std::vector<std::string> digests;
  for (int i = 0; i < 10; ++i) {
    tags.push_back(slow.host() + "/app" + std::to_string(i) + ":1");
    digests.push_back(slow.host() + "/app" + std::to_string(i) + "@" + digest("old"));
  }
  hasImage("slow", tags, digests);
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  offers("app", "latest", manifest("new"));
  seconds_ = 2;
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(slow.host()), RF_TRANSIENT);
  EXPECT_TRUE(fake_.reported("docker.registry_slow"));
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_EQ(onlyUpdate().at("name"), in("app:latest"));
}

TEST_F(DockerScanned, holds_a_registrys_failure_against_its_own_scope) {
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  broken_ = {500};
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_TRANSIENT);
  EXPECT_EQ(fake_.scopeStatus(in("app")), RF_NOT_APPLICABLE) << "it is not one repository's";
  EXPECT_EQ(fake_.scopeStatus("engine"), RF_OK);
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
}

TEST_F(DockerScanned, holds_a_tag_that_is_not_found_any_more_against_its_own_update_alone) {
  hasImage("old", {in("shop:1"), in("shop:2"), in("shop:3")}, {in("shop@" + digest("old"))});
  runs("web", in("shop:1"), "old");
  runs("worker", in("shop:2"), "old");
  offers("shop", "1", manifest("new"));
  offers("shop", "2", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.ofKind("update/1"), SizeIs(2));
  EXPECT_THAT(fake_.scopes, SizeIs(2)) << "of shop:3, which nobody uses, there is no update to hold back";
  EXPECT_TRUE(fake_.reported("docker.tag_gone")) << "but it is said";

  tags_.erase("/v2/shop/manifests/1");
  for (const auto purpose : {RF_PURPOSE_UPDATES, RF_PURPOSE_VERIFY}) {
    EXPECT_EQ(scan(purpose), rf::Status::kOk);
    EXPECT_EQ(onlyUpdate().at("key"), in("shop:2"));
    EXPECT_EQ(fake_.scopeStatus(in("shop:1")), RF_PERMANENT) << "nothing proves that its update is gone";
    EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
    ASSERT_THAT(fake_.scopes, SizeIs(3));
    EXPECT_EQ(fake_.scopes.back().key, server_.host()) << "the part first";
    EXPECT_THAT(fake_.reports, Contains(Field(&FakeReport::text,
                                              HasSubstr("shop:1 is not found in its registry any more"))));
  }

  tags_.clear();
  tags_["/v2/shop/manifests/1"] = manifest("newest");
  tags_["/v2/shop/manifests/2"] = manifest("old");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(in("shop:1")), RF_PERMANENT) << "its registry names what it does not have";
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
}

TEST_F(DockerScanned, takes_what_may_have_been_made_here_for_gone_only_once_it_was_found_somewhere) {
  // An engine with containerd's store: an image's number is its digest, whoever made it.
  const auto inspected = "/images/" + digest("mine") + "/json";
  fake_.local_answers[inspected] = R"({"Os":"linux","Architecture":"amd64"})";
  images_.push_back({{"Id", digest("mine")},
                     {"RepoTags", {in("mine:1")}},
                     {"RepoDigests", {in("mine@" + digest("mine"))}}});
  runs("web", in("mine:1"), "mine")["Image"] = digest("mine");
  for (const auto& [status, code] :
       std::vector<std::pair<int, std::string>>{{404, "docker.tag_gone"}, {401, "docker.registry_denied"}}) {
    broken_ = {status};
    EXPECT_EQ(scan(), rf::Status::kOk);
    EXPECT_THAT(fake_.scopes, SizeIs(2)) << status << ": nothing failed";
    ASSERT_THAT(fake_.reports, SizeIs(1)) << status;
    EXPECT_EQ(fake_.reports[0].status, RF_OK);
    EXPECT_EQ(fake_.reports[0].code, code);
    EXPECT_THAT(fake_.reports[0].text, HasSubstr("it may have been made here"));
  }
  scan(RF_PURPOSE_VERIFY);
  EXPECT_EQ(fake_.scopeStatus(in("mine")), RF_DENIED) << "a proof is not shown what is known of before";

  fake_.local_answers[inspected] =
      R"({"Os":"linux","Architecture":"amd64","Identity":{"Pull":[{"Repository":")" + in("mine") + R"("}]}})";
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(in("mine")), RF_DENIED) << "the engine says where it was pulled from";
  fake_.local_answers[inspected] = R"({"Os":"linux","Architecture":"amd64"})";

  broken_ = {};
  offers("mine", "1", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("candidate_version"), digest("new"));
  for (const int status : {500, 404, 404}) {
    broken_ = {status};
    EXPECT_EQ(scan(), rf::Status::kOk);
  }
  EXPECT_EQ(fake_.scopeStatus(in("mine:1")), RF_PERMANENT) << "it was found, two scans ago and more";
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
}

TEST_F(DockerScanned, holds_a_repository_that_fails_by_itself_against_no_other_of_its_registry) {
  hasImage("old", {in("app:latest"), in("private/app:1"), in("private/app:2")},
           {in("app@" + digest("old")), in("private/app@" + digest("old"))});
  runs("web", in("app"), "old");
  runs("own", in("private/app:1"), "old");
  offers("app", "latest", manifest("new"));
  for (const auto& [status, kind] :
       std::vector<std::pair<int, rf_status>>{{401, RF_DENIED}, {403, RF_DENIED}, {200, RF_TRANSIENT}}) {
    broken_ = {status, "Docker-Content-Digest: x", "private/"};
    EXPECT_EQ(scan(), rf::Status::kOk);
    EXPECT_EQ(fake_.scopeStatus(in("private/app")), kind) << status;
    EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK) << status;
    ASSERT_THAT(fake_.scopes, SizeIs(3)) << "once for both of its tags";
    EXPECT_EQ(fake_.scopes.back().key, server_.host())
        << "the part first, or a crash in between would hide it";
    EXPECT_THAT(fake_.reports.at(0).text, HasSubstr("private/app"));
    EXPECT_EQ(onlyUpdate().at("name"), in("app:latest"));
    for (const auto& image : fake_.ofKind("image/1"))
      EXPECT_EQ(image.at("scope"), server_.host()) << "what is known is told, and once";
  }
  broken_ = {};
  offers("private/app", "1", manifest("newer"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(in("private/app")), RF_NOT_APPLICABLE);
  const auto updates = fake_.ofKind("update/1");
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_TRUE(updates[1].at("key").get<std::string>().starts_with(in("private/app") + ":"))
      << "or the part would not hold it back";
  EXPECT_EQ(updates[1].at("scope"), server_.host());
}

TEST_F(DockerScanned, holds_it_against_a_registry_where_too_many_repositories_fail) {
  const auto has = [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const auto repository = "private/app" + std::to_string(i);
      hasImage(repository, {in(repository + ":1")}, {in(repository + "@" + digest("old"))});
    }
  };
  has(0, 100);
  broken_ = {403};
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.scopes, SizeIs(102));
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  has(100, 101);
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.scopes, SizeIs(2));
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_DENIED);
}

TEST_F(DockerScanned, keeps_what_a_registry_says_of_others_however_many_tags_of_it_are_gone) {
  std::vector<std::string> gone;
  for (int i = 0; i < 103; ++i)
    gone.push_back(in("ci:build-" + std::to_string(i)));
  hasImage("built", gone, {in("ci@" + digest("built"))});
  for (std::size_t i = 0; i < gone.size(); ++i)
    runs("job" + std::to_string(i), gone[i], "built");
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  offers("app", "latest", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_EQ(onlyUpdate().at("name"), in("app:latest"));
  EXPECT_THAT(fake_.scopes, SizeIs(2 + 103)) << "what is known of each stays";
  for (const auto& name : gone)
    EXPECT_EQ(fake_.scopeStatus(name), RF_PERMANENT) << name;
  EXPECT_THAT(fake_.reports, SizeIs(101)) << "nobody reads more of them than that";
  EXPECT_THAT(fake_.reports.back().text, HasSubstr("3 more"));
}

TEST_F(DockerScanned, has_no_more_scopes_than_a_scan_may_have_however_many_tags_of_two_registries_are_gone) {
  const HttpScript other([](const ScriptedAsk&) { return answer(404); });
  for (const auto& host : {server_.host(), other.host()}) {
    std::vector<std::string> gone;
    for (int i = 0; i < 1'000; ++i)
      gone.push_back(host + "/ci:build-" + std::to_string(i));
    hasImage(host, gone, {host + "/ci@" + digest("built")});
    for (const auto& name : gone)
      runs("job" + std::to_string(containers_.size()), name, host);
  }
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.scopes, SizeIs(3 + 1'000)) << "a scan of more than 2000 is ended in the middle";
  const auto& last = fake_.scopes.back();
  EXPECT_EQ(last.status, RF_PERMANENT) << "nothing that is known of its images is taken for gone";
  EXPECT_THAT(fake_.reports, Contains(Field(&FakeReport::text, HasSubstr("; and 999 more like it"))));
  const auto first = last.key == server_.host() ? other.host() : server_.host();
  EXPECT_EQ(fake_.scopeStatus(first), RF_OK);
  EXPECT_EQ(fake_.scopeStatus(first + "/ci:build-999"), RF_PERMANENT);
}

TEST_F(DockerScanned, asks_none_of_more_registries_than_a_scan_may_have_scopes_and_says_so) {
  std::vector<std::string> tags;
  std::vector<std::string> digests;
  for (int i = 0; i < 1'901; ++i) {
    tags.push_back("127.0.0.1:" + std::to_string(10'000 + i) + "/app:1");
    digests.push_back("127.0.0.1:" + std::to_string(10'000 + i) + "/app@" + digest("old"));
  }
  hasImage("old", tags, digests);
  EXPECT_EQ(scan(), rf::Status::kLimit) << "an incomplete scan takes nothing for gone";
  EXPECT_TRUE(fake_.reported("docker.too_many"));
  EXPECT_THAT(fake_.scopes, SizeIs(1));
}

TEST_F(DockerScanned, leaves_other_registries_room_to_be_explained) {
  std::vector<std::string> gone;
  for (int i = 0; i < 103; ++i)
    gone.push_back(in("ci:build-" + std::to_string(i)));
  hasImage("built", gone, {in("ci@" + digest("built"))});
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK) << "nobody uses them";
  ASSERT_THAT(fake_.reports, SizeIs(101));
  EXPECT_EQ(fake_.reports.back().code, "docker.left_out");
  EXPECT_THAT(fake_.reports.back().text, HasSubstr("3 more"));
}

TEST_F(DockerScanned, holds_one_container_that_the_engine_does_not_tell_against_what_depends_on_it) {
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  runs("dead", "elsewhere.example/db:1", "old");
  offers("app", "latest", manifest("new"));
  const auto unread = "/containers/" + number("dead") + "/json";
  fake_.local_statuses[unread] = 500;
  listed_["Names"] = {"/dead"};
  listed_["Image"] = "elsewhere.example/db:1";
  EXPECT_EQ(scan(), rf::Status::kOk) << "what is kept for the next scan must not be lost";
  EXPECT_EQ(fake_.scopeStatus("engine"), RF_TRANSIENT) << "its row is missing";
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_EQ(fake_.reports.at(0).code, "docker.unreadable");
  EXPECT_THAT(fake_.reports.at(0).text, HasSubstr("dead " + number("dead").substr(0, 12)));
  EXPECT_THAT(fake_.ofKind("container/1"), SizeIs(1));
  EXPECT_EQ(onlyUpdate().at("candidate_version"), digest("new"));
  EXPECT_EQ(onlyUpdate().at("blocked_by"), "excluded") << "it may live in that one's namespaces";

  listed_["Image"] = "sha256:" + number("old");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_TRANSIENT) << "it may be of any name";

  fake_.local_statuses[unread] = 404;
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("engine"), RF_OK) << "it ended while it was asked for";
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_THAT(fake_.reports, IsEmpty());
  EXPECT_FALSE(onlyUpdate().contains("blocked_by"));
}

TEST_F(DockerScanned, holds_a_form_that_it_does_not_know_against_one_repository) {
  hasImage("odd", {in("ancient:latest")}, {in("ancient@" + digest("odd"))});
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("first", in("ancient"), "odd");
  runs("web", in("app"), "old");
  offers("ancient", "latest", R"({"schemaVersion":1,"fsLayers":[]})");
  offers("app", "latest", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("name"), in("app:latest"));
  EXPECT_EQ(fake_.scopeStatus(in("ancient")), RF_TRANSIENT) << "what was known of it stays";
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
}

TEST_F(DockerScanned, says_when_the_file_of_passwords_is_wrong_and_nothing_of_what_is_in_it) {
  settings_.credentials_file = "/no/such/file";
  EXPECT_EQ(scan(), rf::Status::kMisconfigured);
  EXPECT_TRUE(fake_.reported("docker.bad_credentials"));
  EXPECT_EQ(fake_.scopeStatus("engine"), RF_OK);
}

TEST_F(DockerScanned, names_a_registry_whose_password_a_helper_keeps) {
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  offers("app", "latest", manifest("new"));
  std::string folder = testing::TempDir() + "redflag-docker-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  fake_.files = folder;
  settings_.credentials_file = "/config.json";
  std::ofstream(folder + settings_.credentials_file)
      << R"({"auths":{")" << server_.host() << R"(":{},"elsewhere.example":{}},"credsStore":"desktop"})";
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("name"), in("app:latest")) << "it may be for everybody";
  ASSERT_THAT(fake_.reports, SizeIs(1)) << "of a registry that nobody asks nothing is said";
  EXPECT_EQ(fake_.reports[0].code, "docker.credential_helper");
  EXPECT_THAT(fake_.reports[0].text, HasSubstr(server_.host()));
  broken_ = {403};
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(in("app")), RF_DENIED);
  EXPECT_THAT(fake_.reports.at(0).text, HasSubstr("credential helper")) << "the reason, where it is refused";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace redflag::test
