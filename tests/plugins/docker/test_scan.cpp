// What an engine and registries say, put together.
#include "docker_scanned.h"

namespace redflag::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

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
  EXPECT_EQ(metrics[1].at("value"), 70);
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

TEST_F(DockerScanned, tells_no_update_for_what_the_engine_never_starts_again) {
  hasImage("old", {in("app:1")}, {in("app@" + digest("old"))});
  offers("app", "1", manifest("new"));
  for (const auto* state : {"dead", "removing"}) {
    runs("gone", in("app:1"), "old")["State"]["Status"] = state;
    EXPECT_EQ(scan(), rf::Status::kOk);
    EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty()) << state;
    EXPECT_THAT(fake_.ofKind("container/1"), SizeIs(1)) << state;
  }
  runs("web", in("app:1"), "old");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(onlyUpdate().at("candidate_version"), digest("new"));
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
