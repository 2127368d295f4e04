#pragma once
// A few connections, lent one at a time.
//
// Whoever comes when all are lent waits; one that the other side has closed meanwhile is replaced before
// anybody uses it. When no connection can be made, the next second's askers are told so at once instead of
// each waiting for the same timeout.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "store/postgres/connection.h"

namespace redflag::store::postgres {

class Pool {
 public:
  Pool(std::string url, std::size_t limit, std::chrono::milliseconds patience)
      : url_(std::move(url)), limit_(limit), patience_(patience) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A connection for as long as this lives.
  class Loan {
   public:
    // http::Problem 503: "store.busy" when patience ended, "store.unavailable".
    explicit Loan(Pool& pool) : pool_(pool), connection_(pool.take()) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.giveBack(std::move(connection_)); }
    Connection& operator*() { return *connection_; }

   private:
    Pool& pool_;
    std::unique_ptr<Connection> connection_;
  };

 private:
  std::unique_ptr<Connection> take();
  std::unique_ptr<Connection> open();
  void giveBack(std::unique_ptr<Connection> connection);

  const std::string url_;
  const std::size_t limit_;
  const std::chrono::milliseconds patience_;

  std::mutex mutex_;
  std::condition_variable free_;
  std::size_t lent_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::chrono::steady_clock::time_point fails_until_{};
  std::optional<http::Problem> failure_;
};

}  // namespace redflag::store::postgres
