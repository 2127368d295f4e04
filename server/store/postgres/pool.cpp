#include "store/postgres/pool.h"

namespace redflag::store::postgres {
namespace {

constexpr std::chrono::seconds kFailureStands{1};

}  // namespace

std::unique_ptr<Connection> Pool::take() {
  {
    std::unique_lock lock(mutex_);
    if (!free_.wait_for(lock, patience_, [this] { return lent_ < limit_; })) {
      throw http::Problem{503, "store.busy", "every connection to the database is at work", "", 2};
    }
    ++lent_;
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->usable()) return connection;
    }
  }
  return open();
}

std::unique_ptr<Connection> Pool::open() {
  try {
    {
      const std::lock_guard lock(mutex_);
      if (failure_ && std::chrono::steady_clock::now() < fails_until_) throw http::Problem(*failure_);
    }
    return std::make_unique<Connection>(url_);
  } catch (const http::Problem& problem) {
    const std::lock_guard lock(mutex_);
    --lent_;
    free_.notify_one();
    if (const auto now = std::chrono::steady_clock::now(); now >= fails_until_) {
      failure_ = problem;
      fails_until_ = now + kFailureStands;
    }
    throw;
  }
}

void Pool::giveBack(std::unique_ptr<Connection> connection) {
  if (!connection->mayStay()) connection.reset();
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (connection != nullptr) idle_.push_back(std::move(connection));
  }
  free_.notify_one();
}

}  // namespace redflag::store::postgres
