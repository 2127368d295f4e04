#pragma once
// Whether this server stands where it stood before: a backup that was restored, a snapshot of its machine
// that was put back. Agents keep what they verified of the trust repository and hand it back where the
// server's is older; what is properly signed and newer is the proof, and it stays on disk until a person has
// looked and the offline keys have signed a higher restore epoch.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"

namespace redflag::trust {

// Of the documents of one repository; 0 where there is none.
struct TrustVersions {
  std::int64_t root = 0;
  std::int64_t targets = 0;
  std::int64_t snapshot = 0;
  std::int64_t timestamp = 0;
  std::int64_t restore_epoch = 0;
  bool operator==(const TrustVersions&) const = default;
};
TrustVersions newestOf(const TrustVersions& a, const TrustVersions& b);
// Whether any of `a` is newer than in `b`.
bool isAhead(const TrustVersions& a, const TrustVersions& b);

struct SetBack {
  TrustVersions seen;  // the newest that an agent had
  TrustVersions own;   // what this server had then
  std::string agent_id;
  std::int64_t at_ns = 0;
};

// Where a server's folder keeps both marks.
struct SetBackMarks {
  // Left behind by `redflag-server restore`, with the restore epoch of what was restored.
  std::filesystem::path restored;
  std::filesystem::path behind;  // a SetBack
};
SetBackMarks marksIn(const std::filesystem::path& data);
// nullopt: there is no such mark. Throws std::runtime_error when it is there and cannot be read.
std::optional<SetBack> readSetBack(const std::filesystem::path& file);
void writeSetBack(const std::filesystem::path& file, const SetBack& set_back);

// The newest of each document in a repository's folder, not verified. Throws std::runtime_error.
TrustVersions versionsIn(const std::filesystem::path& repository);
// What an agent hands back, {"metadata":{name: text…},"content":text}: the version of each document that is
// signed as the newest root in that folder, or one that it leads to, wants it; 0 for any other. Expiry does
// not count. Throws std::runtime_error when the repository is not in order.
TrustVersions verifiedVersions(const std::filesystem::path& repository, const Json& files,
                               std::int64_t now_ns);

struct Heard {
  bool newer = false;  // than what is here, and properly signed: a mark is left, and no order is signed
  std::string news;    // what there is to record of it; "" where that is known
};
// Compares what an agent hands back with the repository of this server's folder. Throws as
// verifiedVersions(), and std::system_error when the mark cannot be written. [any thread]
Heard hearOfTrust(const std::filesystem::path& data, const Json& files, const std::string& agent_id,
                  std::int64_t now_ns);

// Servers on one database tell each other by a text what agents handed back. Takes what the others know ("":
// nothing) into this folder's mark; answers what they are to know, "" where they do. Throws
// std::runtime_error when one of both cannot be read, and std::system_error. [any thread]
std::string shareSetBack(const std::filesystem::path& data, const std::string& others);

// Why a server that publishes these may order nothing; "" when it may. A mark that cannot be read holds it,
// too.
std::string whyHeldBack(const SetBackMarks& marks, const TrustVersions& published);

}  // namespace redflag::trust
