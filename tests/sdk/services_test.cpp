// What plugins reach through the host, and what they do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host_run.h"

namespace redflag::test {
namespace {

namespace fs = std::filesystem;
using host::FrameType;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Outcome exec(const std::string& command, const Json& more = Json::object()) {
  Json start = {{"capabilities", {"exec:" + command.substr(0, command.find(' '))}}};
  start.update(more);
  return runMoody("exec", command, start);
}

TEST(Exec, runs_what_was_granted_without_a_shell) {
  const Outcome run = exec("/bin/echo $(id);ls");
  EXPECT_EQ(run.status(), "ok");
  EXPECT_EQ(run.fact("out"), "$(id);ls\n");
  EXPECT_EQ(run.fact("exit_code"), 0);
}

TEST(Exec, refuses_and_reports_what_was_not_granted) {
  const Outcome run =
      runMoody("exec", "/bin/echo hello", {{"capabilities", {"exec:/bin/ls", "exec:/bin/echoes"}}});
  EXPECT_EQ(run.status(), "denied");
  EXPECT_THAT(run.codes(), Contains("service.denied"));
  EXPECT_THAT(run.reportText("service.denied"), HasSubstr("exec:/bin/echo"));
  EXPECT_EQ(runMoody("exec", "/bin/../bin/echo x", {{"capabilities", {"exec:/bin/echo"}}}).status(),
            "denied");
  EXPECT_EQ(runMoody("exec", "echo x", {{"capabilities", {"exec:echo"}}}).status(), "denied");
}

TEST(Exec, gives_its_child_the_built_environment_and_nothing_else) {
  EXPECT_EQ(exec("/usr/bin/env").fact("out"), "LC_ALL=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n");
}

TEST(Exec, gives_its_child_an_empty_stdin_and_no_descriptor_of_ours) {
  EXPECT_EQ(exec("/bin/cat").fact("exit_code"), 0);
  // 3 is the folder ls itself reads.
  EXPECT_EQ(exec("/bin/ls /proc/self/fd", {{"capabilities", {"exec:/bin/ls", "read:/proc"}}}).fact("out"),
            "0\n1\n2\n3\n");
}

TEST(Exec, tells_exit_codes_and_signals_apart) {
  EXPECT_EQ(exec("/bin/false").fact("exit_code"), 1);
  const Outcome run = exec("/bin/ls /nowhere");
  EXPECT_EQ(run.fact("exit_code"), 2);
  EXPECT_THAT(run.fact("err").get<std::string>(), HasSubstr("No such file or directory"));
}

TEST(Exec, ends_a_child_that_takes_too_long) {
  const auto before = std::chrono::steady_clock::now();
  const Outcome run = exec("/bin/sleep 30");
  EXPECT_EQ(run.status(), "limit");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST(Exec, ends_a_child_that_says_too_much) {
  EXPECT_EQ(exec("/usr/bin/yes").status(), "limit");
}

TEST(Exec, ends_a_child_when_the_run_is_cancelled) {
  HostProcess process;
  process.start(startOf("test.moody", {{"settings", {{"mode", "lines"}, {"argument", "/bin/sleep 30"}}},
                                       {"capabilities", {"exec:/bin/sleep"}}}));
  process.waitFor(FrameType::kHello);
  process.send(FrameType::kCancel, "");
  EXPECT_EQ(process.finish().status(), "cancelled");
}

TEST(Exec, says_when_a_program_is_not_there) {
  EXPECT_EQ(exec("/usr/bin/nowhere").status(), "not_applicable");
}

TEST(Exec, cuts_output_into_lines_and_explains_a_failure) {
  const Outcome good =
      runMoody("lines", "/bin/ls /proc/self/fd", {{"capabilities", {"exec:/bin/ls", "read:/proc"}}});
  EXPECT_EQ(good.fact("lines"), Json::array({"0", "1", "2", "3"}));
  const Outcome bad = runMoody("lines", "/bin/ls /nowhere", {{"capabilities", {"exec:/bin/ls"}}});
  EXPECT_EQ(bad.status(), "transient");
  EXPECT_THAT(bad.reportText("test.no_value"), HasSubstr("/bin/ls ended with 2"));
}

// granted/{file,big,folder/}, secret, and links between them.
class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "redflag-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = fs::canonical(pattern);
    fs::create_directories(root_ / "granted" / "folder");
    std::ofstream(root_ / "granted" / "file") << "content";
    std::ofstream(root_ / "granted" / "big") << std::string(5000, 'x');
    std::ofstream(root_ / "secret") << "secret";
    std::ofstream(root_ / "granted-too") << "neighbour";
    fs::create_symlink("../secret", root_ / "granted" / "out");
    fs::create_symlink("file", root_ / "granted" / "in");
    fs::create_symlink(root_ / "granted" / "file", root_ / "alias");
    ASSERT_EQ(::mkfifo((root_ / "granted" / "pipe").c_str(), 0600), 0);
  }
  void TearDown() override { fs::remove_all(root_); }

  Outcome run(const char* mode, const fs::path& path, const std::string& grant = "granted") {
    return runMoody(mode, path.string(), {{"capabilities", {"read:" + (root_ / grant).string()}}});
  }
  Outcome read(const fs::path& path, const std::string& grant = "granted") {
    return run("read", root_ / path, grant);
  }

  fs::path root_;
};

TEST_F(Files, below_a_grant_are_read) {
  EXPECT_EQ(read("granted/file").fact("value"), "content");
  EXPECT_EQ(read("granted/in").fact("value"), "content");
  EXPECT_EQ(read("granted/folder/../file").fact("value"), "content");
  EXPECT_EQ(read("granted/file", "granted/file").fact("value"), "content");
  EXPECT_EQ(read("granted/file", "granted/").fact("value"), "content");
}

TEST_F(Files, are_read_through_a_granted_link) {
  EXPECT_EQ(read("alias", "alias").fact("value"), "content");
}

TEST_F(Files, outside_are_denied_and_reported_however_they_are_spelt) {
  for (const char* path :
       {"secret", "granted/../secret", "granted/out", "granted-too", "absent", "granted/../absent"}) {
    const Outcome run = read(path);
    EXPECT_EQ(run.status(), "denied") << path;
    EXPECT_THAT(run.codes(), Contains("service.denied")) << path;
  }
}

TEST_F(Files, that_are_absent_too_large_or_no_files_say_so) {
  EXPECT_EQ(read("granted/absent").status(), "not_applicable");
  EXPECT_EQ(read("granted/big").status(), "limit");
  EXPECT_EQ(read("granted/folder").status(), "invalid");
  EXPECT_EQ(read("granted/pipe").status(), "invalid");
  EXPECT_EQ(run("read", "granted/file").status(), "invalid") << "a relative path";
}

TEST_F(Files, of_the_kernel_without_a_size_are_read) {
  const Outcome run =
      runMoody("read", "/proc/sys/kernel/ostype", {{"capabilities", {"read:/proc/sys/kernel"}}});
  EXPECT_EQ(run.fact("value"), "Linux\n");
}

TEST_F(Files, are_listed_in_order_and_described) {
  EXPECT_EQ(run("list", root_ / "granted").fact("names"),
            Json::array({"big", "file", "folder", "in", "out", "pipe"}));
  EXPECT_EQ(run("list", root_ / "granted" / "file").status(), "invalid");
  EXPECT_EQ(run("list", root_).status(), "denied");
  const Outcome file = run("info", root_ / "granted" / "big");
  EXPECT_EQ(file.fact("size_bytes"), 5000);
  EXPECT_EQ(file.fact("is_directory"), 0);
  EXPECT_EQ(run("info", root_ / "granted" / "folder").fact("is_directory"), 1);
  EXPECT_EQ(run("info", root_ / "secret").status(), "denied");
}

}  // namespace
}  // namespace redflag::test
