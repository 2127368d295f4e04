#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

namespace redflag::kernel::tuf {
namespace {

std::string hashOf(const std::string& content) {
  return toHex(sha256(content));
}

TEST_F(TufClient, finds_targets_of_the_top_level_role) {
  repository().addTarget("a/b.txt", "content");
  repository().publishNext();
  EXPECT_EQ(found("a/b.txt"), hashOf("content"));
  EXPECT_EQ(found("a/c.txt"), "the repository has no target \"a/c.txt\"");
}

TEST_F(TufClient, removes_what_a_download_left_that_was_killed_and_nothing_else) {
  repository().addTarget("a", "content");
  repository().publishNext();
  auto client = this->client();
  ASSERT_TRUE(client.refresh());
  const auto target = client.find("a").value();
  const auto folder = folder_ / "targets";
  ASSERT_TRUE(platform::makePrivateFolder(folder));
  std::ofstream(folder / "a.abcdef") << "another target";
  const pid_t killed = ::fork();
  if (killed == 0) {
    auto begun = platform::FileReplacement::begin(folder / "a");
    ::_exit(begun && begun->append("con") ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(killed, &status, 0), killed);
  ASSERT_EQ(status, 0);
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  };
  ASSERT_EQ(files(), 2);
  ASSERT_TRUE(download(*network_, target, client.referenceOf(target), folder));
  EXPECT_EQ(files(), 2);
  EXPECT_EQ(platform::readFile(folder / "a", 100).value(), "content");
  EXPECT_TRUE(std::filesystem::exists(folder / "a.abcdef"));
}

TEST_F(TufClient, finds_targets_of_a_delegated_role_and_stores_it) {
  repository().delegate("targets", "a", {{"paths", {"a/*"}}});
  repository().addTarget("a/x", "1", "a");
  repository().addTarget("b/x", "2", "a");
  repository().publishNext();
  EXPECT_EQ(found("a/x"), hashOf("1"));
  EXPECT_EQ(stored("a"), 1);
  EXPECT_NE(found("b/x"), hashOf("2")) << "the delegation does not cover it";
}

TEST_F(TufClient, follows_hash_prefixes) {
  const std::string prefix = hashOf("some/target").substr(0, 2);
  repository().delegate("targets", "bin", {{"path_hash_prefixes", {prefix}}});
  repository().bodies.at("bin");
  repository().body("targets")["delegations"]["roles"][0].erase("paths");
  repository().addTarget("some/target", "1", "bin");
  repository().publishNext();
  EXPECT_EQ(found("some/target"), hashOf("1"));
}

TEST_F(TufClient, wants_a_target_to_be_covered_by_every_delegation_on_the_way) {
  repository().delegate("targets", "a", {{"paths", {"a/*"}}});
  repository().delegate("a", "b", {{"paths", {"*", "*/*"}}});
  repository().addTarget("a/x", "1", "b");
  repository().addTarget("y", "2", "b");
  repository().publishNext();
  EXPECT_EQ(found("a/x"), hashOf("1"));
  EXPECT_NE(found("y"), hashOf("2"));
}

TEST_F(TufClient, believes_the_first_of_several_delegations_and_goes_deep_before_wide) {
  repository().delegate("targets", "a", {{"paths", {"*"}}});
  repository().delegate("targets", "c", {{"paths", {"*"}}});
  repository().delegate("a", "b", {{"paths", {"*"}}});
  repository().addTarget("x", "deep", "b");
  repository().addTarget("x", "wide", "c");
  repository().addTarget("y", "only there", "c");
  repository().publishNext();
  EXPECT_EQ(found("x"), hashOf("deep"));
  EXPECT_EQ(found("y"), hashOf("only there"));
}

TEST_F(TufClient, looks_no_further_behind_a_terminating_delegation) {
  repository().delegate("targets", "a", {{"paths", {"*"}}, {"terminating", true}});
  repository().delegate("a", "b", {{"paths", {"*"}}});
  repository().delegate("targets", "c", {{"paths", {"*", "c/*"}}});
  repository().addTarget("below", "1", "b");
  repository().addTarget("beside", "2", "c");
  repository().addTarget("c/x", "3", "c");
  repository().publishNext();
  EXPECT_EQ(found("below"), hashOf("1"));
  EXPECT_NE(found("beside"), hashOf("2"));
  EXPECT_EQ(found("c/x"), hashOf("3")) << "it ends the search only for what it covers";
}

TEST_F(TufClient, is_not_caught_in_a_circle_of_delegations) {
  repository().delegate("targets", "a", {{"paths", {"*"}}});
  repository().delegate("a", "b", {{"paths", {"*"}}});
  repository().delegate("b", "a", {{"paths", {"*"}}});
  repository().publishNext();
  EXPECT_EQ(found("x"), "the repository has no target \"x\"");
}

TEST_F(TufClient, visits_at_most_32_roles_for_one_target) {
  std::string parent = "targets";
  for (int i = 1; i <= 40; ++i) {
    const std::string role = "role" + std::to_string(i);
    repository().delegate(parent, role, {{"paths", {"*"}}});
    parent = role;
  }
  repository().addTarget("near", "1", "role31");
  repository().addTarget("far", "2", "role32");
  repository().publishNext();
  EXPECT_EQ(found("near"), hashOf("1"));
  EXPECT_NE(found("far"), hashOf("2"));
}

TEST_F(TufClient, wants_a_delegations_own_keys_and_threshold) {
  repository().signers["a"] = {rt::Signer(), rt::Signer()};
  repository().delegate("targets", "a", {{"paths", {"*"}}, {"threshold", 2}});
  repository().addTarget("x", "1", "a");
  const auto both = repository().signers["a"];
  repository().signers["a"].pop_back();
  repository().publishNext();
  EXPECT_EQ(found("x"), "a: signed by 1 of its keys, expected 2");
  repository().signers["a"] = repository().signers["targets"];
  repository().bump("a");
  repository().publishNext();
  EXPECT_EQ(found("x"), "a: signed by 0 of its keys, expected 2");
  repository().signers["a"] = both;
  repository().bump("a");
  repository().publishNext();
  EXPECT_EQ(found("x"), hashOf("1"));
}

TEST_F(TufClient, refuses_a_delegated_role_that_expired_is_not_listed_or_of_another_version) {
  repository().delegate("targets", "a", {{"paths", {"*"}}});
  repository().body("a")["expires"] = rt::expiryIn(-1);
  repository().publishNext();
  EXPECT_NE(found("x").find("a version 1 expired"), std::string::npos);
  repository().body("a")["expires"] = rt::expiryIn(3);
  repository().bump("a");
  repository().announce_hashes = false;
  repository().publishNext();
  repository().files["2.a.json"] = repository().files["1.a.json"];
  EXPECT_EQ(found("x"), "a has version 1, the snapshot names 2");
}

TEST_F(TufClient, believes_a_role_only_under_the_keys_of_who_delegates_to_it_now) {
  repository().delegate("targets", "a", {{"paths", {"*"}}});
  repository().addTarget("x", "1", "a");
  repository().publishNext();
  ASSERT_EQ(found("x"), hashOf("1"));
  repository().body("targets").erase("delegations");
  repository().signers["a"] = {rt::Signer()};
  repository().delegate("targets", "a", {{"paths", {"*"}}});
  repository().signers["a"] = {rt::Signer()};
  repository().publishNext();
  EXPECT_EQ(found("x"), "a: signed by 0 of its keys, expected 1");
}

TEST_F(TufClient, keeps_unusual_role_names_inside_its_folder) {
  for (const char* role : {"?", "#", "/delegated", "../delegated"}) {
    startOver();
    repository().delegate("targets", role, {{"paths", {"*"}}});
    repository().files.erase(std::string("1.") + role + ".json");
    repository().publishNext();
    repository().files["1." + percentEncoded(role) + ".json"] =
        repository().files[std::string("1.") + role + ".json"];
    EXPECT_EQ(found("x"), "the repository has no target \"x\"");
    EXPECT_TRUE(std::filesystem::exists(folder_ / "metadata" / (percentEncoded(role) + ".json"))) << role;
  }
}

// Downloads.

class TufDownload : public TufClient {
 protected:
  Result<std::filesystem::path> get(const std::string& name) {
    Client c = client();
    if (auto ok = c.refresh(); !ok) return tl::unexpected<Error>(ok.error());
    const auto target = c.find(name);
    if (!target) return tl::unexpected<Error>(target.error());
    network_->asked.clear();
    return download(*network_, *target, c.referenceOf(*target), folder_ / "targets");
  }
  std::string contentOf(const std::filesystem::path& file) {
    return platform::readFile(file, 1U << 20).value();
  }
  std::size_t filesThere() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_ / "targets"))
      ++count;
    return count;
  }
  void replaceContent(const std::string& name, const std::string& content) {
    for (auto& [file, text] : repository().files)
      if (file.ends_with("." + name)) text = content;
  }
};

TEST_F(TufDownload, asks_by_hash_inside_the_targets_folder_and_only_once) {
  repository().addTarget("dir/a b.txt", "content");
  repository().files["dir/" + hashOf("content") + ".a%20b.txt"] = "content";
  repository().publishNext();
  const auto file = get("dir/a b.txt");
  ASSERT_TRUE(file) << file.error().text;
  EXPECT_EQ(contentOf(*file), "content");
  EXPECT_EQ(network_->asked, std::vector<std::string>{"dir/" + hashOf("content") + ".a%20b.txt"});
  ASSERT_TRUE(get("dir/a b.txt"));
  EXPECT_TRUE(network_->asked.empty()) << "it was there";
}

TEST_F(TufDownload, fetches_again_what_changed_there_or_here) {
  repository().addTarget("a", "one");
  repository().publishNext();
  const auto file = get("a");
  ASSERT_TRUE(file);
  ASSERT_TRUE(platform::writeFileAtomic(*file, "two"));
  EXPECT_EQ(contentOf(get("a").value()), "one");
  repository().addTarget("a", "three");
  repository().publishNext();
  EXPECT_EQ(get("a").value(), *file);
  EXPECT_EQ(contentOf(*file), "three");
}

TEST_F(TufDownload, leaves_nothing_behind_of_content_that_is_not_the_signed_one) {
  repository().addTarget("a", "good");
  repository().publishNext();
  for (const char* other : {"evil", "goo", "good and much more"}) {
    replaceContent("a", other);
    EXPECT_FALSE(get("a")) << other;
    EXPECT_EQ(filesThere(), 0U) << other;
  }
}

TEST_F(TufDownload, does_not_follow_a_link_in_a_files_place) {
  repository().addTarget("a", "good");
  repository().publishNext();
  std::filesystem::create_directories(folder_ / "targets");
  ASSERT_TRUE(platform::writeFileAtomic(folder_ / "elsewhere", "mine"));
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "targets" / "a");
  ASSERT_TRUE(get("a"));
  EXPECT_EQ(contentOf(folder_ / "elsewhere"), "mine");
  EXPECT_FALSE(std::filesystem::is_symlink(folder_ / "targets" / "a"));
}

TEST_F(TufDownload, keeps_every_name_inside_its_folder) {
  const std::filesystem::path base = "/t";
  EXPECT_EQ(targetFile(base, "../../etc/passwd").value(), "/t/..%2F..%2Fetc%2Fpasswd");
  EXPECT_EQ(targetFile(base, "/etc/passwd").value(), "/t/%2Fetc%2Fpasswd");
  EXPECT_FALSE(targetFile(base, ".."));
  EXPECT_FALSE(targetFile(base, ""));
  EXPECT_FALSE(targetFile(base, std::string(300, 'a')));
}

}  // namespace
}  // namespace redflag::kernel::tuf
