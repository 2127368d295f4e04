#pragma once
// What `redflag-server doctor` looks at. Nothing is changed, a server may be at work meanwhile, and what is
// broken does not keep it from looking at the rest.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace redflag::server {

struct Finding {
  enum class Level { kOk, kNote, kWarning, kError };
  std::string check;  // stable: "disk", "clock", "secrets", "keys", "certificates", "settings", "database", …
  Level level = Level::kOk;
  std::string text;
  std::string advice;  // "" where there is nothing to do
};
const char* name(Finding::Level level);

// Of the machine; the seam for tests.
struct Machine {
  std::int64_t now_s = 0;
  bool clock_synchronized = true;
  std::int64_t disk_bytes = 0;
  std::int64_t free_bytes = 0;   // for who runs this
  std::int64_t free_files = -1;  // -1: the file system does not count them
  std::int64_t sync_ns = 0;      // a small file written and synced
  std::string unwritten;         // why none could be, for another reason than a full disk; "" where one was
};
// `folder` exists. Throws std::system_error.
Machine lookAtMachine(const std::filesystem::path& folder);

// All of them, in a fixed order; a check without a finding says so with kOk. `database`: what --database
// says, or "".
std::vector<Finding> examineServer(const std::filesystem::path& data, const std::string& database);

// Parts of it.
void checkMachine(const Machine& machine, std::vector<Finding>& out);
void checkSecrets(const std::filesystem::path& data, std::vector<Finding>& out);
void checkKeys(const std::filesystem::path& data, std::vector<Finding>& out);
// Whether agents would believe the orders that this server signs.
void checkOrders(const std::filesystem::path& data, std::int64_t now_s, std::vector<Finding>& out);
// Whether it is held back as one that was set back to an earlier state.
void checkSetBack(const std::filesystem::path& data, std::vector<Finding>& out);
// Certificates, documents of the trust root, command keys.
void checkExpiries(const std::filesystem::path& data, std::int64_t now_s, std::vector<Finding>& out);
// How long the first page of so many agents took.
void checkSpeed(std::int64_t agents, std::int64_t took_ns, bool on_postgres, std::vector<Finding>& out);
// By how much the database's clock is ahead of this machine's.
void checkClocks(std::int64_t ahead_ns, std::vector<Finding>& out);
void checkDatabase(const std::filesystem::path& data, const std::string& database, std::int64_t now_s,
                   std::vector<Finding>& out);

}  // namespace redflag::server
