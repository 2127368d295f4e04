#pragma once
// Everybody's writes through the one connection that may, several in one commit.
//
// A commit costs a wait for the disk, whatever is in it. So whoever comes while nobody writes takes the turn
// and carries out, one after another, its own write and those that queued meanwhile, each in a savepoint;
// commits once; and wakes them. A write that throws is undone alone. When the commit fails, or SQLite gave
// the transaction up before, every write of the group has failed with the same error. A turn is bounded by a
// number of writes and a time; then the next in the queue has it. There is no thread of its own for this: a
// lone writer would pay for waking it twice.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include "http/origin.h"
#include "store/sqlite/connection.h"
#include "store/store.h"

namespace redflag::store::sqlite {

class GroupWriter {
 public:
  static constexpr std::size_t kMostWrites = 64;
  static constexpr std::chrono::milliseconds kLongestTurn{25};  // then no other write is begun

  struct Written {
    bool published = false;  // tell the outbox's readers; of one group only one is asked to
    std::vector<std::function<void()>> actions;
  };
  using Work = std::function<void(WriteTransaction&)>;

  explicit GroupWriter(Connection& connection) : connection_(connection) {}
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  // Returns when it is durable; throws what `work` threw, or what went wrong with the group. [any thread]
  Written write(const Work& work);

 private:
  struct Waiting {
    explicit Waiting(const Work& its_work) : work(its_work) {}
    const Work& work;
    http::Origin* const origin = http::currentOrigin();  // of whoever waits
    Written written;
    std::exception_ptr error;
    enum class State { kQueued, kTurn, kDone } state = State::kQueued;
    std::condition_variable changed;
  };
  using Group = std::vector<Waiting*>;

  bool await(Waiting& mine);  // whether it is the turn of this one
  void takeTurn();
  void carryOut(Group& group);
  void runOne(Waiting& one, bool alone);
  Waiting* next(const Group& group, std::chrono::steady_clock::time_point begun);
  void endTurn(const Group& group);
  void fail(Group& group, const std::exception_ptr& error);

  Connection& connection_;  // of whoever has the turn
  bool disk_failed_ = false;

  std::mutex mutex_;
  bool turn_taken_ = false;
  std::deque<Waiting*> queue_;
};

}  // namespace redflag::store::sqlite
