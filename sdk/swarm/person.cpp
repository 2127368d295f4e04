#include "swarm/person.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kPauseNs = 200 * kMillisecondNs;
constexpr const char* kCookie = "__Host-redflag=";
constexpr JsonLimits kListLimits{16U << 20, 32, 1'000'000};

}  // namespace

std::int64_t askAgainNs(const Result<Reply>& reply, std::int64_t now_ns) {
  if (reply && reply->status / 100 == 2) return now_ns;
  const std::int64_t asked_ns = reply && reply->putsOff() ? reply->retryAfterS() * kSecondNs : 0;
  return now_ns + std::max(kPauseNs, asked_ns);
}

Result<Reply> Person::ask(const std::string& method, const std::string& path, const std::string& body,
                          const std::string& key) {
  std::string headers;
  if (!cookie_.empty()) headers += "\r\nCookie: " + cookie_;
  if (method != "GET") {
    headers += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
    if (!csrf_.empty()) headers += "\r\nX-CSRF-Token: " + csrf_;
    if (!key.empty()) headers += "\r\nIdempotency-Key: " + key;
  }
  auto reply = exchange_.ask(method, path, headers, body);
  again_ns_ = askAgainNs(reply, monotonicNow());
  return reply;
}

Result<> Person::signIn() {
  cookie_.clear();
  csrf_.clear();
  const Json wish = {{"username", credentials_.username}, {"password", credentials_.password}};
  auto reply = ask("POST", "/api/v1/session", dumpJson(wish), "");
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (reply->status >= 500 || reply->status == 429)
    return fail(Code::kUnavailable, "sign-in: " + reply->refusal());
  if (reply->status != 200) return fail(Code::kDenied, "sign-in: " + reply->refusal());
  const std::string cookies = reply->headers["set-cookie"];
  const std::size_t begin = cookies.find(kCookie);
  if (begin == std::string::npos) return fail(Code::kInvalid, "sign-in: no cookie");
  cookie_ = cookies.substr(begin, cookies.find_first_of(";\n", begin) - begin);
  const auto session = parseJson(reply->body);
  if (session && session->is_object()) csrf_ = session->value("csrf_token", "");
  return {};
}

Result<Json> Person::call(const std::string& method, const std::string& path, const std::string& body,
                          const std::string& key) {
  for (bool signed_in = false;;) {
    if (cookie_.empty()) {
      if (auto ok = signIn(); !ok) return tl::unexpected<Error>(ok.error());
      signed_in = true;
    }
    const auto reply = ask(method, path, body, key);
    if (!reply) return tl::unexpected<Error>(reply.error());
    if (reply->status == 401 && !signed_in) {
      cookie_.clear();
      continue;
    }
    if (reply->status >= 500 || reply->status == 429)
      return fail(Code::kUnavailable, method + " " + path + ": " + reply->refusal());
    if (reply->status / 100 != 2)
      return fail(Code::kInvalid, method + " " + path + ": " + reply->refusal() + ": " + reply->body);
    if (reply->body.empty()) return Json();
    auto json = parseJson(reply->body, kListLimits);
    if (!json) return fail(Code::kInvalid, method + " " + path + ": " + json.error().text);
    return json;
  }
}

Result<Json> Person::patiently(const std::function<Result<Json>()>& attempt, std::int64_t ns) {
  const std::int64_t end = monotonicNow() + ns;
  for (;;) {
    auto answer = attempt();
    if (answer || answer.error().code != Code::kUnavailable || again_ns_ > end) return answer;
    std::this_thread::sleep_for(std::chrono::nanoseconds(again_ns_ - monotonicNow()));
  }
}

Result<> Person::list(const std::string& path, const std::function<void(const Json&)>& each) {
  std::string cursor;
  do {
    const char* separator = path.find('?') == std::string::npos ? "?" : "&";
    const std::string page = path + separator + "limit=500" + (cursor.empty() ? "" : "&cursor=" + cursor);
    const auto answer = patiently([&] { return get(page); }, 60 * kSecondNs);
    if (!answer) return tl::unexpected<Error>(answer.error());
    JsonReader in(*answer, path);
    for (const Json& item : in.array("items", 500))
      each(item);
    cursor = in.optionalText("next_cursor", 1024);
    if (auto ok = in.finishIgnoringUnknown(); !ok) return ok;
  } while (!cursor.empty());
  return {};
}

}  // namespace redflag::swarm
