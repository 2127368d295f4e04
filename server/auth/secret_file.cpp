#include "auth/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "base/encoding.h"

namespace redflag::auth {
namespace {

[[noreturn]] void failed(const std::filesystem::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags, mode_t mode)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)) {
    if (fd_ < 0 && errno != ENOENT) failed(path);
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void writeAll(int fd, const std::string& bytes, const std::filesystem::path& path) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) failed(path);
    if (count > 0) done += static_cast<std::size_t>(count);
  }
}

void writeFile(const std::filesystem::path& path, const std::string& bytes, mode_t mode) {
  const std::filesystem::path beside = path.string() + "." + newId();
  try {
    const Descriptor file(beside, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (file.get() < 0) failed(beside);
    if (::fchmod(file.get(), mode) != 0) failed(beside);  // whatever the umask
    writeAll(file.get(), bytes, beside);
    if (::fsync(file.get()) != 0) failed(beside);
    if (::rename(beside.c_str(), path.c_str()) != 0) failed(path);
  } catch (...) {  // tried again for as long as a disk is full, what is left would add up
    ::unlink(beside.c_str());
    throw;
  }
  const Descriptor folder(path.parent_path(), O_RDONLY | O_DIRECTORY, 0);
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) failed(path.parent_path());
}

}  // namespace

void writeSecretFile(const std::filesystem::path& path, const std::string& bytes) {
  writeFile(path, bytes, 0600);
}

void writePublicFile(const std::filesystem::path& path, const std::string& bytes) {
  writeFile(path, bytes, 0644);
}

std::optional<std::string> readSecretFile(const std::filesystem::path& path, std::int64_t most) {
  const Descriptor file(path, O_RDONLY, 0);
  if (file.get() < 0) return std::nullopt;
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) failed(path);
  if ((about.st_mode & 0077U) != 0)
    throw std::runtime_error(path.string() + ": others can read it; it must be mode 0600");
  if (!S_ISREG(about.st_mode) || about.st_size > most)
    throw std::runtime_error(path.string() + ": not a file of at most " + std::to_string(most) + " bytes");
  std::string out(static_cast<std::size_t>(about.st_size), '\0');
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t count = ::read(file.get(), out.data() + done, out.size() - done);
    if (count == 0) throw std::runtime_error(path.string() + ": it became shorter while it was read");
    if (count < 0 && errno != EINTR) failed(path);
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return out;
}

}  // namespace redflag::auth
