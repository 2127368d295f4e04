#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace redflag::test {

// Another process that holds a lock like dpkg's until it is destroyed.
class LockHolder {
 public:
  explicit LockHolder(const std::filesystem::path& file) {
    std::array<int, 2> ready{};
    EXPECT_EQ(pipe(ready.data()), 0);
    child_ = fork();
    if (child_ == 0) {
      const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
      struct flock lock {};
      lock.l_type = F_WRLCK;
      const bool locked = fcntl(fd, F_SETLK, &lock) == 0;
      if (write(ready[1], locked ? "y" : "n", 1) == 1) pause();
      _exit(0);
    }
    char answer = 'n';
    EXPECT_EQ(read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    close(ready[0]);
    close(ready[1]);
  }
  ~LockHolder() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_;
};

}  // namespace redflag::test
