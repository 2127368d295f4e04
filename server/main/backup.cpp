#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "auth/secret_file.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "http/message.h"
#include "main/commands.h"
#include "main/data_folder.h"
#include "main/database.h"
#include "services/endings.h"
#include "store/archive.h"
#include "trust/repository.h"

namespace redflag::server {
namespace {

namespace fs = std::filesystem;

// What makes a server the one its agents know. Nonces and the clock are of the moment, and `ca.pem` is made
// again.
constexpr const char* kFolders[] = {"tls", "keys", "trust/metadata", "trust/targets/trust"};

std::string contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string out((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.good() && !in.eof()) throw std::runtime_error(file.string() + ": it cannot be read");
  return out;
}

std::vector<store::ArchivedFile> filesOf(const DataFolder& data) {
  std::vector<store::ArchivedFile> out;
  if (fs::exists(data.settings())) out.push_back({"server.yaml", contentOf(data.settings())});
  for (const char* folder : kFolders) {
    if (!fs::exists(data.path() / folder)) continue;
    for (const auto& entry : fs::directory_iterator(data.path() / folder)) {
      if (entry.is_regular_file() && entry.path() != data.nonces() && entry.path() != data.signatureClock())
        out.push_back(
            {std::string(folder) + '/' + entry.path().filename().string(), contentOf(entry.path())});
    }
  }
  return out;
}

// An archive may come from anywhere.
void checkPlace(const std::string& name) {
  const fs::path path(name);
  const std::string folder = path.parent_path().string();
  const std::string file = path.filename().string();
  const bool known = folder.empty()
                         ? file == "server.yaml"
                         : std::find(std::begin(kFolders), std::end(kFolders), folder) != std::end(kFolders);
  if (!known || file.empty() || file == "." || file == ".." || file.find('\0') != std::string::npos)
    throw std::runtime_error("the archive holds a file that is none of a server's: " + name);
}

void makeFolder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0)
    throw std::system_error(errno, std::generic_category(), folder.string());
}

void syncFolder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!synced) throw std::system_error(errno, std::generic_category(), folder.string());
}

// Gone with all that is in it.
class Staging {
 public:
  explicit Staging(const DataFolder& data) : path_(data.path() / ("restoring." + newId())) {
    makeFolder(path_);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void unpack(const fs::path& archive, const fs::path& into) {
  const fs::path database = into / "redflag.db";
  fs::copy_file(archive, database);
  fs::permissions(database, fs::perms::owner_read | fs::perms::owner_write);
  for (const char* folder : kFolders)
    fs::create_directories(into / folder);
  try {
    for (const auto& file : store::unpackArchive(database)) {
      checkPlace(file.name);
      auth::writeSecretFile(into / file.name, file.bytes);
    }
  } catch (const http::Problem& problem) {
    throw std::runtime_error(archive.string() + ": " + problem.detail);
  }
  if (!fs::exists(into / "keys/command.key"))
    throw std::runtime_error(archive.string() + ": it has no command key");
}

// `keys` leaves first and comes last: a folder without it is no server's, so that none starts on a mixture.
constexpr const char* kLeaving[] = {"keys",        "redflag.db", "redflag.db-wal", "redflag.db-shm",
                                    "server.yaml", "tls",        "trust",          "restored",
                                    "behind",      "ca.pem",     "audit.head"};
constexpr const char* kComing[] = {"redflag.db", "server.yaml", "tls", "trust", "restored", "keys"};

// Answers where.
fs::path putAside(const DataFolder& data) {
  const fs::path aside = data.path() / ("before-restore." + toRfc3339(epochNow()));
  makeFolder(aside);
  for (const char* name : kLeaving) {
    if (!fs::exists(data.path() / name)) continue;
    fs::rename(data.path() / name, aside / name);
    syncFolder(aside);
    syncFolder(data.path());
  }
  return aside;
}

// What ended since the backup: from the folder as it is, or from where it was kept. The staged database is
// told, before it takes the other's place.
void endSince(const RestoreOptions& options, const DataFolder& data, const fs::path& staged) {
  const fs::path from = options.endings.empty() ? data.endings() : options.endings;
  if (!options.endings.empty() && !fs::exists(from))
    throw std::runtime_error(from.string() + ": no such file");
  const fs::path to = staged / "keys/endings";
  const auto kept = services::readEndings(from);
  const auto backed_up = services::readEndings(to);
  if (!kept && !options.endings.empty()) throw std::runtime_error(kept.error().text);
  const bool whole = kept && *kept && backed_up && *backed_up && (*kept)->continues(**backed_up);
  if (whole) auth::writeSecretFile(to, contentOf(from));
  const services::EndingList list = whole                     ? **kept
                                    : backed_up && *backed_up ? **backed_up
                                                              : services::EndingList{};
  const auto store = store::openStore({staged / "redflag.db", ""});
  const auto ended = services::recheckRestored(*store, list, whole, epochNow());
  std::cout << (whole
                    ? "What ended since the backup is known: " + std::to_string(ended) +
                          " things ended again.\n"
                    : "What ended since the backup is not known: enrolment and API tokens are void, and each "
                      "agent\nwaits until a person has accepted it.\n");
}

}  // namespace

void backup(const BackupOptions& options) {
  const DataFolder data = DataFolder::open(options.data);
  const auto database = databaseOf(data, readSettings(data.settings()), options.database);
  if (!database.url.empty()) {
    throw ConfigurationError(
        "this server's database is a PostgreSQL, which `backup` cannot read: use pg_dump for it, and keep "
        "server.yaml, tls/ and keys/ of " +
        data.path().string() + " beside the dump");
  }
  store::writeArchive(database.file, options.to, filesOf(data));
  std::cout << options.to.string() << '\n' << std::flush;
}

void restore(const RestoreOptions& options) {
  if (!fs::is_regular_file(options.from)) throw std::runtime_error(options.from.string() + ": no such file");
  const DataFolder data = DataFolder::make(options.data);
  const FolderLock lock(data);
  const Staging staging(data);
  unpack(options.from, staging.path());
  endSince(options, data, staging.path());
  // Before the keys come in: no server starts without it.
  auth::writeSecretFile(staging.path() / "restored",
                        std::to_string(trust::publishedEpoch(staging.path() / "trust")));
  const fs::path aside = putAside(data);
  for (const char* name : kComing) {
    if (fs::exists(staging.path() / name)) fs::rename(staging.path() / name, data.path() / name);
  }
  syncFolder(data.path());
  std::cout << "restored; what was there before is in " << aside.string() << '\n' << std::flush;
}

}  // namespace redflag::server
