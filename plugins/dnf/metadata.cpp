#include "metadata.h"

#include <solv/chksum.h>
#include <solv/dataiterator.h>
#include <solv/knownid.h>
#include <solv/repo_solv.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include "base/json.h"
#include "handles.h"

namespace redflag::dnf {
namespace {

constexpr std::size_t kChecksumBytes = 32;  // SHA-256 of repomd.xml, at the end of a .solv file's user data
constexpr off_t kMaxRepomdBytes = 16 << 20;

using File = std::unique_ptr<FILE, Free<&fclose>>;

struct Checksum {
  Id type = 0;
  std::string bytes;  // "": none
};

// One file that repomd.xml names.
struct Record {
  std::string location;
  Checksum checksum;
};

tl::unexpected<Problem> cannotOpen(const std::string& path) {
  if (errno == EACCES || errno == EPERM)
    return fail(RF_DENIED, "dnf.metadata_unreadable", path + ": the user who scans may not read it");
  return fail(RF_TRANSIENT, "dnf.no_metadata",
              path + " is not there: its metadata was never fetched, or the fetch failed");
}

tl::unexpected<Problem> brokenFile(const std::string& path, const std::string& why) {
  return fail(RF_TRANSIENT, "dnf.repo_broken", path + ": " + why);
}

// Of the whole file, from its beginning.
std::string checksumOf(FILE* file, Id type) {
  Chksum* checksum = solv_chksum_create(type);
  if (checksum == nullptr) return {};
  std::vector<char> buffer(1U << 16);
  rewind(file);
  for (std::size_t count = 0; (count = fread(buffer.data(), 1, buffer.size(), file)) > 0;)
    solv_chksum_add(checksum, buffer.data(), static_cast<int>(count));
  int length = 0;
  const auto* bytes = solv_chksum_get(checksum, &length);
  std::string result(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  solv_chksum_free(checksum, nullptr);
  return ferror(file) != 0 ? "" : result;
}

// Was this cache made from the very repomd.xml with that digest?
bool standsFor(const std::string& solv_file, const std::string& digest) {
  const File file(fopen(solv_file.c_str(), "re"));
  if (!file) return false;
  unsigned char* data = nullptr;
  int length = 0;
  if (solv_read_userdata(file.get(), &data, &length) != 0) return false;
  const std::unique_ptr<unsigned char, Free<&free>> owned(data);
  return length >= static_cast<int>(kChecksumBytes) &&
         std::memcmp(data + length - kChecksumBytes, digest.data(), kChecksumBytes) == 0;
}

// repomd.xml, by type of file.
Result<std::map<std::string, Record>> parseRepomd(const std::string& path, FILE* file) {
  const std::unique_ptr<Pool, Free<&pool_free>> pool(pool_create());
  auto* repo = repo_create(pool.get(), "repomd");
  rewind(file);
  if (repo_add_repomdxml(repo, file, 0) != 0) return brokenFile(path, textOf(pool_errstr(pool.get())));
  std::map<std::string, Record> records;
  Dataiterator at;
  dataiterator_init(&at, pool.get(), repo, SOLVID_META, REPOSITORY_REPOMD, nullptr, 0);
  while (dataiterator_step(&at) != 0) {
    dataiterator_setpos(&at);
    Record record;
    record.location = textOf(pool_lookup_str(pool.get(), SOLVID_POS, REPOSITORY_REPOMD_LOCATION));
    const auto* bytes =
        pool_lookup_bin_checksum(pool.get(), SOLVID_POS, REPOSITORY_REPOMD_CHECKSUM, &record.checksum.type);
    if (bytes != nullptr)
      record.checksum.bytes.assign(reinterpret_cast<const char*>(bytes),
                                   static_cast<std::size_t>(solv_chksum_len(record.checksum.type)));
    records[textOf(pool_lookup_str(pool.get(), SOLVID_POS, REPOSITORY_REPOMD_TYPE))] = record;
  }
  dataiterator_free(&at);
  return records;
}

class Finder {
 public:
  Finder(const Repository& repository, const std::string& cache_dir)
      : folder_(repository.folder), solv_(cache_dir + "/" + repository.id) {}

  Result<Metadata> find() {
    found_.repomd = folder_ + "/repodata/repomd.xml";
    if (auto parsed = parse(); !parsed) return tl::unexpected<Problem>(parsed.error());
    const struct {
      const char* type;
      const char* solv;  // its parsed cache
      std::string& path;
    } parts[] = {{"primary", ".solv", found_.primary},
                 {"updateinfo", "-updateinfo.solvx", found_.updateinfo},
                 {"filelists", "-filenames.solvx", found_.filelists},
                 {"modules", nullptr, found_.modules}};
    for (const auto& part : parts) {
      const bool parsed = part.solv != nullptr && standsFor(solv_ + part.solv, digest_);
      auto path = locate(part.type, parsed);
      if (!path) return tl::unexpected<Problem>(path.error());
      part.path = *path;
    }
    if (found_.primary.empty()) return brokenFile(found_.repomd, "it names no list of packages");
    return found_;
  }

 private:
  Result<> parse() {
    const File file(fopen(found_.repomd.c_str(), "re"));
    if (!file) return cannotOpen(found_.repomd);
    struct stat info {};
    if (fstat(fileno(file.get()), &info) == 0 && info.st_size > kMaxRepomdBytes)
      return brokenFile(found_.repomd, "it is too large");
    digest_ = checksumOf(file.get(), REPOKEY_TYPE_SHA256);
    auto records = parseRepomd(found_.repomd, file.get());
    if (!records) return tl::unexpected<Problem>(records.error());
    records_ = std::move(*records);
    return {};
  }

  // The file of a type, "" where the repository has none. Compressed by zchunk, if that is what dnf fetched.
  Result<std::string> locate(const std::string& type, bool parsed) {
    const Record* named = nullptr;
    for (const auto& name : {type + "_zck", type}) {
      const auto record = records_.find(name);
      if (record == records_.end()) continue;
      if (isThere(record->second)) return check(record->second, type, parsed);
      named = &record->second;
    }
    if (named == nullptr || (parsed && type != "primary") || type == "filelists") return std::string();
    return brokenFile(pathOf(*named), "repomd.xml names it, but it is not there");
  }

  std::string pathOf(const Record& record) const { return folder_ + "/" + record.location; }

  bool isThere(const Record& record) const {
    struct stat info {};
    return !record.location.empty() && ("/" + record.location + "/").find("/../") == std::string::npos &&
           stat(pathOf(record).c_str(), &info) == 0 && S_ISREG(info.st_mode);
  }

  Result<std::string> check(const Record& record, const std::string& type, bool parsed) {
    const auto path = pathOf(record);
    const File file(fopen(path.c_str(), "re"));
    if (!file) return cannotOpen(path);
    struct stat info {};
    if (type == "primary" && fstat(fileno(file.get()), &info) == 0) found_.refreshed_at = info.st_mtim.tv_sec;
    if (parsed) return path;
    if (record.checksum.bytes.empty())
      return brokenFile(path, "repomd.xml has no checksum of it that could be compared");
    if (checksumOf(file.get(), record.checksum.type) != record.checksum.bytes)
      return brokenFile(path, "its checksum is not the one in repomd.xml");
    return path;
  }

  std::string folder_;
  std::string solv_;
  std::string digest_;
  std::map<std::string, Record> records_;
  Metadata found_;
};

}  // namespace

Result<Metadata> findMetadata(const Repository& repository, const std::string& cache_dir) {
  return Finder(repository, cache_dir).find();
}

bool isMarkedExpired(const std::string& cache_dir, const std::string& id) {
  std::ifstream file(cache_dir + "/expired_repos.json");
  std::ostringstream content;
  content << file.rdbuf();
  const auto names = parseJson(content.str());
  if (!names || !names->is_array()) return false;
  for (const auto& name : *names)
    if (name == id) return true;
  return false;
}

}  // namespace redflag::dnf
