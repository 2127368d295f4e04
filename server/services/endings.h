#pragma once
// What has ended for good, in a file beside the database: agents that were revoked, keys that were replaced,
// seats that were taken, tokens that were taken back, accounts that were shut. A database that is set back to
// an older one, by a backup, a snapshot or a failed-over copy, knows nothing of what ended since; this file
// does, and what it says is done again. One line of JSON each, appended and synced.

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace redflag::services {

struct Ending {
  enum class What { kAgent, kAgentKey, kSeat, kEnrolmentToken, kApiToken, kAccount };
  What what = What::kAgent;
  std::string id;     // of the agent, token or account
  std::string value;  // kAgentKey: the key since, base64url, after kHandedOver if the agent made it by
                      // itself; kSeat: how many are taken; kAccount: shut | open
};

// The file as it was at one moment. Of one thing, the newest that was said.
struct EndingList {
  std::string journal;        // which file this is a continuation of
  std::int64_t newest = 0;    // number of its newest line
  std::vector<Ending> items;  // the oldest first
  // Whether it knows all that the other one does.
  bool continues(const EndingList& older) const;
};
// nullopt when there is none. kInvalid, with the line, for what is no such file; a last line that was cut off
// is no line.
Result<std::optional<EndingList>> readEndings(const std::filesystem::path& file);

class Endings {
 public:
  // Makes the file where there is none; leaves out what later lines have made void. Throws std::runtime_error
  // or std::system_error.
  explicit Endings(std::filesystem::path file);

  EndingList list() const;      // [any thread]
  std::int64_t newest() const;  // number of its newest line [any thread]
  // Durable when it returns, unless that fails: then it is logged, and tried again with the next one. [any
  // thread]
  void add(const Ending& ending);

 private:
  void append();

  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  EndingList list_;
  std::map<std::pair<Ending::What, std::string>, std::string> known_;
  std::string unwritten_;
};

constexpr const char* kHandedOver = "handed over: ";  // of kAgentKey

std::int64_t seatsOf(const std::string& value);  // of kSeat

// Adds it when the transaction has committed; nothing where there is no file.
void endsWith(store::WriteTransaction& tx, Endings* endings, const Ending& ending);

// What the store says by itself, for a file that is younger than it.
void learnEndings(store::Store& store, Endings& endings);
// What keys and accounts have become since by another server on the database, for a file of one that was off
// or was not asked. Only where the database is surely no older than the file.
void learnChanges(store::Store& store, Endings& endings);
// Does again what the store does not know of; recorded. Answers how many things ended.
std::int64_t endAgain(store::Store& store, const EndingList& list, std::int64_t now);

// A database that has just been restored. `whole`: `list` knows all that ended since. Where it does not, no
// token is good any more, and agents wait until a person has accepted each: their reports flow meanwhile.
// Sessions end in any case. Answers how many things ended again.
std::int64_t recheckRestored(store::Store& store, const EndingList& list, bool whole, std::int64_t now);

}  // namespace redflag::services
