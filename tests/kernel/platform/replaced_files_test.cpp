// A real process with a real library that is replaced under it.
#include "platform/replaced_files.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace redflag::platform {
namespace {

// The library of C++ that this program runs with: its copy can surely be loaded beside it.
std::filesystem::path someLibrary() {
  Dl_info info{};
  const auto* known = ::dlsym(RTLD_DEFAULT, "__cxa_guard_acquire");
  return ::dladdr(known, &info) != 0 ? std::filesystem::canonical(info.dli_fname) : std::filesystem::path();
}

class ReplacedFiles : public testing::Test {
 protected:
  ReplacedFiles() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-replaced-XXXXXX").string();
    folder_ = std::filesystem::canonical(mkdtemp(pattern.data()));
    library_ = folder_ / "libdemo.so";
    std::filesystem::copy_file(someLibrary(), library_);
  }
  ~ReplacedFiles() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }
  // A process that has loaded the library and does nothing more.
  void startUser() {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    child_ = ::fork();
    if (child_ == 0) {
      const char loaded = ::dlopen(library_.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr ? 'y' : 'n';
      if (::write(ready[1], &loaded, 1) != 1) ::_exit(1);
      for (;;)
        ::pause();
    }
    char loaded = 'n';
    ASSERT_EQ(::read(ready[0], &loaded, 1), 1);
    ASSERT_EQ(loaded, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }
  void replaceLibrary() const {
    std::filesystem::copy_file(library_, folder_ / "new");
    std::filesystem::rename(folder_ / "new", library_);
  }
  std::vector<std::string> filesOfUser(const std::vector<std::string>& folders) const {
    for (const auto& process : outdatedProcesses(folders).found)
      if (process.pid == child_) return process.files;
    return {};
  }

  std::filesystem::path folder_;
  std::filesystem::path library_;
  pid_t child_ = 0;
};

TEST_F(ReplacedFiles, are_seen_in_the_process_that_still_runs_them) {
  startUser();
  EXPECT_TRUE(filesOfUser({folder_.string()}).empty()) << "nothing was replaced yet";
  replaceLibrary();
  EXPECT_EQ(filesOfUser({folder_.string()}), std::vector<std::string>{library_.string()});
  EXPECT_TRUE(filesOfUser({folder_.string() + "x", "/usr/lib"}).empty()) << "outside of the folders";
  EXPECT_TRUE(filesOfUser(packageFolders()).empty()) << "no package puts anything there";
}

TEST_F(ReplacedFiles, of_more_processes_than_are_told_are_said_to_be_more) {
  startUser();
  replaceLibrary();
  const auto none_told = outdatedProcesses({folder_.string()}, 0);
  EXPECT_TRUE(none_told.found.empty());
  EXPECT_TRUE(none_told.is_cut);
  const auto all_told = outdatedProcesses({folder_.string()}, 1);
  EXPECT_EQ(all_told.found.size(), 1U);
  EXPECT_FALSE(all_told.is_cut);
}

TEST_F(ReplacedFiles, of_a_removed_library_are_seen_as_well) {
  startUser();
  std::filesystem::remove(library_);
  EXPECT_EQ(filesOfUser({folder_.string()}), std::vector<std::string>{library_.string()});
}

TEST_F(ReplacedFiles, that_a_program_unpacked_for_itself_and_removed_are_no_update) {
  std::filesystem::create_directory(folder_ / "temp");
  std::filesystem::rename(library_, folder_ / "temp" / "libdemo.so");
  library_ = folder_ / "temp" / "libdemo.so";
  startUser();
  std::filesystem::remove(library_);
  EXPECT_TRUE(filesOfUser({folder_.string()}).empty());
  EXPECT_EQ(filesOfUser({(folder_ / "temp").string()}), std::vector<std::string>{library_.string()})
      << "below a folder that is said to hold packages, whatever it is called";
}

class FilesInUse : public ReplacedFiles {
 protected:
  std::vector<std::string> used() const {
    std::vector<std::string> all;
    for (const auto& group : filesInUse({folder_.string()}).groups)
      all.insert(all.end(), group.files.begin(), group.files.end());
    return all;
  }
};

TEST_F(FilesInUse, are_named_also_when_they_were_replaced_since) {
  EXPECT_TRUE(used().empty());
  startUser();
  EXPECT_EQ(used(), std::vector<std::string>{library_.string()});
  replaceLibrary();
  EXPECT_EQ(used(), std::vector<std::string>{library_.string()});
}

TEST_F(FilesInUse, of_which_there_are_more_than_are_told_are_said_to_be_more) {
  startUser();
  const auto all = filesInUse({folder_.string()});
  ASSERT_EQ(all.groups.size(), 1U);
  EXPECT_FALSE(all.is_cut || all.groups[0].is_cut);
  for (const MostInUse& most : {MostInUse{.groups = 0}, MostInUse{.bytes = library_.string().size()}}) {
    const auto none = filesInUse({folder_.string()}, most);
    EXPECT_TRUE(none.groups.empty());
    EXPECT_TRUE(none.is_cut);
  }
}

TEST_F(FilesInUse, of_one_group_of_which_there_are_more_than_are_told_are_said_to_be_more) {
  startUser();
  // The program itself, which the child runs too, is another one.
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  const auto one_each = filesInUse({folder_.string(), program}, {.files = 1});
  EXPECT_FALSE(one_each.is_cut);
  ASSERT_FALSE(one_each.groups.empty());
  for (const auto& group : one_each.groups)
    EXPECT_EQ(group.files.size(), 1U) << group.control_group;
  EXPECT_TRUE(std::any_of(one_each.groups.begin(), one_each.groups.end(),
                          [](const UsedFiles& group) { return group.is_cut; }));
}

}  // namespace
}  // namespace redflag::platform
