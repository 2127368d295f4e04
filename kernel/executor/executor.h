#pragma once
// The executor behind its socket: takes orders, keeps them in the journal, carries them out one after the
// other, and tells whoever is attached. It verifies everything itself; its caller is only a messenger.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "executor/installer.h"
#include "executor/journal_keeper.h"
#include "executor/order_history.h"
#include "executor/order_keys.h"

namespace redflag::kernel {

struct ExecutorOptions {
  std::filesystem::path state_folder;  // trust.json, journal.sqlite, runs/
  std::filesystem::path host_program;
  std::filesystem::path scratch;  // for temporary files of plans; "": none
  InstallLimits limits;
  std::string boot_id;
  std::string kernel = {};                      // the release that runs
  const platform::RunGroups* groups = nullptr;  // for plans' hosts, or null; must outlive the executor
};

class Executor {
 public:
  // The references must outlive it.
  Executor(ExecutorOptions options, RulesSource& rules, OrderKeys& keys, const Clock& clock);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor();  // as stop()

  // Takes up what an earlier executor left and begins to work. kCorrupt and kIo: the journal cannot be used.
  Result<> start();
  // Returns soon; an install goes on by itself and is taken up by the next start().
  void stop();

  // One request of the socket (README.md), except "attach"; the answer is one event. From any thread.
  Json handle(const Json& request);
  // Calls the sink first with the present state of each order that was not acknowledged, then as things
  // happen.
  std::uint64_t attach(EventSink sink);
  void detach(std::uint64_t id);

  // Somebody at the socket was turned away or cut off. Who is attached is told, or else who attaches next: a
  // `refused` event with the code "connection".
  void connectionRejected(const std::string& why);

 private:
  // What became of a submitted envelope: where the order stands, or why it is refused. Error: nothing was
  // decided. `command_id` is set once it can be believed.
  Result<protocol::Verdict<JournalEntry>> consider(const Json& transport, const Json& handed,
                                                   std::string& command_id);
  protocol::Verdict<Order> admit(const protocol::Envelope& envelope, std::int64_t epoch_floor);
  Json submit(const Json& transport, const Json& handed);
  Json cancel(const std::string& command_id);
  Json acknowledge(const std::string& command_id);
  Json status();
  void tidyRuns();
  void work();
  void carryOut(Journal& journal, JournalEntry entry);
  std::optional<Outcome> perform(Journal& journal, JournalEntry& entry);
  void finish(Journal& journal, JournalEntry& entry, const Outcome& outcome);
  // Ends those that wait for a reboot which came, or did not. In how many ns the first is due that others
  // wait for; nullopt: there is none.
  std::optional<std::int64_t> watchReboots(Journal& journal);
  void tellHeld(Journal& journal, std::int64_t held_after, std::int64_t reboots_in);
  // Of each install that Journal::held() has: once to everybody, and to who attaches while it waits.
  void tellAwaited(Journal& journal, std::int64_t held_after, const std::string& text);
  void withdrawReboots(Journal& journal, const std::string& plugin);
  void tell(const Json& event);
  // To who is attached, or else to who attaches next, for whom `untold` keeps the newest.
  void tellSomebody(const Json& event, Json& untold);
  // An error of its own: logged, and told to the kernel, whose errors the server hears.
  void complain(const char* code, const std::string& text);
  bool pauseFor(std::int64_t ns);

  ExecutorOptions options_;
  RulesSource& rules_;
  OrderKeys& keys_;
  const Clock& clock_;
  const OrderHistory history_;
  JournalKeeper keeper_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> rejected_connections_ = 0;

  std::mutex submit_mutex_;  // one envelope at a time: looked up and accepted in one piece
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool work_waits_ = true;
  std::string running_;  // guarded by wake_mutex_

  std::mutex sinks_mutex_;
  std::map<std::uint64_t, EventSink> sinks_;
  Json untold_rejection_;  // the newest that nobody was attached for, or null
  Json untold_error_;      // the same
  // By order: what everybody attached has heard that it waits for.
  std::map<std::string, std::string> awaited_;
  std::uint64_t next_sink_ = 1;
  std::thread worker_;
};

}  // namespace redflag::kernel
