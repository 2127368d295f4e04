#include "installed_lists.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "apt_errors.h"
#include "base/json.h"
#include "cache_place.h"
#include "narrow_list.h"

namespace redflag::apt {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLists = "Dir::State::lists";
constexpr std::uintmax_t kMaxMemoryBytes = 8U << 20;

// The file's name without what says how it is compressed, where it is a list of packages; else "".
std::string listOf(const std::string& name) {
  for (const auto* ending : {"", ".gz", ".xz", ".lz4", ".zst", ".bz2", ".lzma"})
    if (name.ends_with(std::string("_Packages") + ending)) return name.substr(0, name.rfind("_Packages") + 9);
  return {};
}

bool isRelease(const std::string& name) {
  return name.ends_with("_InRelease") || name.ends_with("_Release");
}

std::string identityOf(const struct stat& info) {
  std::string text;
  for (const auto number :
       {static_cast<long long>(info.st_dev), static_cast<long long>(info.st_ino),
        static_cast<long long>(info.st_size), static_cast<long long>(info.st_mtim.tv_sec),
        static_cast<long long>(info.st_mtim.tv_nsec), static_cast<long long>(info.st_ctim.tv_sec),
        static_cast<long long>(info.st_ctim.tv_nsec)})
    text += std::to_string(number) + " ";
  return text;
}

// Which files the part is made of, each as it is now.
using Files = std::map<std::string, std::string>;
Files filesIn(const std::string& folder) {
  Files files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    struct stat info {};
    if ((isRelease(name) || !listOf(name).empty()) && stat(entry.path().c_str(), &info) == 0 &&
        S_ISREG(info.st_mode))
      files[name] = identityOf(info);
  }
  return files;
}

class Part {
 public:
  Part(std::string folder, std::string lists)
      : folder_(std::move(folder)),
        from_(std::move(lists)),
        lists_(folder_ + "/lists/"),
        memory_(folder_ + "/lists.json") {}

  ~Part() {
    if (lock_ >= 0) close(lock_);
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const std::string& folder() const { return folder_; }
  const std::string& lists() const { return lists_; }

  // Whoever else is at it now has it to himself.
  bool lock() {
    std::error_code error;
    fs::create_directory(folder_, error);
    lock_ = GetLock(folder_ + "/lock", false);
    forgetAptErrors();
    return lock_ >= 0;
  }

  enum class State { kGood, kMorePackages, kOtherLists, kUnfit };
  State look(const std::string& status_file) {
    files_ = filesIn(from_);
    struct stat info {};
    status_ = stat(status_file.c_str(), &info) == 0 ? identityOf(info) : "";
    const Json memory = remembered();
    const bool same = memory.value("files", Json()) == Json(files_);
    const Json names = memory.value("names", Json());
    if (same && !names.is_array()) return State::kUnfit;
    if (same && memory.value("status", Json()) == status_) return State::kGood;
    names_ = namesIn(status_file);
    if (!same) return State::kOtherLists;
    // What is there of packages that were removed since does no harm.
    std::size_t known = 0;
    for (const auto& name : names)
      if (name.is_string() && names_.contains(name.get_ref<const std::string&>())) ++known;
    return known == names_.size() ? State::kGood : State::kMorePackages;
  }

  // Nobody takes a part for whole that is not: what is remembered of it goes first and comes last.
  bool make() {
    std::error_code error;
    for (const auto& stale : {memory_, folder_ + "/pkgcache.bin"})
      fs::remove(stale, error);
    fs::remove_all(lists_, error);
    fs::create_directories(lists_, error);
    if (error) return false;
    for (const auto& [name, identity] : files_) {
      const auto list = listOf(name);
      if (list.empty()) {
        if (!fs::copy_file(from_ + name, lists_ + name, error) || error) return false;
        continue;
      }
      const auto narrowed = narrowList(from_ + name, lists_ + list, names_);
      if (narrowed == NarrowedList::kNotUnderstood) remember(Json());  // the same lists are not tried again
      if (narrowed != NarrowedList::kWritten) return false;
    }
    auto names = Json::array();
    for (const auto& name : names_)
      names.push_back(name);
    return filesIn(from_) == files_ && remember(names);  // none was replaced while it was read
  }

 private:
  Json remembered() const {
    std::error_code error;
    const auto size = fs::file_size(memory_, error);
    if (error || size > kMaxMemoryBytes) return Json::object();
    std::ifstream in(memory_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto memory = parseJson(text, {.bytes = kMaxMemoryBytes, .depth = 3, .values = 200'000});
    const bool ours = memory && memory->is_object() && memory->value("version", Json()) == REDFLAG_VERSION;
    return ours ? std::move(*memory) : Json::object();
  }

  bool remember(const Json& names) const {
    std::ofstream out(memory_ + ".new", std::ios::trunc);
    out << dumpJson({{"version", REDFLAG_VERSION}, {"files", files_}, {"status", status_}, {"names", names}});
    out.close();
    std::error_code error;
    if (!out.fail()) fs::rename(memory_ + ".new", memory_, error);
    return !out.fail() && !error;
  }

  const std::string folder_;
  const std::string from_;
  const std::string lists_;
  const std::string memory_;
  Files files_;
  std::string status_;  // dpkg's database as it is now
  Names names_;
  int lock_ = -1;
};

// Points libapt at the part, for as long as this lives.
class Narrowed {
 public:
  explicit Narrowed(const Part& part) {
    for (const auto& [name, value] : {std::pair<const char*, std::string>{kLists, part.lists()},
                                      {"Dir::Cache::pkgcache", ""},
                                      {"Dir::Cache::srcpkgcache", ""}}) {
      before_[name] = _config->Find(name);
      _config->Set(name, value);
    }
    useCacheIn(part.folder());
    _config->Set("Dir::Cache::srcpkgcache", "");  // made anew as quickly as it is read
  }
  ~Narrowed() {
    for (const auto& [name, value] : before_)
      _config->Set(name, value);
  }
  Narrowed(const Narrowed&) = delete;
  Narrowed& operator=(const Narrowed&) = delete;

 private:
  std::map<const char*, std::string> before_;
};

}  // namespace

Result<std::unique_ptr<Session>> openInstalled(const Settings& settings, bool* narrow) {
  if (narrow != nullptr) *narrow = false;
  const auto place = cachePlace(settings);
  if (place.empty()) return Session::open();
  Part part(place + "/installed", _config->FindDir(kLists));
  if (!part.lock()) return Session::open();
  const auto state = part.look(_config->FindFile("Dir::State::status"));
  // Lists that libapt cannot read are no lists, whatever they say of what is installed.
  if (state == Part::State::kOtherLists) {
    auto session = Session::open();
    if (session) static_cast<void>(part.make());  // without it the next scan is slower, not wrong
    return session;
  }
  if (state == Part::State::kGood || (state == Part::State::kMorePackages && part.make())) {
    const Narrowed narrowed(part);
    if (auto session = Session::open()) {
      if (narrow != nullptr) *narrow = true;
      return session;
    }
  }
  return Session::open();
}

}  // namespace redflag::apt
