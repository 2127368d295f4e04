#pragma once
// Puts what the front refused into the audit log, however much of it there is: the first refusal of a kind
// (its code, who asked, the route) at once, and how often it came again once a minute. More than a few
// hundred kinds in a minute are counted together by their code. Nobody who is refused waits for the disk.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "http/refusal.h"
#include "services/context.h"
#include "store/events.h"

namespace redflag::services {

class RefusalLog {
 public:
  explicit RefusalLog(const Context& context) : context_(context) {}
  ~RefusalLog() { stop(); }
  RefusalLog(const RefusalLog&) = delete;
  RefusalLog& operator=(const RefusalLog&) = delete;

  void start();  // the thread that writes
  void stop();   // writes what was counted until then

  // Never waits for the store. [any thread]
  void note(const http::Refusal& refusal);
  // Writes what is due. False: the store did not take it; it is kept for the next time. [one thread at a
  // time]
  bool write(bool everything = false);

 private:
  using Kind = std::tuple<std::string, std::string, std::string>;  // code, who, route
  struct Counted {
    std::int64_t since_ns = 0;  // monotonic
    std::int64_t again = 0;
    http::Refusal example;
  };
  struct Entry {
    std::string client_id;
    std::string agent_id;
    store::HistoryEntry entry;
  };

  void loop();
  void due(bool everything);
  Entry entryOf(const http::Refusal& refusal, std::int64_t times, const std::string& more) const;
  void keep(Entry entry);

  const Context& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<Kind, Counted> kinds_;
  std::vector<Entry> unwritten_;
  std::int64_t lost_ = 0;  // while the store took nothing
  std::thread thread_;
};

}  // namespace redflag::services
