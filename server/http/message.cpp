#include "http/message.h"

#include "http/problem.h"

namespace redflag::http {

Response jsonResponse(int status, const Json& body) {
  Response out;
  out.status = status;
  out.body = dumpJson(body);
  return out;
}

const char* reasonPhrase(int status) {
  static const std::map<int, const char*> phrases = {{200, "OK"},
                                                     {201, "Created"},
                                                     {202, "Accepted"},
                                                     {204, "No Content"},
                                                     {304, "Not Modified"},
                                                     {400, "Bad Request"},
                                                     {401, "Unauthorized"},
                                                     {403, "Forbidden"},
                                                     {404, "Not Found"},
                                                     {405, "Method Not Allowed"},
                                                     {408, "Request Timeout"},
                                                     {409, "Conflict"},
                                                     {411, "Length Required"},
                                                     {412, "Precondition Failed"},
                                                     {413, "Content Too Large"},
                                                     {414, "URI Too Long"},
                                                     {415, "Unsupported Media Type"},
                                                     {417, "Expectation Failed"},
                                                     {422, "Unprocessable Content"},
                                                     {429, "Too Many Requests"},
                                                     {431, "Request Header Fields Too Large"},
                                                     {500, "Internal Server Error"},
                                                     {501, "Not Implemented"},
                                                     {503, "Service Unavailable"},
                                                     {505, "HTTP Version Not Supported"}};
  const auto found = phrases.find(status);
  return found == phrases.end() ? "Status" : found->second;
}

Response problemResponse(const Problem& problem, const std::string& request_id) {
  Json body = {{"type", "about:blank"},    {"title", reasonPhrase(problem.status)},
               {"status", problem.status}, {"code", problem.code},
               {"detail", problem.detail}, {"request_id", request_id}};
  if (!problem.field.empty()) body["field"] = problem.field;
  Response out = jsonResponse(problem.status, body);
  out.content_type = "application/problem+json";
  if (problem.retry_after_s > 0) {
    out.headers.emplace_back("Retry-After", std::to_string(problem.retry_after_s));
  }
  return out;
}

Problem stepUpRequired() {
  return {403, "session.step_up_required",
          "prove again that it is you, with your password or a code; a service account cannot"};
}

}  // namespace redflag::http
