#include "main/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace redflag::server {

namespace fs = std::filesystem;

DataFolder::DataFolder(fs::path folder) : folder_(fs::absolute(std::move(folder)).lexically_normal()) {}

DataFolder DataFolder::make(const fs::path& folder) {
  DataFolder data(folder);
  fs::create_directories(data.folder_.parent_path());
  for (const fs::path& part : {data.folder_, data.folder_ / "tls", data.folder_ / "keys"}) {
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      throw std::system_error(errno, std::generic_category(), part.string());
    }
  }
  data.check();
  return data;
}

DataFolder DataFolder::open(const fs::path& folder) {
  DataFolder data(folder);
  if (!fs::exists(data.commandKey())) {
    throw std::runtime_error(data.folder_.string() +
                             ": there is no server here; run `redflag-server init --data " + folder.string() +
                             "` first");
  }
  data.check();
  return data;
}

void DataFolder::check() const {
  struct stat about {};
  if (::stat(folder_.c_str(), &about) != 0)
    throw std::system_error(errno, std::generic_category(), folder_.string());
  if (!S_ISDIR(about.st_mode)) throw std::runtime_error(folder_.string() + ": not a folder");
  if (about.st_uid != ::geteuid())
    throw std::runtime_error(folder_.string() + ": it belongs to another user");
  if ((about.st_mode & 0022U) != 0) {
    throw std::runtime_error(folder_.string() + ": others can write to it; make it mode 0700");
  }
}

FolderLock::FolderLock(const DataFolder& data)
    : fd_(::open((data.folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), (data.folder_ / "lock").string());
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(fd_);
  throw std::runtime_error("another redflag-server uses " + data.folder_.string());
}

FolderLock::~FolderLock() {
  ::close(fd_);
}

}  // namespace redflag::server
