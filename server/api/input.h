#pragma once
// What requests say, read strictly: a parameter or member that is unknown or malformed is http::Problem 400
// with its name.

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "http/message.h"
#include "services/beforehand.h"
#include "services/orders.h"
#include "store/page.h"

namespace redflag::api {

// Query parameters. Construct with every name the route knows.
class Query {
 public:
  Query(const http::Request& request, std::initializer_list<const char*> known);

  std::string text(const char* name, std::size_t max_bytes = 200) const;  // "" when absent
  std::string choice(const char* name, std::initializer_list<const char*> allowed) const;
  std::string id(const char* name) const;
  std::vector<std::string> list(const char* name) const;  // comma-separated
  std::size_t number(const char* name, std::size_t low, std::size_t high, std::size_t fallback) const;
  store::PageRequest page() const;  // cursor and limit

 private:
  const std::string* find(const char* name) const;
  const http::Request& request_;
};

// A JSON object as the body. finish() turns the reader's first complaint into a Problem that names the field.
class Body {
 public:
  explicit Body(const http::Request& request, const JsonLimits& limits = {});
  JsonReader& in() { return in_; }
  void finish();

 private:
  Json json_;
  JsonReader in_;
};

// The same as Body::finish(), for a member that is an object with a reader of its own.
void finish(JsonReader& in);

// For a POST that takes no body, or an empty object.
void refuseBody(const http::Request& request);

// A list of ids, at least one, none twice.
std::vector<std::string> readIds(JsonReader& in, const char* key, std::size_t max_items);

// The path's {id}; 404 for what cannot be one.
const std::string& pathId(const http::Request& request, const char* not_found_code);

// A member that is a name for people: 1 to 100 bytes, no control characters, no blanks at its ends.
std::string readName(JsonReader& in, const char* key);

// A member that says why, in a line of text; of the second, "" when it is not there.
std::string readWhy(JsonReader& in, const char* key);
std::string readOptionalWhy(JsonReader& in, const char* key);
// Of a person, not of a token: what approves beforehand the thing that the path's {id} names.
services::Beforehand readBeforehand(const http::Request& request, const char* not_found_code);

// 204
http::Response nothingToSay();

services::Actor actorOf(const http::Request& request);

[[noreturn]] void refuseParameter(const std::string& name, const std::string& expected);

}  // namespace redflag::api
