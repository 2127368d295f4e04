#include "api/input.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "auth/people_routes.h"
#include "base/encoding.h"
#include "protocol/record_kinds.h"

namespace redflag::api {
namespace {

constexpr std::size_t kMaxLimit = 500;
constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxWhy = 500;
constexpr std::size_t kMaxTime = 40;

Json parseBody(const http::Request& request, const JsonLimits& limits) {
  auto json = parseJson(request.body, limits);
  if (!json) throw http::Problem{400, "request.invalid_json", "the body is " + json.error().text};
  return std::move(*json);
}

// "body.seats: expected …" -> "/seats"
std::string fieldOf(const std::string& complaint) {
  const std::size_t colon = complaint.find(':');
  const std::size_t dot = complaint.find('.');
  if (dot == std::string::npos || colon == std::string::npos || dot > colon) return "";
  std::string field = "/" + complaint.substr(dot + 1, colon - dot - 1);
  std::replace(field.begin(), field.end(), '.', '/');
  return field;
}

}  // namespace

void refuseParameter(const std::string& name, const std::string& expected) {
  throw http::Problem{400, "request.bad_parameter", name + ": expected " + expected, name};
}

Query::Query(const http::Request& request, std::initializer_list<const char*> known) : request_(request) {
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      refuseParameter(name.substr(0, 64), "no parameter of this name");
    }
    if (!isUtf8(value)) refuseParameter(name, "UTF-8 text");
  }
}

const std::string* Query::find(const char* name) const {
  const auto it = request_.query.find(name);
  return it == request_.query.end() || it->second.empty() ? nullptr : &it->second;
}

std::string Query::text(const char* name, std::size_t max_bytes) const {
  const std::string* value = find(name);
  if (value == nullptr) return {};
  if (value->size() > max_bytes) refuseParameter(name, "at most " + std::to_string(max_bytes) + " bytes");
  return *value;
}

std::string Query::choice(const char* name, std::initializer_list<const char*> allowed) const {
  const std::string* value = find(name);
  if (value == nullptr) return {};
  if (std::find(allowed.begin(), allowed.end(), *value) != allowed.end()) return *value;
  std::string expected = "one of";
  for (const char* one : allowed)
    expected += std::string(" ") + one;
  refuseParameter(name, expected);
}

std::string Query::id(const char* name) const {
  const std::string* value = find(name);
  if (value == nullptr) return {};
  if (!isId(*value)) refuseParameter(name, "an id");
  return *value;
}

std::vector<std::string> Query::list(const char* name) const {
  std::vector<std::string> items;
  const std::string value = text(name, 1'000);
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    items.push_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

store::PageRequest Query::page() const {
  store::PageRequest page;
  page.cursor = text("cursor", store::kMaxCursor);
  page.limit = number("limit", 1, kMaxLimit, page.limit);
  return page;
}

std::size_t Query::number(const char* name, std::size_t low, std::size_t high, std::size_t fallback) const {
  const std::string* text = find(name);
  if (text == nullptr) return fallback;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  const bool whole = error == std::errc() && end == text->data() + text->size();
  if (!whole || value < low || value > high)
    refuseParameter(name, "a number from " + std::to_string(low) + " to " + std::to_string(high));
  return value;
}

Body::Body(const http::Request& request, const JsonLimits& limits)
    : json_(parseBody(request, limits)), in_(json_, "body") {}

void Body::finish() {
  api::finish(in_);
}

void finish(JsonReader& in) {
  const auto ok = in.finish();
  if (!ok) throw http::Problem{400, "request.invalid", ok.error().text, fieldOf(ok.error().text)};
}

void refuseBody(const http::Request& request) {
  if (request.body.empty()) return;
  Body body(request);
  body.finish();
}

std::vector<std::string> readIds(JsonReader& in, const char* key, std::size_t max_items) {
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (const Json& id : in.array(key, max_items)) {
    if (!id.is_string() || !isId(id.get_ref<const std::string&>()) ||
        !seen.insert(id.get<std::string>()).second) {
      in.refuse(key, "a list of different ids");
      return {};
    }
    ids.push_back(id.get<std::string>());
  }
  if (ids.empty()) in.refuse(key, "at least one id");
  return ids;
}

const std::string& pathId(const http::Request& request, const char* not_found_code) {
  const auto it = request.parameters.find("id");
  if (it == request.parameters.end() || !isId(it->second))
    throw http::Problem{404, not_found_code, "there is nothing here"};
  return it->second;
}

std::string readName(JsonReader& in, const char* key) {
  std::string name = in.text(key, kMaxName);
  if (name.empty() || name.front() == ' ' || name.back() == ' ' || !protocol::isCleanText(name) ||
      name.find_first_of("\t\n") != std::string::npos) {
    in.refuse(key, "a name of 1 to 100 bytes, without control characters and without blanks at its ends");
  }
  return name;
}

services::Beforehand readBeforehand(const http::Request& request, const char* not_found_code) {
  // Whoever decides has to be somebody else, and a token is not somebody.
  auth::requireSession(request);
  services::Beforehand out;
  out.id = pathId(request, not_found_code);
  Body body(request);
  out.changed_at = body.in().text("changed_at", kMaxTime);
  out.reason = readWhy(body.in(), "reason");
  body.finish();
  return out;
}

http::Response nothingToSay() {
  http::Response response;
  response.status = 204;
  response.content_type.clear();
  return response;
}

std::string readWhy(JsonReader& in, const char* key) {
  std::string why = in.text(key, kMaxWhy);
  if (why.find_first_not_of(" \t\n") == std::string::npos || !protocol::isCleanText(why))
    in.refuse(key, "why, in a line of text");
  return why;
}

std::string readOptionalWhy(JsonReader& in, const char* key) {
  return in.find(key) == nullptr ? "" : readWhy(in, key);
}

services::Actor actorOf(const http::Request& request) {
  const http::Principal& who = request.principal;
  // Whoever made a token answers for what is done with it.
  return {who.username, who.grants, who.proven, who.user_id,
          who.token_id.empty() ? who.user_id : who.minter_id};
}

}  // namespace redflag::api
