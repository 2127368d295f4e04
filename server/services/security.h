#pragma once
// The security overview: what guards this server and its fleet, how it stands, and what to do where it does
// not stand well.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "services/context.h"
#include "trust/expiry.h"

namespace redflag::services {

struct SecurityRow {
  enum class Level { kGood, kNote, kWarning, kCritical };
  std::string id;    // stable: "root", "command_key:0123…"
  std::string area;  // trust | tls | agents | people | audit
  Level level = Level::kGood;
  std::string title;
  std::string text;
  std::string advice;      // "" where there is nothing to do
  std::int64_t until = 0;  // 0: it does not end
  std::int64_t count = -1;
  std::string link;    // in-app path, or ""
  bool needs = false;  // a person, and so the overview
};
const char* name(SecurityRow::Level level);

struct CountedRefusal {
  std::string code;
  std::int64_t last_day = 0;
  std::int64_t last_week = 0;
  std::int64_t newest_at = 0;
};

struct SecurityFacts {
  std::vector<SecurityRow> rows;
  std::vector<CountedRefusal> refusals;
};

class Security {
 public:
  // `data`: the server's folder; "": there is none to look at.
  Security(const Context& context, std::filesystem::path data) : context_(context), data_(std::move(data)) {}

  SecurityFacts facts() const;
  // How many rows need a person: without the counts of refusals. [any thread]
  std::int64_t needing() const;

 private:
  void addTrust(std::vector<SecurityRow>& out) const;
  void addAudit(std::vector<SecurityRow>& out) const;
  void addFleet(const store::ReadTransaction& tx, std::vector<SecurityRow>& out) const;

  const Context& context_;
  const std::filesystem::path data_;
};

// Pure: how something that ends is shown.
SecurityRow rowOf(const trust::Expiry& expiry, std::int64_t now_ns);

// Folders with offline keys in the data folder or beside it: where they were made, they should not stay.
std::vector<std::filesystem::path> offlineKeysNear(const std::filesystem::path& data);

}  // namespace redflag::services
