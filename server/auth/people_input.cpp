#include "auth/people_input.h"

namespace redflag::auth {
namespace {

Json parsed(const http::Request& request) {
  JsonLimits limits;
  limits.bytes = kPeopleBodyLimit;
  limits.depth = 2;
  limits.values = 16;
  auto body = parseJson(request.body, limits);
  if (!body) throw http::Problem{400, "request.body", body.error().text};
  return std::move(*body);
}

}  // namespace

std::string headerOf(const http::Request& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

PeopleBody::PeopleBody(const http::Request& request) : json_(parsed(request)), in_(json_, "body") {}

void PeopleBody::finish() {
  if (const auto read = in_.finish(); !read) throw http::Problem{400, "request.body", read.error().text};
}

void refusePeopleBody(const http::Request& request) {
  if (request.body.empty()) return;
  PeopleBody(request).finish();
}

}  // namespace redflag::auth
