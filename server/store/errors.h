#pragma once
// What went wrong, of machines, of the server and in browsers: one row for each kind of it on each machine,
// counted. What makes two of a kind is the fingerprint: everything but numbers and names in the text.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/grants.h"
#include "store/page.h"

namespace redflag::store {

struct ErrorNote {
  std::int64_t at = 0;
  std::string source;     // agent | server | browser
  std::string client_id;  // "" with agent_id: not about a machine
  std::string agent_id;
  std::string subsystem;
  std::string kind;
  std::string code;
  std::string severity = "error";  // warning | error
  std::string text;                // as it came; hostile
  std::string detail;              // more of it, such as a stack; ""
  std::string command_id;
  std::string scan_id;
  std::string actor;  // whose browser; ""
  std::int64_t times = 1;
  std::string report_id = {};  // the same report again is not counted again; "": each is counted
};

// 26 hexadecimal digits.
std::string fingerprintOf(const ErrorNote& note);

struct ErrorFilter {
  std::string source;
  std::string severity;
  std::string subsystem;
  std::string code;
  std::string agent_id;
  std::string search;           // in the text
  std::int64_t from = 0;        // happened again since
  std::string sort = "newest";  // newest | worst: errors first, then on how many machines, then how often
};

struct ErrorGroup {
  std::string id;  // the fingerprint
  std::string source;
  std::string subsystem;
  std::string kind;
  std::string code;
  std::string severity;
  std::string text;  // of one of them
  std::int64_t agents = 0;
  std::int64_t times = 0;
  std::int64_t first_at = 0;
  std::int64_t last_at = 0;
};

// One machine's, the server's, or the browsers'.
struct ErrorRow {
  ErrorNote newest;
  std::string hostname;  // "" without agent
  std::int64_t first_at = 0;
  std::int64_t times = 0;
};

class Errors {
 public:
  virtual ~Errors() = default;

  // Counts it, unless it is one of the last fifty reports of its kind that have an id. Of one machine (and of
  // all that is about none) the kinds that happened longest ago make room.
  virtual void note(const ErrorNote& note) = 0;
  virtual Page<ErrorGroup> groups(const ErrorFilter& filter, const http::Visible& visible,
                                  const PageRequest& page) const = 0;
  // Of one machine alone with an `agent_id`; nullopt when it has none of the kind.
  virtual std::optional<ErrorGroup> group(const std::string& id, const http::Visible& visible,
                                          const std::string& agent_id = {}) const = 0;
  // The last ones first.
  virtual std::vector<ErrorRow> rows(const std::string& id, const http::Visible& visible, std::size_t limit,
                                     const std::string& agent_id = {}) const = 0;
  // Forgets what did not happen since `before`. At most `limit`; true: there may be more.
  virtual bool prune(std::int64_t before, int limit) = 0;
};

}  // namespace redflag::store
