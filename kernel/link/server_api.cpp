#include "link/server_api.h"

#include <chrono>
#include <thread>
#include <utility>

#include "link/access.h"
#include "link/event_stream.h"
#include "protocol/compress.h"
#include "protocol/handed_trust.h"
#include "protocol/limits.h"
#include "protocol/message_signature.h"

namespace redflag::kernel {
namespace {

using Kind = Failure::Kind;

constexpr std::size_t kMaxAnswer = 1U << 20;
constexpr std::int64_t kLongestRetryMs = 600'000;
constexpr const char* kBeforeStart = "signature.before_start";
constexpr auto kUntilNextSecond = std::chrono::milliseconds(1100);

tl::unexpected<Failure> failure(Kind kind, std::string text) {
  return tl::unexpected<Failure>(Failure{kind, 0, {}, std::move(text), 0});
}

tl::unexpected<Failure> notOurs(const std::string& text) {
  return failure(Kind::kUnreachable, "what answered is not a RedFlag server: " + text);
}

Failure fromError(const Error& error) {
  return {error.code == Code::kCancelled ? Kind::kStopping : Kind::kUnreachable, 0, {}, error.text, 0};
}

bool isJson(const HttpReply& reply) {
  return reply.content_type == "application/json" || reply.content_type == "application/problem+json";
}

bool mendedByNewSignature(const Failure& failure) {
  return failure.status == 401 && (failure.code == kBeforeStart || failure.code == "signature.clock" ||
                                   failure.code == "signature.replayed");
}

Kind kindOf(int status, bool problem) {
  if (status == 401 || status == 403) return Kind::kDenied;
  if (status == 413) return Kind::kTooLarge;
  if (status == 408 || status == 425 || status == 429 || status >= 500) return Kind::kBusy;
  // Without a problem document it was not our server that refused: a proxy, a portal, a redirect.
  return status >= 400 && problem ? Kind::kRefused : Kind::kUnreachable;
}

Answer<Json> parseAnswer(const HttpReply& reply, std::size_t max_answer) {
  if (!isJson(reply)) return notOurs("status " + std::to_string(reply.status) + ", no JSON");
  auto json = parseJson(reply.body, {.bytes = max_answer, .depth = 8, .values = 100'000});
  if (!json) return notOurs(json.error().text);
  return *json;
}

Answer<UploadAnswer> readUploadAnswer(const Json& json) {
  UploadAnswer out;
  JsonReader in(json, "answer");
  for (const Json& id : in.array("acknowledged", protocol::kMaxUploadItems)) {
    if (id.is_string()) out.acknowledged.push_back(id.get<std::string>());
  }
  const Json& rejected = in.array("rejected", protocol::kMaxUploadItems);
  const Json& parts = in.optionalArray("parts", protocol::kMaxUploadItems);
  if (auto ok = in.finishIgnoringUnknown(); !ok) return notOurs(ok.error().text);
  for (const Json& item : rejected) {
    JsonReader one(item, "answer.rejected");
    UploadAnswer::Rejected r{one.text("id", protocol::kMaxIdBytes), one.text("code", 256),
                             one.text("text", 4096)};
    if (auto ok = one.finishIgnoringUnknown(); !ok) return notOurs(ok.error().text);
    out.rejected.push_back(std::move(r));
  }
  for (const Json& item : parts) {
    JsonReader one(item, "answer.parts");
    UploadAnswer::Part part{one.text("id", protocol::kMaxIdBytes),
                            static_cast<std::size_t>(one.integer("next", 0, protocol::kMaxParts))};
    if (auto ok = one.finishIgnoringUnknown(); !ok) return notOurs(ok.error().text);
    out.parts.push_back(std::move(part));
  }
  return out;
}

std::int64_t retryAfterMs(const std::string& data) {
  const auto json = parseJson(data, {.bytes = 256, .depth = 2, .values = 8});
  if (!json) return 0;
  JsonReader in(*json, "retry");
  return in.integer("after_ms", 0, kLongestRetryMs);
}

}  // namespace

void ServerClock::heard(std::int64_t date_s) {
  // Date has whole seconds and took a while to get here: differences within that are none.
  constexpr std::int64_t kNoise = 2;
  const std::int64_t offset = date_s - clock_.epochNs() / kSecondNs;
  offset_s_ = offset >= -kNoise && offset <= kNoise ? 0 : offset;
}

HttpRequest ServerApi::sign(const std::string& method, const std::string& target, std::string body,
                            const std::string& authorization, const protocol::SigningKey& key) const {
  HttpRequest request{method, target, std::move(body), {}};
  const auto headers =
      protocol::signRequest({method, client_->authority(), target, request.body, authorization},
                            signer_.key_id, key, signer_.clock.nowS());
  request.headers = {{"Content-Digest", headers.content_digest},
                     {"Signature-Input", headers.signature_input},
                     {"Signature", headers.signature}};
  if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
  return request;
}

void backOff(Backoff& backoff, const Failure& failure, std::int64_t now_ns) {
  const std::int64_t after_ns = failure.retry_after_s * kSecondNs;
  if (failure.putsOff()) return backoff.putOff(now_ns, after_ns);
  backoff.failed(now_ns, after_ns);
}

Failure failureOf(const HttpReply& reply) {
  Failure out;
  out.status = reply.status;
  out.retry_after_s = reply.retry_after_s;
  out.request_id = reply.request_id;
  out.text = "status " + std::to_string(reply.status);
  bool problem = false;
  if (isJson(reply)) {
    if (const auto json = parseJson(reply.body, {.bytes = 64U << 10, .depth = 8, .values = 1000});
        json && json->is_object()) {
      JsonReader in(*json, "problem");
      out.code = in.optionalText("code", 256);
      const std::string detail = in.optionalText("detail", 4096);
      problem = in.finishIgnoringUnknown().has_value() && !out.code.empty();
      if (problem) out.text += " " + out.code + (detail.empty() ? "" : ": " + detail);
    }
  }
  out.kind = kindOf(reply.status, problem);
  if (out.kind == Kind::kUnreachable) out.text = "what answered is not a RedFlag server: " + out.text;
  return out;
}

// Each attempt signs anew. Another one follows, once for each cause, where that is what was missing: the
// server had closed an idle connection, was restarted since, showed us its clock, or wants another access
// token.
Answer<HttpReply> ServerApi::send(const Attempt& attempt, Access* access) {
  bool reconnected = false;
  bool renewed = false;
  for (bool signed_again = false;;) {
    const auto authorization = access == nullptr ? Answer<std::string>() : access->authorization(*this);
    if (!authorization) return tl::unexpected<Failure>(authorization.error());
    const auto reply = attempt(*authorization);
    if (!reply) {
      const bool stale = reply.error().code == Code::kUnavailable && client_->reused();
      if (stale && !std::exchange(reconnected, true)) continue;
      return tl::unexpected<Failure>(fromError(reply.error()));
    }
    if (reply->date_s) signer_.clock.heard(*reply->date_s);
    if (reply->status == 200 || reply->status == 201) return *reply;
    Failure failure = failureOf(*reply);
    if (access != nullptr && failure.code.starts_with("token.") && !std::exchange(renewed, true)) {
      access->refused(*authorization);
      continue;
    }
    if (!mendedByNewSignature(failure) || std::exchange(signed_again, true)) {
      return tl::unexpected<Failure>(std::move(failure));
    }
    // `created` has whole seconds: the next one is surely after the server's start.
    if (failure.code == kBeforeStart) std::this_thread::sleep_for(kUntilNextSecond);
  }
}

Answer<Json> ServerApi::post(const std::string& target, const std::string& body, const char* encoding,
                             std::size_t max_answer, Access* access) {
  return postWith(signer_.key, target, body, encoding, max_answer, access);
}

Answer<Json> ServerApi::postWith(const protocol::SigningKey& key, const std::string& target,
                                 const std::string& body, const char* encoding, std::size_t max_answer,
                                 Access* access) {
  const auto attempt = [&](const std::string& authorization) {
    HttpRequest request = sign("POST", target, body, authorization, key);
    request.headers.emplace_back("Content-Type", "application/json");
    if (encoding != nullptr) request.headers.emplace_back("Content-Encoding", encoding);
    return client_->exchange(request, max_answer);
  };
  const auto reply = send(attempt, access);
  if (!reply) return tl::unexpected<Failure>(reply.error());
  return parseAnswer(*reply, max_answer);
}

Answer<UploadAnswer> ServerApi::upload(const std::vector<std::string>& items) {
  std::string body = "{\"items\":[";
  for (std::size_t i = 0; i < items.size(); ++i)
    body += (i > 0 ? "," : "") + items[i];
  body += "]}";
  const auto packed = protocol::compress(body);
  if (!packed) return tl::unexpected<Failure>(fromError(packed.error()));
  if (body.size() > protocol::kMaxExpandedUploadBytes || packed->size() > protocol::kMaxUploadBytes) {
    return failure(Kind::kTooLarge, "over the limit of one upload");
  }
  const auto answer = post("/agent/v1/upload", *packed, "zstd", kMaxAnswer, signer_.access);
  if (!answer) return tl::unexpected<Failure>(answer.error());
  return readUploadAnswer(*answer);
}

Answer<Fetched> ServerApi::fetch() {
  const auto answer =
      post("/agent/v1/commands/fetch", "{}", nullptr, protocol::kMaxFetchBytes, signer_.access);
  if (!answer) return tl::unexpected<Failure>(answer.error());
  JsonReader in(*answer, "answer");
  const Json& list = in.array("commands", protocol::kMaxFetchedCommands);
  Fetched out;
  if (in.find("held") != nullptr) {
    JsonReader held(in.object("held"), "answer.held");
    out.held_state = held.text("state", 32);
    out.held_reason = held.text("reason", 1024);
    if (auto ok = held.finishIgnoringUnknown(); !ok) return notOurs(ok.error().text);
  }
  if (auto ok = in.finishIgnoringUnknown(); !ok) return notOurs(ok.error().text);
  out.envelopes.assign(list.begin(), list.end());
  return out;
}

Answer<bool> ServerApi::handTrust(const Json& files) {
  const std::string body = dumpJson(files);
  if (body.size() > protocol::kMaxHandedTrustBytes)
    return failure(Kind::kTooLarge, "over the limit of trust documents");
  const auto answer = post("/agent/v1/trust", body, nullptr, kMaxAnswer, signer_.access);
  if (!answer) return tl::unexpected<Failure>(answer.error());
  JsonReader in(*answer, "answer");
  const bool newer = in.boolean("newer");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return notOurs(ok.error().text);
  return newer;
}

Answer<Json> ServerApi::enroll(const Json& request) {
  return post("/agent/v1/enroll", dumpJson(request), nullptr, kMaxAnswer, nullptr);
}

Answer<Json> ServerApi::renew(const Json& request) {
  return post("/agent/v1/token", dumpJson(request), nullptr, kMaxAnswer, nullptr);
}

Answer<Json> ServerApi::handOverKey(const Json& request, const protocol::SigningKey& key) {
  return postWith(key, "/agent/v1/key", dumpJson(request), nullptr, kMaxAnswer, nullptr);
}

Answer<bool> ServerApi::doorbell(const Doorbell& doorbell, std::int64_t idle_ns) {
  EventStreamParser parser;
  const auto line = [&](std::string_view text) {
    const auto event = parser.feed(text);
    if (!event) return true;
    if (event->event == "ring") doorbell.ring();
    if (event->event != "retry") return true;
    doorbell.retry(retryAfterMs(event->data));
    return false;
  };
  const auto attempt = [&](const std::string& authorization) {
    HttpRequest request = sign("GET", "/agent/v1/doorbell", {}, authorization, signer_.key);
    request.headers.emplace_back("Accept", "text/event-stream");
    return client_->stream(request, idle_ns, doorbell.opened, line);
  };
  const auto reply = send(attempt, signer_.access);
  if (!reply) return tl::unexpected<Failure>(reply.error());
  if (reply->content_type != "text/event-stream") return notOurs("no event stream");
  return true;
}

}  // namespace redflag::kernel
