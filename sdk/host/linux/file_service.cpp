// rf.file/1. Every path is opened with O_PATH first, which reads nothing and wakes no device; what was found
// is asked for its real place, and only a granted one is opened for reading, through the same descriptor. So
// no link can be swapped between the check and the use.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/time.h"
#include "host/guard.h"
#include "host/linux/descriptor.h"
#include "host/services/services.h"
#include "host/text.h"

namespace redflag::host {
namespace {

constexpr std::size_t kMaxEntries = 100'000;

ServiceContext& contextOf(const rf_file_1* self) {
  return *static_cast<ServiceContext*>(self->service_data);
}

rf_status statusOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return RF_NOT_APPLICABLE;
    case EACCES:
    case EPERM:
      return RF_DENIED;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EINTR:
      return RF_TRANSIENT;
    default:
      return RF_PERMANENT;
  }
}

std::string procPath(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

// The file under O_PATH, if it is granted.
rf_status locate(const ServiceContext& context, std::string_view path, Descriptor& found) {
  if (!path.starts_with('/') || path.size() >= PATH_MAX || path.find('\0') != std::string_view::npos) {
    return RF_INVALID;
  }
  const std::string name(path);
  Descriptor fd(::open(name.c_str(), O_PATH | O_CLOEXEC));
  if (!fd) {
    // Whether something exists outside the granted places is no business of the plugin's.
    const int error = errno;
    const bool granted =
        context.capabilities.mayRead(std::filesystem::path(name).lexically_normal().string());
    return granted ? statusOf(error) : context.deny("read:" + name);
  }
  std::array<char, PATH_MAX> real{};
  const ssize_t size = ::readlink(procPath(fd.get()).c_str(), real.data(), real.size());
  if (size <= 0) return RF_INTERNAL;
  if (!context.capabilities.mayRead({real.data(), static_cast<std::size_t>(size)})) {
    return context.deny("read:" + name);
  }
  found = std::move(fd);
  return RF_OK;
}

rf_status readAll(int fd, std::uint64_t max_bytes, std::string& content) {
  std::array<char, 65536> chunk;  // not set: most files fill one page of it
  for (;;) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got == 0) return RF_OK;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return statusOf(errno);
    if (content.size() + static_cast<std::size_t>(got) > max_bytes) return RF_LIMIT;
    content.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

rf_status read(const rf_file_1* self, rf_str path, std::uint64_t max_bytes, rf_sink sink) {
  return guard([&]() -> rf_status {
    Descriptor place;
    if (const rf_status status = locate(contextOf(self), viewOf(path), place); status != RF_OK) return status;
    struct stat info {};
    if (::fstat(place.get(), &info) != 0) return statusOf(errno);
    if (!S_ISREG(info.st_mode)) return RF_INVALID;
    const Descriptor fd(::open(procPath(place.get()).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return statusOf(errno);
    std::string content;
    if (const rf_status status = readAll(fd.get(), max_bytes, content); status != RF_OK) return status;
    return sink.write(sink.sink_data, rfStr(content));
  });
}

rf_status info(const rf_file_1* self, rf_str path, rf_file_info* out) {
  return guard([&]() -> rf_status {
    if (!RF_HAS(out, rf_file_info, is_directory)) return RF_INVALID;
    Descriptor place;
    if (const rf_status status = locate(contextOf(self), viewOf(path), place); status != RF_OK) return status;
    struct stat found {};
    if (::fstat(place.get(), &found) != 0) return statusOf(errno);
    out->size_bytes = static_cast<std::uint64_t>(found.st_size);
    out->modified_ns = found.st_mtim.tv_sec * kSecondNs + found.st_mtim.tv_nsec;
    out->inode = found.st_ino;
    out->is_directory = S_ISDIR(found.st_mode) ? 1 : 0;
    return RF_OK;
  });
}

rf_status namesOf(int fd, std::vector<std::string>& names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd), &::closedir);
  if (!folder) {
    const int error = errno;
    ::close(fd);
    return statusOf(error);
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() >= kMaxEntries) return RF_LIMIT;
    names.emplace_back(name);
  }
  if (errno != 0) return statusOf(errno);
  std::sort(names.begin(), names.end());
  return RF_OK;
}

rf_status list(const rf_file_1* self, rf_str path, rf_sink sink) {
  return guard([&]() -> rf_status {
    Descriptor place;
    if (const rf_status status = locate(contextOf(self), viewOf(path), place); status != RF_OK) return status;
    const int fd = ::open(procPath(place.get()).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == ENOTDIR ? RF_INVALID : statusOf(errno);
    std::vector<std::string> names;
    if (const rf_status status = namesOf(fd, names); status != RF_OK) return status;
    for (const auto& name : names) {
      if (const rf_status status = sink.write(sink.sink_data, rfStr(name)); status != RF_OK) return status;
    }
    return RF_OK;
  });
}

}  // namespace

FileService::FileService(ServiceContext& context) {
  table_.struct_size = sizeof(rf_file_1);
  table_.service_data = &context;
  table_.read = &read;
  table_.info = &info;
  table_.list = &list;
}

}  // namespace redflag::host
