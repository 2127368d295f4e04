#pragma once
// A machine with an engine and one registry, for tests that say what is where: with answers of an engine as
// they were recorded, cut down.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/time.h"
#include "docker_scan.h"
#include "http_script.h"
#include "protocol/record_kinds.h"
#include "support/fake_host.h"

namespace redflag::test {

class DockerScanned : public testing::Test {
 protected:
  static std::string digestOfText(const std::string& text) { return "sha256:" + toHex(sha256(text)); }
  // A number of 64 digits for a thing.
  static std::string number(const std::string& what) { return toHex(sha256("number of " + what)); }
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
    rf::Run run(fake_.newRun(purpose, seconds_));
    return docker::DockerScan(settings_, fake_.host(), run).scan();
  }
  ScriptedAnswer registry(const ScriptedAsk& ask) {
    const bool is_broken = ask.target.starts_with("/v2/" + broken_.repository);
    if (broken_.status != 0 && is_broken) return answer(broken_.status, {broken_.header});
    if (const auto found = tags_.find(ask.target); found != tags_.end())
      return answer(200,
                    {"Docker-Content-Digest: " + digestOfText(found->second), "RateLimit-Limit: 100;w=21600",
                     "RateLimit-Remaining: " + std::to_string(remaining_) + ";w=21600"},
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
  int remaining_ = 70;
  std::int64_t seconds_ = 120;
  HttpScript server_{[this](const ScriptedAsk& ask) { return registry(ask); }};
};

}  // namespace redflag::test
