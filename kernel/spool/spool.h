#pragma once
// What the server has not acknowledged yet, durable. An item that put() accepted survives kill -9 and power
// loss, until remove(). Threads: all functions may be called from any thread.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace redflag::kernel {

// What may go, and when. Orders' results never; a scan when a newer one of the same subject takes its place
// (an incomplete one never displaces a complete one); log lines and metrics when the spool is full, oldest
// first. Metrics also when a newer item of the same subject comes, and, when there are many, by making their
// grain coarser: a long time without a server is told less finely, not from its middle on. Their subject is
// "<series>@<number of the grain>".
enum class Keep { kAlways = 0, kNewestScan = 1, kThin = 2 };

struct SpoolItem {
  std::string id;       // newId(): the server's idempotency key
  std::string kind;     // protocol/README.md: "scan", "command_state", …
  std::string subject;  // what coalesces with what: plugin and purpose of a scan; otherwise ""
  bool complete = true;
  Keep keep = Keep::kAlways;
  std::string body;  // the item as one JSON object
};

class Spool {
 public:
  virtual ~Spool() = default;

  // Makes the file when there is none. One that is damaged is set aside under another name, reported through
  // `set_aside` (its new path, otherwise left alone), and a new one begun: the agent must go on reporting.
  // max_bytes: of all bodies together; what must be kept is taken beyond it.
  static Result<std::unique_ptr<Spool>> open(const std::filesystem::path& file, std::uint64_t max_bytes,
                                             std::filesystem::path* set_aside = nullptr);

  // On disk when it returns. kLimit: the spool is full and the item is one that may go (kThin). kConflict: an
  // item of that id is there already. Anything else: the disk failed or is full, and the spool is as it was.
  virtual Result<> put(const SpoolItem& item) = 0;
  // Oldest first; at most so many and so many bytes (at least one item if there is any).
  virtual Result<std::vector<SpoolItem>> oldest(std::size_t max_items, std::size_t max_bytes) = 0;
  virtual Result<> remove(const std::vector<std::string>& ids) = 0;
  virtual bool full() const = 0;  // takes no new orders
  virtual std::uint64_t count() const = 0;
  virtual std::uint64_t bytes() const = 0;
  // Called by the putting thread after each put: the link wakes up. Set once, before the first put.
  virtual void onPut(std::function<void()> callback) = 0;
  // What is to stay of a scan that a newer one displaces, in the same transaction; nullopt: nothing. Called
  // by the putting thread; must not use the spool. Set once, before the first put.
  virtual void onDisplaced(std::function<std::optional<SpoolItem>(const SpoolItem&)> keep) = 0;
};

}  // namespace redflag::kernel
