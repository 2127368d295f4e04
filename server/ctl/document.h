#pragma once
// What redflagctl can do, read from the server's OpenAPI document: each operation under /api/v1 that a
// service account may ask for becomes one command, `noun verb`, with the document's own names. A new route is
// a new command.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace redflag::ctl {

struct Option {
  enum class In { kQuery, kHeader, kBody };
  enum class Kind { kText, kInteger, kBoolean, kJson, kTexts, kFlag };
  std::string name;  // as typed, without its dashes: "agent-id"
  std::string wire;  // as the document has it: "agent_id"
  In in = In::kQuery;
  Kind kind = Kind::kText;
  bool required = false;
  std::vector<std::string> choices;  // of a text; empty: any
  std::string help;
};

struct Operation {
  std::string noun;  // "agents"
  std::string verb;  // "list"
  std::string method;
  std::string path;        // "/api/v1/agents/{id}"
  std::string summary;     // one line
  std::string permission;  // of the document's x-permission
  std::vector<std::string> positionals;
  std::vector<Option> options;
  bool has_body = false;
  bool pages = false;                // answers {"items": […], "next_cursor": …}
  bool lists = false;                // answers {"items": […]}
  bool streams = false;              // answers a text/event-stream
  bool raw = false;                  // answers text of its own, printed as it comes
  bool once = false;                 // takes an Idempotency-Key
  std::vector<std::string> columns;  // of a list's rows, "client.name" for a member of a member
};

// In the document's order. Throws std::runtime_error that names the path: two operations of one name, or a
// reference to nothing.
std::vector<Operation> operationsOf(const Json& document);

}  // namespace redflag::ctl
