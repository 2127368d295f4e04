#pragma once
// Everything the server remembers. One interface for every engine; no SQL outside server/store/.
//
// Work is done in transactions: read() sees one unchanging picture, write() is the only way to change
// anything and is all or nothing. When write() has returned, the change survives kill -9 and power loss.
// Inside, each area has an interface of its own; a read transaction hands them out const.
//
// write() is alone: nobody else writes meanwhile, whatever it looks at. Of what machines do all day writeOf()
// says whose it is, and an engine that can lets those of different machines go side by side.
//
// A write's callback may be run more than once (an engine with several servers on it repeats one that met
// another, before anybody was told anything): it assigns what it hands out instead of adding to it.
//
// Errors: http::Problem. "store.busy" (503, retry) others hold it; "store.full" (503, retry) no space,
// nothing changed, mends itself; "store.unavailable" (503, retry) it cannot be reached, nothing changed;
// "store.outcome_unknown" (503) the line broke during the commit: ask again by something that tells, such as
// an item's id; "store.failed" (503) the disk failed: SQLite's writes nothing any more until the server is
// started again; "store.conflict" (409); "store.corrupt" (500). Whatever a callback throws ends its
// transaction without effect. Threads: read() and write() from any thread; never one inside another on the
// same thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace redflag::store {

class Agents;
class Audit;
class Commands;
class Errors;
class Decisions;
class Events;
class Factors;
class Groups;
class Metrics;
class People;
class Profiles;
class Scans;
class Schedules;
class Updates;
class Windows;

class ReadTransaction {
 public:
  virtual ~ReadTransaction() = default;
  virtual const Agents& agents() const = 0;
  virtual const Audit& audit() const = 0;
  virtual const Commands& commands() const = 0;
  virtual const Errors& errors() const = 0;
  virtual const Decisions& decisions() const = 0;
  virtual const Events& events() const = 0;
  virtual const Factors& factors() const = 0;
  virtual const Groups& groups() const = 0;
  virtual const Metrics& metrics() const = 0;
  virtual const People& people() const = 0;
  virtual const Profiles& profiles() const = 0;
  virtual const Scans& scans() const = 0;
  virtual const Schedules& schedules() const = 0;
  virtual const Updates& updates() const = 0;
  virtual const Windows& windows() const = 0;
};

class WriteTransaction : public ReadTransaction {
 public:
  using ReadTransaction::agents;
  using ReadTransaction::audit;
  using ReadTransaction::commands;
  using ReadTransaction::decisions;
  using ReadTransaction::errors;
  using ReadTransaction::events;
  using ReadTransaction::factors;
  using ReadTransaction::groups;
  using ReadTransaction::metrics;
  using ReadTransaction::people;
  using ReadTransaction::profiles;
  using ReadTransaction::scans;
  using ReadTransaction::schedules;
  using ReadTransaction::updates;
  using ReadTransaction::windows;
  virtual Agents& agents() = 0;
  virtual Audit& audit() = 0;
  virtual Commands& commands() = 0;
  virtual Errors& errors() = 0;
  virtual Decisions& decisions() = 0;
  virtual Events& events() = 0;
  virtual Factors& factors() = 0;
  virtual Groups& groups() = 0;
  virtual Metrics& metrics() = 0;
  virtual People& people() = 0;
  virtual Profiles& profiles() = 0;
  virtual Scans& scans() = 0;
  virtual Schedules& schedules() = 0;
  virtual Updates& updates() = 0;
  virtual Windows& windows() = 0;
  // A part that may fail by itself: what `part` did is undone when it throws, and the exception goes on.
  virtual void attempt(const std::function<void()>& part) = 0;
  // Of a writeOf() that turns out to touch more than is its own: from here on nobody else writes, if need be
  // by running it again from its beginning.
  virtual void alone() = 0;
  // Runs when the transaction is durable, on the thread that called write(), after its locks are gone. Not
  // run when it fails.
  virtual void afterCommit(std::function<void()> action) = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // The number up to which the outbox will stay as it is now. Writers side by side commit in another order
  // than they took their numbers in: whoever follows the outbox by them reads no further than this, asked for
  // before.
  virtual std::int64_t settledEvents() const = 0;

  // Called after each commit that wrote to the outbox, also another server's; now and then once more. Set
  // before other threads use the store; an empty one, when they no longer do, ends it before it returns.
  virtual void onOutbox(std::function<void()> listener) = 0;
  // Called after other servers' commits that wrote to it, on a thread of the store's; now and then once more.
  // Set before onOutbox(), which begins and ends it. An engine that one server has alone never calls it.
  virtual void onOthers(const std::function<void()>& /*listener*/) {}
  // Whether this engine lets other servers be on the database.
  virtual bool mayHaveOthers() const { return false; }

  template <class F>
  auto read(F&& work) const -> std::invoke_result_t<F, const ReadTransaction&> {
    return capture<const ReadTransaction>(std::forward<F>(work), [this](const auto& body) { runRead(body); });
  }
  template <class F>
  auto write(F&& work) -> std::invoke_result_t<F, WriteTransaction&> {
    return writeOf("", std::forward<F>(work));
  }
  // A write of `whose` own: an agent's, by its id; an enrolment token's, by its hash. The callback changes
  // what belongs to it, adds to what everybody adds to (audit, outbox), and looks at nothing else than its
  // own and what write() alone changes, such as settings. Two of the same take turns. "": as write().
  // Columns that no writeOf() looks at before it writes, such as an agent's last contact, may be changed of
  // many agents at once: by all who do so as one owner, for two of them would lock each other's agents.
  template <class F>
  auto writeOf(const std::string& whose, F&& work) -> std::invoke_result_t<F, WriteTransaction&> {
    return capture<WriteTransaction>(std::forward<F>(work), [&](const auto& body) { runWrite(whose, body); });
  }

 protected:
  virtual void runRead(const std::function<void(const ReadTransaction&)>& work) const = 0;
  virtual void runWrite(const std::string& whose, const std::function<void(WriteTransaction&)>& work) = 0;

 private:
  template <class Transaction, class F, class Run>
  static auto capture(F&& work, const Run& run) -> std::invoke_result_t<F, Transaction&> {
    using Answer = std::invoke_result_t<F, Transaction&>;
    if constexpr (std::is_void_v<Answer>) {
      run(std::function<void(Transaction&)>(std::ref(work)));
    } else {
      std::unique_ptr<Answer> answer;
      run([&](Transaction& tx) { answer = std::make_unique<Answer>(work(tx)); });
      return std::move(*answer);
    }
  }
};

}  // namespace redflag::store
