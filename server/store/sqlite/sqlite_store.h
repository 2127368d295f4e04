#pragma once
// The store on one SQLite file: one writer at a time, a few readers, WAL.

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "base/time.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/group_writer.h"
#include "store/store.h"

namespace redflag::store::sqlite {

class SqliteStore : public Store {
 public:
  // Opens or creates the file, checks it, and brings its schema up to date. Throws http::Problem whose detail
  // says what is wrong with it: not a database, damaged, newer than this program.
  explicit SqliteStore(const std::filesystem::path& file, const Clock& clock = systemClock(),
                       int busy_timeout_ms = kBusyTimeoutMs);
  ~SqliteStore() override;

  std::int64_t settledEvents() const override;
  void onOutbox(std::function<void()> listener) override { outbox_listener_ = std::move(listener); }

 protected:
  void runRead(const std::function<void(const ReadTransaction&)>& work) const override;
  void runWrite(const std::string& whose, const std::function<void(WriteTransaction&)>& work) override;

 private:
  class Reader;
  void checkIntegrity();
  std::unique_ptr<Connection> takeReader() const;
  void giveBackReader(std::unique_ptr<Connection> reader) const;

  std::filesystem::path file_;
  int busy_timeout_ms_;
  std::function<void()> outbox_listener_;

  Connection connection_;  // the writing one
  GroupWriter writer_;

  mutable std::mutex readers_mutex_;
  mutable std::condition_variable reader_free_;
  mutable std::vector<std::unique_ptr<Connection>> idle_readers_;
  mutable std::size_t readers_ = 0;
};

}  // namespace redflag::store::sqlite
