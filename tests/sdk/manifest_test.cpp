#include "host/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "../support/cannot_run.h"
#include "base/encoding.h"

namespace redflag::host {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A folder with a copy of test.good and its manifest.
class ManifestFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "redflag-manifest-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    for (const char* name : {"test.good.so", "test.good.json"}) {
      fs::copy_file(fs::path(REDFLAG_BUILD) / "test_plugins" / name, folder_ / name);
      fs::permissions(folder_ / name, fs::perms(0644));
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  void edit(const std::function<void(Json&)>& change) {
    std::ifstream in(folder_ / "test.good.json");
    Json json = Json::parse(in);
    change(json);
    std::ofstream(folder_ / "test.good.json") << json.dump();
  }
  std::string refusal(const std::string& id = "test.good") {
    const auto manifest = loadManifest(folder_, id);
    return manifest ? "accepted" : manifest.error().text;
  }

  fs::path folder_;
};

TEST_F(ManifestFolder, says_what_the_descriptor_says) {
  const auto manifest = loadManifest(folder_, "test.good");
  ASSERT_TRUE(manifest) << manifest.error().text;
  EXPECT_EQ(manifest->id, "test.good");
  EXPECT_EQ(manifest->version, "1.2.3");
  EXPECT_EQ(manifest->library, folder_ / "test.good.so");
  EXPECT_TRUE(manifest->library.is_absolute());
  EXPECT_TRUE(manifest->offers("rf.scanner/1"));
  EXPECT_FALSE(manifest->offers("rf.updater/1"));
  EXPECT_THAT(manifest->record_kinds, testing::ElementsAre("update/1", "fact/1", "metric/1", "service/1"));
  EXPECT_EQ(manifest->config_schema.at("type"), "object");
}

TEST_F(ManifestFolder, comes_back_as_it_was_encoded) {
  auto manifest = loadManifest(folder_, "test.good").value();
  manifest.capabilities = {{"exec:/bin/true", true}, {"read:/etc", false}};
  manifest.requires_libraries = {"libc.so.6"};
  std::ofstream(folder_ / "test.good.json") << encodeManifest(manifest);
  const auto again = loadManifest(folder_, "test.good");
  ASSERT_TRUE(again) << again.error().text;
  ASSERT_EQ(again->capabilities.size(), 2U);
  EXPECT_EQ(again->capabilities[0].spec, "exec:/bin/true");
  EXPECT_TRUE(again->capabilities[0].required);
  EXPECT_FALSE(again->capabilities[1].required);
  EXPECT_EQ(again->requires_libraries, manifest.requires_libraries);
}

TEST_F(ManifestFolder, refuses_a_folder_that_others_can_write) {
  fs::permissions(folder_, fs::perms(0777));
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr(folder_.string()), HasSubstr("others can write")));
}

TEST_F(ManifestFolder, refuses_a_folder_that_is_a_link) {
  const fs::path link = folder_.string() + "-link";
  fs::create_directory_symlink(folder_, link);
  const auto manifest = loadManifest(link, "test.good");
  fs::remove(link);
  ASSERT_FALSE(manifest);
  EXPECT_THAT(manifest.error().text, HasSubstr("symbolic link"));
}

TEST_F(ManifestFolder, refuses_files_that_others_can_write) {
  fs::permissions(folder_ / "test.good.json", fs::perms(0666));
  EXPECT_THAT(refusal(), HasSubstr("test.good.json: others can write"));
  fs::permissions(folder_ / "test.good.json", fs::perms(0644));
  fs::permissions(folder_ / "test.good.so", fs::perms(0646));
  EXPECT_THAT(refusal(), HasSubstr("test.good.so: others can write"));
}

TEST_F(ManifestFolder, refuses_files_of_another_user) {
  if (::geteuid() != 0) REDFLAG_CANNOT_RUN << "only root can give a file away";
  ASSERT_EQ(::chown((folder_ / "test.good.so").c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to user 65534"));
}

TEST_F(ManifestFolder, refuses_links_for_the_manifest_and_for_the_library) {
  fs::rename(folder_ / "test.good.json", folder_ / "elsewhere");
  fs::create_symlink("elsewhere", folder_ / "test.good.json");
  EXPECT_THAT(refusal(), HasSubstr("test.good.json: is a symbolic link"));
  fs::rename(folder_ / "elsewhere", folder_ / "test.good.json");
  fs::rename(folder_ / "test.good.so", folder_ / "elsewhere");
  fs::create_symlink("elsewhere", folder_ / "test.good.so");
  EXPECT_THAT(refusal(), HasSubstr("test.good.so: is a symbolic link"));
}

TEST_F(ManifestFolder, refuses_a_pipe_without_waiting_for_it) {
  fs::remove(folder_ / "test.good.json");
  ASSERT_EQ(::mkfifo((folder_ / "test.good.json").c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST_F(ManifestFolder, refuses_another_abi_and_names_both) {
  edit([](Json& json) { json["abi_major"] = 2; });
  EXPECT_THAT(refusal(), HasSubstr("built for ABI 2, this program loads ABI 1"));
}

TEST_F(ManifestFolder, refuses_another_platform_and_names_both) {
  edit([](Json& json) { json["platform"] = "windows-arm64"; });
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("windows-arm64"), HasSubstr(hostPlatform())));
}

TEST_F(ManifestFolder, refuses_a_library_whose_bytes_changed) {
  std::ofstream(folder_ / "test.good.so", std::ios::app) << "x";
  EXPECT_THAT(refusal(), HasSubstr("its SHA-256 is"));
}

TEST_F(ManifestFolder, refuses_an_id_that_is_not_its_files_name) {
  edit([](Json& json) { json["id"] = "test.other"; });
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("\"test.other\""), HasSubstr("\"test.good\"")));
}

TEST_F(ManifestFolder, refuses_a_library_outside_the_folder) {
  for (const char* library : {"../test.good.so", "/lib/test.good.so", ".hidden", ""}) {
    edit([&](Json& json) { json["library"] = library; });
    EXPECT_THAT(refusal(), HasSubstr("the name of a file beside the manifest")) << library;
  }
}

TEST_F(ManifestFolder, names_the_member_that_is_missing_wrong_or_unknown) {
  edit([](Json& json) { json.erase("sha256"); });
  EXPECT_THAT(refusal(), HasSubstr("test.good.json.sha256"));
  edit([](Json& json) {
    json["sha256"] = "";
    json["abi_minor"] = "0";
  });
  EXPECT_THAT(refusal(), HasSubstr("abi_minor"));
  edit([](Json& json) {
    json["abi_minor"] = 0;
    json["surprise"] = 1;
  });
  EXPECT_THAT(refusal(), HasSubstr("surprise"));
  edit([](Json& json) {
    json.erase("surprise");
    json["capabilities"] = {{{"spec", "exec:/x"}}};
  });
  EXPECT_THAT(refusal(), HasSubstr("capabilities"));
  std::ofstream(folder_ / "test.good.json") << "{";
  EXPECT_THAT(refusal(), HasSubstr("not valid JSON"));
}

TEST_F(ManifestFolder, hashes_files_of_any_length) {
  for (const std::size_t size : {0U, 1U, 65536U, 200'001U}) {
    const std::string content(size, 'x');
    std::ofstream(folder_ / "file", std::ios::binary) << content;
    EXPECT_EQ(hashFile(folder_ / "file").value(), toHex(sha256(content))) << size;
  }
}

TEST_F(ManifestFolder, refuses_ids_that_are_no_file_names) {
  for (const char* id : {"", ".", "..", "../test.good", "test/good", ".hidden", "-x"}) {
    EXPECT_THAT(refusal(id), HasSubstr("cannot be a plugin's id")) << id;
  }
  EXPECT_EQ(loadManifest(folder_, "absent").error().code, Code::kNotFound);
}

TEST_F(ManifestFolder, is_listed_by_its_manifests_alone) {
  std::ofstream(folder_ / "b.json") << "broken";
  std::ofstream(folder_ / "notes.txt") << "";
  EXPECT_THAT(listManifests(folder_).value(), testing::ElementsAre("b", "test.good"));
  EXPECT_FALSE(listManifests(folder_ / "absent"));
}

}  // namespace
}  // namespace redflag::host
