#pragma once
// The store on a PostgreSQL database, perhaps with other servers on the same one.
//
// What SQLite's single writer promises holds between any number of servers, by locks that writers wait for: a
// write() excludes all others, a writeOf() those of the same owner (connection.h). What met another all the
// same, such as in the order in which two lock rows that both may, is rolled back by the database and *run
// again from its beginning*, before anybody was told anything; so a write's callback assigns what it hands
// out instead of adding to it, and does nothing that cannot be done twice (the same rule as: never call a
// hook or the network inside one). After a few tries it runs alone.
//
// A connection lost before COMMIT was sent: "store.unavailable", nothing is stored. Lost during the COMMIT:
// "store.outcome_unknown", neither success nor failure, and never tried again from here. Uploads are taken
// once by their items' ids and a POST by its Idempotency-Key, so whoever asked may ask again.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/time.h"
#include "http/stripes.h"
#include "store/postgres/outbox_watch.h"
#include "store/postgres/pool.h"
#include "store/store.h"

namespace redflag::store::postgres {

struct PoolOptions {
  std::size_t connections = 10;
  std::chrono::milliseconds patience{5'000};  // for a free one
};

// http::Problem "store.bad_database" when it is none that a store can be in.
void checkDatabase(sql::Connection& connection);

class PostgresStore : public Store {
 public:
  // Brings the schema up to date. http::Problem: "store.bad_url", "store.unavailable", or what is wrong with
  // the database.
  explicit PostgresStore(const std::string& url, const Clock& clock = systemClock(),
                         const PoolOptions& pool = {});

  std::int64_t settledEvents() const override;
  // Begins to listen for the other servers' commits as well; those call it on a thread of the store's.
  void onOutbox(std::function<void()> listener) override;
  void onOthers(const std::function<void()>& listener) override { others_listener_ = listener; }
  bool mayHaveOthers() const override { return true; }

 protected:
  void runRead(const std::function<void(const ReadTransaction&)>& work) const override;
  void runWrite(const std::string& whose, const std::function<void(WriteTransaction&)>& work) override;

 private:
  struct Written;
  void tellOthers();
  Written writeOnce(const std::string& whose, const std::function<void(WriteTransaction&)>& work);

  const std::string url_;
  const std::string self_;  // among the servers on this database
  mutable Pool pool_;
  http::Stripes turns_;  // whoever waits for another of its own waits here, and holds no connection
  mutable std::mutex settling_;
  mutable std::int64_t settled_ = 0;
  mutable std::uint64_t settled_at_ = 0;  // what published_ was before
  std::atomic<std::uint64_t> published_{
      1};  // commits that wrote to the outbox, as far as they are known here
  std::function<void()> outbox_listener_;
  std::function<void()> others_listener_;
  std::unique_ptr<OutboxWatch> watch_;  // ends before what it calls
};

}  // namespace redflag::store::postgres
