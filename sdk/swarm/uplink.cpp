// How a simulated agent asks: one signed request after the other, tried again as an agent does.
#include <utility>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/compress.h"
#include "protocol/limits.h"
#include "protocol/message_signature.h"
#include "protocol/state_document.h"
#include "swarm/agent.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kAnswerNs = 30 * kSecondNs;
constexpr const char* kTokenTarget = "/agent/v1/token";
constexpr std::size_t kMaxAnswer = protocol::kMaxFetchBytes;
constexpr std::size_t kSlowBytes = 256;
constexpr std::int64_t kSlowPauseNs = 20 * kMillisecondNs;

}  // namespace

// Starts whatever is due next, if nothing runs.
void SimulatedAgent::pump() {
  if (!alive_ || offline_ || asking_) return;
  const std::int64_t now = monotonicNow();
  const bool renew = enrolled() && (authorization_.empty() || now >= renew_at_ns_);
  const bool due = !enrolled() || renew || fetch_wanted_ || !spool_.items().empty();
  if (!due) return;
  if (now < may_try_ns_) {
    if (try_timer_ == Reactor::TimerId{})
      try_timer_ = world_.reactor.at(may_try_ns_, [this] { try_timer_ = {}, pump(); });
    return;
  }
  if (!enrolled()) return askEnrol();
  if (renew) return askRenew();
  if (fetch_wanted_) return askFetch();
  askUpload();
}

std::string SimulatedAgent::signedRequest(const char* method, const std::string& target,
                                          const std::string& body, const char* encoding) {
  const bool with_token = enrolled() && target != kTokenTarget;
  const std::string authorization = with_token ? authorization_ : std::string();
  const std::string key_id = enrolled() ? agent_id_ : toBase64Url(key_.publicKey());
  const std::string& authority = world_.target.origin.authority;
  const auto headers = protocol::signRequest({method, authority, target, body, authorization}, key_id, key_,
                                             localNow() / kSecondNs + offset_s_);
  std::string out = std::string(method) + ' ' + target + " HTTP/1.1\r\nHost: " + authority +
                    "\r\nContent-Digest: " + headers.content_digest +
                    "\r\nSignature-Input: " + headers.signature_input + "\r\nSignature: " + headers.signature;
  if (with_token) out += "\r\nAuthorization: " + authorization;
  if (encoding != nullptr) out += std::string("\r\nContent-Encoding: ") + encoding;
  if (!body.empty())
    out += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  return out + "\r\n\r\n" + body;
}

void SimulatedAgent::ask(Ask what, const std::string& target, std::string body, const char* encoding) {
  asking_ = what;
  lose_reply_ = !calm() && random_.chance(world_.plan.faults.lost_reply);
  new_connection_ = uplink_ == nullptr;
  if (new_connection_) uplink_ = std::make_unique<Connection>(world_.reactor, world_.target, uplink_user_);
  if (ailments_.slow_reader) uplink_->readSlowly(calm() ? 0 : kSlowBytes, kSlowPauseNs);
  uplink_->send(signedRequest("POST", target, body, encoding), false, kAnswerNs);
}

void SimulatedAgent::askEnrol() {
  operation_ = "enroll";
  const Json request = {{"token", world_.bundle.token},
                        {"public_key", toBase64Url(key_.publicKey())},
                        {"hostname", machine_.hostname()},
                        {"agent_version", REDFLAG_VERSION},
                        {"mode", "act"},
                        {"platform", "linux-x86_64"},
                        {"machine", {{"os_name", "Debian GNU/Linux"}, {"os_version", "12"}}}};
  ask(Ask::kEnrol, "/agent/v1/enroll", dumpJson(request), nullptr);
}

// Written down before it is sent, and the same until it is answered, as an agent does.
void SimulatedAgent::askRenew() {
  operation_ = "renew";
  if (pending_.is_null()) {
    const protocol::StateDocument document{agent_id_,
                                           number_ + 1,
                                           boot_id_,
                                           protocol::machineHash(agent_id_, machine_.hostname()),
                                           protocol::tokenHash(refresh_token_),
                                           randomBytes(16)};
    pending_ = protocol::sealStateDocument(document, key_);
  }
  const Json request = {{"refresh_token", toBase64Url(refresh_token_)}, {"document", pending_}};
  ask(Ask::kRenew, kTokenTarget, dumpJson(request), nullptr);
}

void SimulatedAgent::takeTokens(const Json& answer) {
  const auto token = fromBase64Url(answer.value("refresh_token", ""));
  authorization_ = "Bearer " + answer.value("access_token", "");
  if (!token || token->empty()) return failed();
  refresh_token_ = *token;
  renew_at_ns_ = monotonicNow() + answer.value("expires_in_s", std::int64_t{0}) * kSecondNs / 3 * 2;
}

void SimulatedAgent::wantFetch() {
  // The answer that is on its way was made before it.
  fetch_again_ = fetch_again_ || asking_ == Ask::kFetch;
  if (!fetch_wanted_) ++world_.progress.fetches;
  fetch_wanted_ = true;
  pump();
}

void SimulatedAgent::fetched() {
  if (fetch_wanted_) --world_.progress.fetches;
  fetch_wanted_ = false;
}

void SimulatedAgent::askFetch() {
  operation_ = "check_in";
  ask(Ask::kFetch, "/agent/v1/commands/fetch", "{}", nullptr);
}

void SimulatedAgent::askUpload() {
  std::string body = "{\"items\":[";
  operation_ = "upload.reports";
  for (const SpoolItem* item : spool_.batch()) {
    if (body.back() != '[') body += ',';
    body += itemText(*item, {machine_, boot_id_, installed_});
    if (item->isScan()) world_.ledger.sent(agent_id_, item->id);
    if (item->kind == SpoolItem::Kind::kPackages) operation_ = "upload.packages";
    if (item->isScan() && operation_ != "upload.packages") operation_ = "upload.updates";
  }
  auto packed = protocol::compress(body + "]}");
  if (!packed) return failed();
  ask(Ask::kUpload, "/agent/v1/upload", std::move(*packed), "zstd");
}

void SimulatedAgent::asked() {
  if (mayDie()) return;
  if (!lose_reply_) return;
  world_.statistics.failed("fault.lost_reply");
  asking_.reset();
  uplink_.reset();
  pump();
}

void SimulatedAgent::failed(const Reply& reply) {
  const std::int64_t now = monotonicNow();
  const std::int64_t after = now + reply.retryAfterS() * kSecondNs;
  asked_ns_ = reply.putsOff() ? after : 0;
  may_try_ns_ = std::max(now + backoffNs(++failures_, random_, reply.putsOff()), after);
  pump();
}

void SimulatedAgent::uplinkClosed(const std::string& why) {
  uplink_.reset();
  if (!asking_) return;  // an idle one: the server ends those
  asking_.reset();
  world_.statistics.failed("connection." + why);
  // The server may have closed a kept connection in the moment it was used: a new one is worth a try at once.
  if (!new_connection_ && why == "closed") return pump();
  failed();
}

// What a new signature mends: made before the server's start, or by a clock that is not the server's.
bool SimulatedAgent::mended(const Reply& reply) {
  const std::string code = reply.code();
  const bool before_start = code == "signature.before_start";
  if (reply.status == 401 && code.starts_with("token.") && !authorization_.empty()) {
    authorization_.clear();
    pump();
    return true;
  }
  if (reply.status != 401 || signed_again_ || (!before_start && code != "signature.clock")) return false;
  signed_again_ = true;
  may_try_ns_ = before_start ? monotonicNow() + 1'100 * kMillisecondNs : 0;
  pump();
  return true;
}

void SimulatedAgent::answered(Connection& connection, Reply& reply) {
  if (mayDie()) return;
  const Ask what = *asking_;
  asking_.reset();
  world_.statistics.moved(reply.sent, reply.received);
  if (new_connection_) world_.statistics.took("connect", connection.handshakeNs());
  if (const std::int64_t date_s = reply.dateS(); date_s != 0) offset_s_ = date_s - localNow() / kSecondNs;
  if (reply.headers["connection"] == "close") uplink_.reset();
  auto answer = parseJson(reply.body, {.bytes = kMaxAnswer, .depth = 8, .values = 100'000});
  const bool good = (reply.status == 200 || reply.status == 201) && answer && answer->is_object();
  if (!good) {
    world_.statistics.refused(reply);
    if (mended(reply)) return;
    signed_again_ = false;
    return failed(reply);
  }
  signed_again_ = false;
  failures_ = 0;
  may_try_ns_ = asked_ns_ = 0;
  if (what == Ask::kFetch && !answer->value("commands", Json::array()).empty()) operation_ = "fetch_orders";
  world_.statistics.took(operation_, reply.took_ns);
  switch (what) {
    case Ask::kEnrol:
      takeEnrolment(*answer);
      break;
    case Ask::kRenew:
      pending_ = Json();
      ++number_;
      takeTokens(*answer);
      openDoorbell();
      break;
    case Ask::kFetch:
      fetched();
      takeOrders(*answer);
      if (alive_ && std::exchange(fetch_again_, false)) wantFetch();
      break;
    case Ask::kUpload:
      takeUpload(*answer);
      break;
  }
  if (alive_) pump();
}

void SimulatedAgent::takeEnrolment(const Json& answer) {
  agent_id_ = answer.value("agent_id", "");
  client_id_ = answer.value("client_id", "");
  if (!enrolled()) return failed();
  takeTokens(answer);
  ++world_.progress.enrolled;
  world_.ledger.enrolled(agent_id_);
  packagesNow();
  openDoorbell();
  schedule();
  if (!ailments_.cloned) return;
  ++world_.progress.clones;
  world_.ledger.cloned(agent_id_);
  copy_ = std::make_unique<SimulatedAgent>(world_, random_.next(), *this);
  copy_->startAt(monotonicNow() + random_.between(100, 3'000) * kMillisecondNs);
}

void SimulatedAgent::takeUpload(const Json& answer) {
  for (const Json& id : answer.value("acknowledged", Json::array())) {
    if (!id.is_string()) continue;
    const SpoolItem item = spool_.take(id.get<std::string>());
    if (item.id.empty()) continue;
    --world_.progress.spooled;
    delivered(item);
  }
  for (const Json& rejected : answer.value("rejected", Json::array())) {
    const SpoolItem item = spool_.take(rejected.value("id", ""));
    if (item.id.empty()) continue;
    --world_.progress.spooled;
    ++world_.progress.rejected;
    if (item.isScan()) world_.ledger.rejected(agent_id_, item.id);
    if (!item.outcome.empty()) --world_.progress.open_orders;
    world_.statistics.failed("rejected." + rejected.value("code", "unknown"));
  }
}

void SimulatedAgent::delivered(const SpoolItem& item) {
  ++world_.progress.acknowledged;
  if (item.isScan()) world_.ledger.acknowledged(agent_id_, item.id);
  if (item.outcome.empty()) return;
  world_.ledger.told(agent_id_, item.command_id, item.outcome);
  --world_.progress.open_orders;
}

}  // namespace redflag::swarm
