#include "http/workers.h"

#include <utility>

namespace redflag::http {

Workers::Workers(std::size_t count, std::function<void(Job)> run) : run_(std::move(run)) {
  for (std::size_t i = 0; i < count; ++i)
    threads_.emplace_back([this] { loop(); });
}

Workers::~Workers() {
  stop();
}

void Workers::push(Job job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  arrived_.notify_one();
}

std::size_t Workers::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
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
  queue_.clear();
}

void Workers::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run_(std::move(job));
    lock.lock();
  }
}

}  // namespace redflag::http
