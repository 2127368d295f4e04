#include "http/workers.h"

#include <utility>

#include "base/time.h"

namespace redflag::http {

Workers::Workers(std::size_t count, std::function<void(Job)> run) : run_(std::move(run)) {
  for (std::size_t i = 0; i < count; ++i)
    threads_.emplace_back([this] { loop(); });
}

Workers::~Workers() {
  stop();
}

void Workers::push(Job job) {
  job.since_ns = monotonicNow();
  {
    const std::lock_guard lock(mutex_);
    lanes_.at(static_cast<std::size_t>(job.guest->lane())).push_back(std::move(job));
    ++queued_;
  }
  arrived_.notify_one();
}

std::size_t Workers::queued() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

void Workers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
  for (auto& lane : lanes_)
    lane.clear();
  queued_ = 0;
}

// Lane after lane, with the lock held: however long one is, whoever is first in another is soon served.
Job Workers::next() {
  do {
    turn_ = (turn_ + 1) % kLanes;
  } while (lanes_.at(turn_).empty());
  Job job = std::move(lanes_.at(turn_).front());
  lanes_.at(turn_).pop_front();
  --queued_;
  return job;
}

void Workers::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [this] { return stopping_ || queued_ > 0; });
    if (stopping_) return;
    Job job = next();
    lock.unlock();
    run_(std::move(job));
    lock.lock();
  }
}

}  // namespace redflag::http
