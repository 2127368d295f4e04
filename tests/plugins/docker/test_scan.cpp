// What an engine and registries say, put together: with answers of an engine as they were recorded, cut down.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/encoding.h"
#include "base/time.h"
#include "docker_scan.h"
#include "http_script.h"
#include "protocol/record_kinds.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string digestOfText(const std::string& text) {
  return "sha256:" + toHex(sha256(text));
}
// A number of 64 digits for a thing.
std::string number(const std::string& what) {
  return toHex(sha256("number of " + what));
}

// A machine with an engine and one registry: tests say what is where.
class DockerScanned : public testing::Test {
 protected:
  // A registry's manifest of an image, by the image's name.
  static std::string manifest(const std::string& image) {
    return R"({"config":{"digest":"sha256:)" + number(image) + R"(","size":5},"layers":[]})";
  }
  static std::string digest(const std::string& image) { return digestOfText(manifest(image)); }

  std::string in(const std::string& repository) const { return server_.host() + "/" + repository; }

  void hasImage(const std::string& name, const std::vector<std::string>& tags,
                const std::vector<std::string>& digests) {
    images_.push_back({{"Id", "sha256:" + number(name)}, {"RepoTags", tags}, {"RepoDigests", digests}});
    fake_.local_answers["/images/sha256:" + number(name) + "/json"] =
        R"({"Os":"linux","Architecture":"amd64"})";
  }
  Json& runs(const std::string& name, const std::string& from, const std::string& image) {
    auto& container = containers_[number(name)];
    container = {{"Id", number(name)},
                 {"Name", "/" + name},
                 {"Image", "sha256:" + number(image)},
                 {"State", {{"Status", "running"}, {"Health", {{"Status", "healthy"}}}}},
                 {"Config", {{"Image", from}, {"Labels", Json::object()}}}};
    return container;
  }
  // The registry has it as this tag.
  void offers(const std::string& repository, const std::string& tag, const std::string& text) {
    tags_["/v2/" + repository + "/manifests/" + tag] = text;
    tags_["/v2/" + repository + "/manifests/" + digestOfText(text)] = text;
  }
  rf::Status scan(rf_purpose purpose = RF_PURPOSE_UPDATES) {
    auto list = Json::array();
    for (const auto& [id, container] : containers_) {
      list.push_back(listed_);
      list.back()["Id"] = id;
      fake_.local_answers["/containers/" + id + "/json"] = dumpJson(container);
    }
    fake_.local_answers["/version"] = version_;
    fake_.local_answers["/images/json"] = dumpJson(images_);
    fake_.local_answers["/containers/json?all=1"] = dumpJson(list);
    rf::Run run(fake_.newRun(purpose));
    return docker::DockerScan(settings_, fake_.host(), run).scan();
  }
  ScriptedAnswer registry(const ScriptedAsk& ask) {
    const bool is_broken = ask.target.starts_with("/v2/" + broken_.repository);
    if (broken_.status != 0 && is_broken) return answer(broken_.status, {broken_.header});
    if (const auto found = tags_.find(ask.target); found != tags_.end())
      return answer(200,
                    {"Docker-Content-Digest: " + digestOfText(found->second), "RateLimit-Limit: 100;w=21600",
                     "RateLimit-Remaining: 7;w=21600"},
                    found->second);
    if (ask.target == "/v2/app/tags/list?n=1000")
      return answer(200, {}, R"({"tags":["1.0.0","1.0.1","2.0.0"]})");
    return answer(404);
  }
  Json onlyUpdate() const {
    const auto updates = fake_.ofKind("update/1");
    return updates.size() == 1 ? updates[0] : Json(updates);
  }

  struct Broken {
    int status = 0;
    std::string header = "X: y";
    std::string repository = {};  // all whose names begin so
  };
  FakeHost fake_;
  docker::Settings settings_;
  Json images_ = Json::array();
  std::string version_ = R"({"Version":"20.10.24+dfsg1"})";
  std::map<std::string, Json> containers_;
  Json listed_ = Json::object();  // what the list says of each of them
  std::map<std::string, std::string> tags_;
  Broken broken_;
  HttpScript server_{[this](const ScriptedAsk& ask) { return registry(ask); }};
};

TEST_F(DockerScanned, tells_an_update_once_for_all_containers_of_an_image) {
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old")["Config"]["Labels"]["com.docker.compose.project"] = "shop";
  runs("worker", in("app:latest"), "old")["State"] = {{"Status", "exited"}};
  offers("app", "latest", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  const auto update = onlyUpdate();
  EXPECT_EQ(update.at("key"), in("app:latest"));
  EXPECT_EQ(update.at("name"), in("app:latest"));
  EXPECT_EQ(update.at("arch"), "linux/amd64");
  EXPECT_EQ(update.at("installed_version"), digest("old"));
  EXPECT_EQ(update.at("candidate_version"), digest("new"));
  EXPECT_EQ(update.at("origin"), server_.host());
  EXPECT_EQ(update.at("scope"), server_.host());
  EXPECT_FALSE(update.contains("blocked_by"));
  const auto image = fake_.ofKind("image/1").at(0);
  EXPECT_EQ(image.at("digest"), digest("old"));
  EXPECT_EQ(image.at("offered_digest"), digest("new"));
  const auto containers = fake_.ofKind("container/1");
  ASSERT_THAT(containers, SizeIs(2));
  EXPECT_EQ(containers[0].at("name"), "web");
  EXPECT_EQ(containers[0].at("health"), "healthy");
  EXPECT_EQ(containers[0].at("compose_project"), "shop");
  EXPECT_EQ(containers[0].at("pinned"), 0);
  EXPECT_EQ(containers[1].at("state"), "exited");
  EXPECT_EQ(fake_.scopeStatus("engine"), RF_OK);
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
}

TEST_F(DockerScanned, tells_no_update_where_what_is_offered_runs) {
  hasImage("new", {in("app:latest")}, {in("app@" + digest("new"))});
  runs("web", in("app"), "new");
  offers("app", "latest", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
  EXPECT_THAT(server_.asks(), SizeIs(1)) << "one HEAD is enough";
  const auto metrics = fake_.ofKind("metric/1");
  ASSERT_THAT(metrics, SizeIs(2));
  EXPECT_EQ(metrics[1].at("name"), "docker_registry_remaining_requests");
  EXPECT_EQ(metrics[1].at("value"), 7);
  EXPECT_EQ(metrics[1].at("label"), "registry=" + server_.host());
}

TEST_F(DockerScanned, tells_no_update_where_an_index_changed_for_others_only) {
  hasImage("same", {in("app:latest")}, {in("app@sha256:" + std::string(64, '1'))});
  runs("web", in("app"), "same");
  offers("app", digest("same"), manifest("same"));
  const std::string index = R"({"manifests":[{"digest":")" + digest("same") +
                            R"(","platform":{"os":"linux","architecture":"amd64"}},{"digest":"sha256:)" +
                            std::string(64, '2') + R"(","platform":{"os":"linux","architecture":"arm64"}}]})";
  offers("app", "latest", index);
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
  const auto asked = server_.asks().size();
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(server_.asks().size(), asked + 1) << "what is behind a digest is known the next time";
}

TEST_F(DockerScanned, tells_no_update_where_an_index_changed_for_others_and_is_the_images_number) {
  // An engine with containerd's store: no number of it is a configuration's digest.
  hasImage("index", {in("app:latest")}, {in("app@sha256:" + std::string(64, '1'))});
  auto& container = runs("web", in("app"), "index");
  container["ImageManifestDescriptor"] = {{"digest", digest("same")}, {"size", 7}};
  offers("app", digest("same"), manifest("same"));
  const std::string index = R"({"manifests":[{"digest":")" + digest("same") +
                            R"(","platform":{"os":"linux","architecture":"amd64"}},{"digest":"sha256:)" +
                            std::string(64, '2') + R"(","platform":{"os":"linux","architecture":"arm64"}}]})";
  offers("app", "latest", index);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(scan(), rf::Status::kOk);
    EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty()) << i;
  }
  container["ImageManifestDescriptor"]["digest"] = digest("old");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("candidate_version"), digestOfText(index));
}

TEST_F(DockerScanned, tells_an_update_by_the_digest_of_an_index_and_the_size_of_this_platforms_image) {
  hasImage("old", {in("app:latest")}, {in("app@sha256:" + std::string(64, '1'))});
  runs("web", in("app"), "old");
  offers("app", digest("new"), manifest("new"));
  const std::string index = R"({"manifests":[{"digest":"sha256:)" + std::string(64, '2') +
                            R"(","platform":{"os":"linux","architecture":"arm64"}},{"digest":")" +
                            digest("new") + R"(","platform":{"os":"linux","architecture":"amd64"}}]})";
  offers("app", "latest", index);
  EXPECT_EQ(scan(), rf::Status::kOk);
  const auto update = onlyUpdate();
  EXPECT_EQ(update.at("installed_version"), "sha256:" + std::string(64, '1'));
  EXPECT_EQ(update.at("candidate_version"), digestOfText(index));
  EXPECT_EQ(update.at("arch"), "linux/amd64");
  EXPECT_EQ(update.at("download_bytes"), 5);
}

TEST_F(DockerScanned, holds_what_compose_pins_by_its_digest) {
  // What is pulled by a digest has no tag.
  hasImage("old", {}, {in("app@" + digest("old"))});
  offers("app", "1", manifest("new"));
  for (const auto& [name, image] :
       {std::pair("tagged", in("app:1@" + digest("old"))), std::pair("untagged", in("app@" + digest("old")))})
    runs(name, image, "old")["Config"]["Labels"]["com.docker.compose.project"] = "shop";
  EXPECT_EQ(scan(), rf::Status::kOk);
  const auto update = onlyUpdate();
  EXPECT_EQ(update.at("name"), in("app:1@" + digest("old")))
      << "a digest alone says nothing of what is newer";
  EXPECT_EQ(update.at("candidate_version"), digest("new"));
  EXPECT_EQ(update.at("blocked_by"), "held");
  const auto containers = fake_.ofKind("container/1");
  ASSERT_THAT(containers, SizeIs(2));
  for (const auto& container : containers) {
    EXPECT_EQ(container.at("pinned"), 1);
    EXPECT_EQ(container.at("compose_project"), "shop");
  }
  for (const auto& ask : server_.asks())
    EXPECT_EQ(ask.target.find(digest("old")), std::string::npos) << "nobody is asked for what is there";
}

TEST_F(DockerScanned, tells_that_a_container_was_not_made_anew_after_a_pull) {
  hasImage("old", {}, {in("app@" + digest("old"))});
  hasImage("new", {in("app:latest")}, {in("app@" + digest("new"))});
  runs("web", in("app"), "old");
  runs("other", in("app"), "new");
  offers("app", "latest", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("installed_version"), digest("old"));
}

TEST_F(DockerScanned, asks_nobody_for_what_was_made_here) {
  hasImage("mine", {in("mine:latest"), "localhost/podmans:latest"}, {"localhost/podmans@" + digest("mine")});
  hasImage("before", {}, {});
  runs("a", in("mine"), "mine");
  runs("b", in("mine"), "before");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(server_.asks(), IsEmpty());
  EXPECT_THAT(fake_.ofKind("image/1"), SizeIs(2));
  EXPECT_EQ(onlyUpdate().at("blocked_by"), "excluded") << "built anew, and not run yet";
  EXPECT_EQ(onlyUpdate().at("scope"), "engine");
}

TEST_F(DockerScanned, asks_nobody_for_what_was_made_here_and_has_a_digest_all_the_same) {
  hasImage("mine", {in("mine:latest")}, {in("mine@" + digest("mine"))});
  runs("a", in("mine"), "mine");
  auto& inspected = fake_.local_answers["/images/sha256:" + number("mine") + "/json"];
  inspected =
      R"({"Os":"linux","Architecture":"amd64","Identity":{"Build":[{"Ref":"x","CreatedAt":"2026-01-01T00:00:00Z"}]}})";
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(server_.asks(), IsEmpty());
  EXPECT_THAT(fake_.ofKind("image/1"), SizeIs(1));
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
  inspected = R"({"Os":"linux","Architecture":"amd64","Identity":{"Pull":[{"Repository":"x"}],"Build":[]}})";
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(server_.asks(), SizeIs(1)) << "this one was pulled";
}

TEST_F(DockerScanned, tells_newer_tags_and_never_offers_to_install_them) {
  hasImage("one", {in("app:1.0.0")}, {in("app@" + digest("one"))});
  runs("web", in("app:1.0.0"), "one");
  offers("app", "1.0.0", manifest("one"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("installed_version"), "1.0.0");
  EXPECT_EQ(onlyUpdate().at("candidate_version"), "1.0.1");
  EXPECT_EQ(onlyUpdate().at("blocked_by"), "held");
  settings_.newer_tags = docker::NewerTags::kMajor;
  scan();
  EXPECT_EQ(onlyUpdate().at("candidate_version"), "2.0.0");
  settings_.newer_tags = docker::NewerTags::kNone;
  scan();
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
}

TEST_F(DockerScanned, says_what_must_not_be_installed_and_why) {
  hasImage("old", {in("app:1")}, {in("app@" + digest("old"))});
  offers("app", "1", manifest("new"));
  runs("web", in("app:1@" + digest("old")), "old");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("blocked_by"), "held") << "pinned";
  EXPECT_EQ(fake_.ofKind("container/1").at(0).at("pinned"), 1);
  runs("web", in("app:1"), "old")["Config"]["Labels"]["com.docker.swarm.task.id"] = "x";
  scan();
  EXPECT_EQ(onlyUpdate().at("blocked_by"), "excluded") << "swarm's";
  runs("web", in("app:1"), "old")["HostConfig"]["AutoRemove"] = true;
  scan();
  EXPECT_EQ(onlyUpdate().at("blocked_by"), "excluded") << "could not be put back";
  runs("web", in("app:1"), "old");
  for (const Json& host_config :
       {Json{{"NetworkMode", "container:web"}}, Json{{"NetworkMode", "container:" + number("web")}},
        Json{{"PidMode", "container:" + number("web").substr(0, 12)}}, Json{{"Links", {"/web:/guest/db"}}},
        Json{{"VolumesFrom", {number("web") + ":ro"}}}}) {
    runs("guest", "sha256:" + number("old"), "old")["HostConfig"] = host_config;
    scan();
    EXPECT_EQ(onlyUpdate().at("blocked_by"), "excluded") << host_config;
  }
  runs("guest", "sha256:" + number("old"), "old")["HostConfig"] = {{"VolumesFrom", {"web"}}};
  scan();
  EXPECT_FALSE(onlyUpdate().contains("blocked_by")) << "the next one by that name has the same volumes";
  containers_.erase(number("guest"));
  scan();
  EXPECT_FALSE(onlyUpdate().contains("blocked_by"));
}

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

TEST_F(DockerScanned, holds_a_registrys_failure_against_its_own_scope) {
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  broken_ = {500};
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_TRANSIENT);
  EXPECT_EQ(fake_.scopeStatus(in("app")), RF_NOT_APPLICABLE) << "it is not one repository's";
  EXPECT_EQ(fake_.scopeStatus("engine"), RF_OK);
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
  broken_ = {404};
  scan();
  EXPECT_EQ(fake_.scopeStatus(server_.host()), RF_OK);
  EXPECT_THAT(fake_.scopes, SizeIs(2)) << "engine and registry";
  EXPECT_TRUE(fake_.reported("docker.tag_gone"));
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

TEST_F(DockerScanned, asks_first_for_what_is_in_use) {
  hasImage("left", {in("a:latest")}, {in("a@" + digest("left"))});
  hasImage("used", {in("b:latest")}, {in("b@" + digest("used"))});
  runs("web", in("b"), "used");
  EXPECT_EQ(scan(), rf::Status::kOk);
  ASSERT_THAT(server_.asks(), SizeIs(2));
  EXPECT_EQ(server_.asks()[0].target, "/v2/b/manifests/latest");
}

TEST_F(DockerScanned, says_that_podmans_containers_are_not_made_anew) {
  hasImage("old", {in("app:latest")}, {in("app@" + digest("old"))});
  runs("web", in("app"), "old");
  offers("app", "latest", manifest("new"));
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_FALSE(fake_.reported("docker.podman"));
  version_ = R"({"Version":"4.3.1","Components":[{"Name":"Podman Engine","Version":"4.3.1"}]})";
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("blocked_by"), "excluded");
  EXPECT_TRUE(fake_.reported("docker.podman"));
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

TEST_F(DockerScanned, makes_no_row_and_no_question_of_names_that_are_none) {
  const std::vector<std::string> odd{std::string("a\x1b[31m"),
                                     "x\xE2\x80\xAE"
                                     "y",
                                     std::string(10'000, 'a'),
                                     "--opt",
                                     "a\nb",
                                     "../../etc",
                                     "$(reboot)",
                                     "a b"};
  std::vector<std::string> tags;
  for (const auto& name : odd)
    tags.push_back(in(name + ":latest"));
  hasImage("odd", tags, {in("app@" + digest("odd"))});
  int count = 0;
  for (const auto& name : odd) {
    auto& container = runs("c" + std::to_string(count++), in(name), "odd");
    container["Name"] = "/" + name;
    container["Config"]["Labels"]["com.docker.compose.project"] = name;
    container["State"]["Status"] = name;
    container["State"]["Health"]["Status"] = name;
  }
  fake_.local_answers["/images/sha256:" + number("odd") + "/json"] =
      dumpJson({{"Os", odd[1]}, {"Architecture", "amd64"}});
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(server_.asks(), IsEmpty());
  EXPECT_THAT(fake_.ofKind("container/1"), SizeIs(odd.size()));
  for (const auto& row : fake_.records)
    for (const auto& field : row) {
      if (!field.is_string()) continue;
      EXPECT_TRUE(protocol::isCleanText(field.get<std::string>())) << row;
      EXPECT_LT(field.get<std::string>().size(), 300U);
      for (const auto& name : {odd[3], odd[5], odd[6]})
        EXPECT_EQ(field.get<std::string>().find(name), std::string::npos) << row;
    }
  EXPECT_TRUE(fake_.reported("docker.odd_text"));
}

TEST_F(DockerScanned, guesses_nothing_from_an_engine_that_answers_nonsense) {
  scan();
  for (const auto& [target, body] : std::vector<std::pair<std::string, std::string>>{
           {"/version", "\xFF\xFE"},
           {"/version", "[]"},
           {"/images/json", "{}"},
           {"/images/json", R"([{"Id":"x"}])"},
           {"/containers/json?all=1", R"([{"Id":"../x"}])"},
           {"/containers/json?all=1", R"([7])"},
           {"/containers/json?all=1", std::string(100'000, '[')}}) {
    auto good = fake_.local_answers[target];
    fake_.local_answers[target] = body;
    rf::Run run(fake_.newRun());
    EXPECT_EQ(docker::DockerScan(settings_, fake_.host(), run).scan(), rf::Status::kTransient) << target;
    EXPECT_TRUE(fake_.reported("docker.engine_malformed"));
    EXPECT_THAT(fake_.records, IsEmpty());
    fake_.local_answers[target] = good;
  }
}

}  // namespace
}  // namespace redflag::test
