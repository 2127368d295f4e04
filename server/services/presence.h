#pragma once
// Who is there: doorbells that open and close, requests that come in.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "http/events.h"
#include "services/context.h"

namespace redflag::services {

class Presence : public http::DoorbellListener {
 public:
  explicit Presence(const Context& context);

  // At start, before anything is served: this is one of the servers on the database, and what none of them
  // holds is held by nobody. `alone`: there is no other, and what it held before it started is nobody's, too.
  void begin(bool alone);

  // What is noted while nobody else writes is in the store when this returns, or the store's http::Problem is
  // thrown. What somebody else takes along, what the store did not take of one that left, and that an agent
  // was refused is noted by the next announceSilent() at the latest: nobody else would say it again, and the
  // agent would count as connected for ever.
  void agentConnected(const std::string& agent_id) override;
  void agentRefused(const std::string& agent_id) override;
  void agentDisconnected(const std::string& agent_id) override;

  // A request of the agent's: written down at most every 30 s. [any thread]
  void seen(const std::string& agent_id);

  // Tells of the agents whose silence nobody has told of yet; before that, says that this server is still
  // there, forgets those that say it no more, and notes those agents again that are here and count as gone.
  // [one thread at a time]
  void announceSilent();

  // Says that this server is still there, where that was said 30 s ago or longer: also between pieces of what
  // takes long. [the same thread]
  void renew();

  // Once nothing is served any more: notes what somebody else was to take along. Throws what the store says.
  void end();

 private:
  // What is to be noted of an agent: its doorbell, or only that it was heard of.
  enum class Note { kSeen, kConnected, kLeft };
  struct Noted {
    Note note = Note::kSeen;
    bool heard = false;  // which counts also where another server holds its doorbell
  };
  using Notes = std::map<std::string, Noted>;

  using Lock = std::unique_lock<std::mutex>;  // of mutex_

  void note(const std::string& agent_id, Note note);
  void add(const std::string& agent_id, Note note);
  void addIfHere(const std::string& agent_id);
  void writeBatch(Lock& lock);
  void endBatch();
  void putBack();
  void write(const Notes& notes);
  void writeAll();
  void watchOthers(std::int64_t now);
  void noteAgain();
  void followBack();

  struct Watched {
    std::int64_t renewed_at = 0;  // by its clock
    std::int64_t since = 0;       // by the monotonic one here
  };

  const Context& context_;
  // Of this start: a folder may be copied, and with it whatever a file in it says.
  const std::string server_id_;
  std::mutex mutex_;
  std::condition_variable written_;                 // nobody writes
  Notes notes_;                                     // not in the store yet, the newest of each agent
  Notes batch_;                                     // what somebody writes, who has it without the lock
  bool writing_ = false;                            // somebody does
  std::map<std::string, std::int64_t> written_at_;  // at most one entry an agent
  std::int64_t noted_again_at_ = 0;
  bool alone_ = false;
  std::optional<std::int64_t> begun_;  // this and the next by the monotonic clock
  std::optional<std::int64_t> renewed_;
  std::int64_t looked_at_ = 0;              // by the wall clock
  std::map<std::string, Watched> watched_;  // the other servers, by id
};

}  // namespace redflag::services
