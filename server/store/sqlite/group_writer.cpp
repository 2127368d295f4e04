#include "store/sqlite/group_writer.h"

#include <utility>

#include "base/log.h"
#include "http/message.h"
#include "store/sql/scope.h"
#include "store/sql/transaction.h"

namespace redflag::store::sqlite {

GroupWriter::Written GroupWriter::write(const Work& work) {
  Waiting mine(work);
  if (await(mine)) takeTurn();
  if (mine.error) std::rethrow_exception(mine.error);
  return std::move(mine.written);
}

bool GroupWriter::await(Waiting& mine) {
  std::unique_lock lock(mutex_);
  queue_.push_back(&mine);
  if (!turn_taken_) {
    turn_taken_ = true;
    return true;
  }
  mine.changed.wait(lock, [&] { return mine.state != Waiting::State::kQueued; });
  return mine.state == Waiting::State::kTurn;
}

void GroupWriter::takeTurn() {
  Group group;
  try {
    if (disk_failed_) {
      throw http::Problem{503, "store.failed",
                          "the disk failed: nothing is written until the server is started again", "", 60};
    }
    carryOut(group);
  } catch (const http::Problem& problem) {
    // After a failed write or fsync nobody knows what the disk holds: better no answer than a wrong one.
    if (problem.code == "store.failed") disk_failed_ = true;
    if (problem.status >= 500) spdlog::error("store: {}: {}", problem.code, problem.detail);
    fail(group, std::current_exception());
  } catch (...) {
    fail(group, std::current_exception());
  }
  endTurn(group);
}

void GroupWriter::carryOut(Group& group) {
  const auto begun = std::chrono::steady_clock::now();
  sql::Scope scope(connection_, sql::Access::kWrite);
  while (Waiting* one = next(group, begun)) {
    bool alone = false;
    {
      const std::lock_guard lock(mutex_);
      alone = group.empty() && queue_.empty();
    }
    group.push_back(one);
    runOne(*one, alone);
    connection_.requireTransaction();
    if (alone && one->error) return;  // nothing to commit, and the scope undoes it
    if (alone) break;
  }
  scope.commit();
  bool told = false;
  for (Waiting* one : group) {
    if (std::exchange(one->written.published, one->written.published && !told)) told = true;
  }
}

// One without company needs no savepoint: the transaction is its own.
void GroupWriter::runOne(Waiting& one, bool alone) {
  const http::OriginScope on_behalf(one.origin);
  sql::Transaction transaction(connection_);
  const auto run = [&] {
    one.work(transaction);
    one.written.published = transaction.finish();
  };
  try {
    if (alone) {
      run();
    } else {
      transaction.attempt(run);
    }
    one.written.actions = transaction.takeAfterCommit();
  } catch (const http::Problem& problem) {
    if (problem.status >= 500) spdlog::error("store: {}: {}", problem.code, problem.detail);
    one.error = std::current_exception();
  } catch (...) {
    one.error = std::current_exception();
  }
  if (one.error) one.written = {};
}

GroupWriter::Waiting* GroupWriter::next(const Group& group, std::chrono::steady_clock::time_point begun) {
  const std::lock_guard lock(mutex_);
  const bool enough = group.size() >= kMostWrites ||
                      (!group.empty() && std::chrono::steady_clock::now() - begun >= kLongestTurn);
  if (enough || queue_.empty()) return nullptr;
  Waiting* one = queue_.front();
  queue_.pop_front();
  return one;
}

void GroupWriter::fail(Group& group, const std::exception_ptr& error) {
  // It did not even begin: whoever waits now has waited long enough to be told.
  if (const std::lock_guard lock(mutex_); group.empty()) {
    group.assign(queue_.begin(), queue_.end());
    queue_.clear();
  }
  for (Waiting* one : group) {
    one->written = {};
    if (!one->error) one->error = error;
  }
}

void GroupWriter::endTurn(const Group& group) {
  const std::lock_guard lock(mutex_);
  for (Waiting* one : group) {
    one->state = Waiting::State::kDone;
    one->changed.notify_one();
  }
  if (queue_.empty()) {
    turn_taken_ = false;
    return;
  }
  queue_.front()->state = Waiting::State::kTurn;
  queue_.front()->changed.notify_one();
}

}  // namespace redflag::store::sqlite
