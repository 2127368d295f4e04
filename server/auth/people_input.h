#pragma once
// What the routes of people read of a request.

#include <string>

#include "base/json.h"
#include "http/message.h"

namespace redflag::auth {

constexpr std::size_t kPeopleBodyLimit = 8U << 10;
constexpr std::size_t kMaxPeopleText = 1024;

std::string headerOf(const http::Request& request, const std::string& name);  // "" when absent

// A small JSON object. finish() turns the reader's first complaint into Problem 400.
class PeopleBody {
 public:
  explicit PeopleBody(const http::Request& request);
  std::string text(const char* key) { return in_.text(key, kMaxPeopleText); }
  bool has(const char* key) const { return json_.contains(key); }
  void finish();

 private:
  Json json_;
  JsonReader in_;
};

// For routes that take no body, or an empty object.
void refusePeopleBody(const http::Request& request);

}  // namespace redflag::auth
