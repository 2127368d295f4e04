#include "link/access.h"

#include <random>

#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "identity/refresh_state.h"
#include "platform/machine.h"
#include "protocol/state_document.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kLongestLifeS = 7 * 86'400;
constexpr const char* kEnrolAgain =
    "the server knows this agent no more, or has never given it access tokens: make an enrolment token and "
    "run "
    "`redflag-agent enroll` again";

constexpr const char* kReplaced = "key.replaced";

tl::unexpected<Failure> failed(Failure::Kind kind, const std::string& code, const std::string& text) {
  return tl::unexpected<Failure>(Failure{kind, 0, code, text, 0});
}

// Two thirds of its life, a little less for each by chance: agents that came together do not come back
// together.
std::int64_t dueAfterNs(std::int64_t life_ns) {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  const std::int64_t latest = life_ns / 3 * 2;
  return latest - std::uniform_int_distribution<std::int64_t>(0, latest / 10)(engine);
}

}  // namespace

Answer<std::string> Access::authorization(ServerApi& api) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = monotonicNow();
  if (!authorization_.empty() && now < due_ns_) return authorization_;
  if (const auto renewed = renew(api); !renewed) {
    if (authorization_.empty() || now >= ends_ns_) return tl::unexpected<Failure>(renewed.error());
    due_ns_ = now + (ends_ns_ - now) / 4;
  }
  return authorization_;
}

void Access::refused(const std::string& authorization) {
  const std::lock_guard lock(mutex_);
  if (authorization == authorization_) authorization_.clear();
}

// False: the server does not want the new key. True: the agent has it from now on.
Answer<bool> Access::settleKey(ServerApi& api) {
  const auto settled = parts_.rotation->settle(api);
  if (!settled) return tl::unexpected<Failure>(settled.error());
  key_replaced_ = settled->adopted;
  if (settled->adopted) return true;
  return failed(Failure::Kind::kRefused, settled->refusal.code, settled->refusal.text);
}

// A document that the old key signed is worth nothing once there is a new one, and the server may have it.
Answer<bool> Access::answerPending(ServerApi& api) {
  const auto state = loadRefreshState(parts_.identity_folder);
  if (!state || state->pending.is_null()) return true;
  return renew(api);
}

Answer<std::string> Access::changeKey(ServerApi& api, const std::string& command_id) {
  const std::lock_guard lock(mutex_);
  if (parts_.rotation->doneFor(command_id)) return protocol::keyId(parts_.key.publicKey());
  if (key_replaced_) return failed(Failure::Kind::kBusy, kReplaced, "the key was replaced a moment ago");
  if (!parts_.rotation->unsettled()) {
    if (const auto ok = answerPending(api); !ok) return tl::unexpected<Failure>(ok.error());
    if (auto ok = parts_.rotation->begin(command_id); !ok)
      return failed(Failure::Kind::kBusy, "key.not_kept", ok.error().text);
  }
  const auto state = loadHandover(parts_.identity_folder);
  if (const auto ok = settleKey(api); !ok) return tl::unexpected<Failure>(ok.error());
  // What was unsettled may have been another order's.
  if (!state || state->command_id != command_id)
    return failed(Failure::Kind::kBusy, kReplaced, "the key of an earlier order was settled first");
  return protocol::keyId(state->new_key);
}

// The document is on disk before it is sent, and stays there until its answer is: whatever ends the process
// in between, the same document is sent again, and the server sees a lost answer and no second machine.
Answer<bool> Access::renew(ServerApi& api) {
  if (key_replaced_) return failed(Failure::Kind::kBusy, kReplaced, "the key was replaced a moment ago");
  if (parts_.rotation != nullptr && parts_.rotation->unsettled()) {
    const auto settled = settleKey(api);
    if (!settled && settled.error().kind != Failure::Kind::kRefused) return settled;
    if (settled) return failed(Failure::Kind::kBusy, kReplaced, "the key was replaced a moment ago");
  }
  auto state = loadRefreshState(parts_.identity_folder);
  if (!state || state->agent_id != parts_.agent_id)
    return failed(Failure::Kind::kDenied, "access.none",
                  state ? kEnrolAgain : state.error().text + "; " + kEnrolAgain);
  // One that the present key did not sign, or that is of another token, is left from before the agent was
  // bound anew: no server takes it.
  if (!state->pending.is_null()) {
    const auto kept = protocol::openStateDocument(state->pending, parts_.key.publicKey());
    if (!kept || kept->document.previous != protocol::tokenHash(state->refresh_token))
      state->pending = Json();
  }
  if (state->pending.is_null()) {
    const protocol::StateDocument document{parts_.agent_id,
                                           state->number + 1,
                                           platform::bootId(),
                                           protocol::machineHash(parts_.agent_id, platform::machineId()),
                                           protocol::tokenHash(state->refresh_token),
                                           randomBytes(16)};
    state->pending = protocol::sealStateDocument(document, parts_.key);
    if (auto ok = saveRefreshState(parts_.identity_folder, *state); !ok)
      return failed(Failure::Kind::kBusy, "access.not_kept",
                    "no access token is asked for: " + ok.error().text);
  }
  const auto answer =
      api.renew({{"refresh_token", toBase64Url(state->refresh_token)}, {"document", state->pending}});
  if (!answer) return tl::unexpected<Failure>(answer.error());
  JsonReader in(*answer, "answer");
  const auto token = fromBase64Url(in.text("refresh_token", 64));
  if (!token || token->size() != protocol::kRefreshTokenBytes)
    in.refuse("refresh_token", "32 bytes in base64url");
  if (auto ok = in.finishIgnoringUnknown(); !ok)
    return failed(Failure::Kind::kUnreachable, "", ok.error().text);
  const RefreshState next{parts_.agent_id, state->number + 1, *token, Json()};
  // Not kept: the same document brings the same answer next time.
  if (auto ok = saveRefreshState(parts_.identity_folder, next); !ok)
    spdlog::warn("the refresh token could not be kept: {}", ok.error().text);
  return take(*answer);
}

Answer<bool> Access::take(const Json& answer) {
  JsonReader in(answer, "answer");
  const std::string token = in.text("access_token", 4096);
  const std::int64_t life_ns = in.integer("expires_in_s", 1, kLongestLifeS) * kSecondNs;
  if (auto ok = in.finishIgnoringUnknown(); !ok)
    return failed(Failure::Kind::kUnreachable, "", ok.error().text);
  authorization_ = "Bearer " + token;
  due_ns_ = monotonicNow() + dueAfterNs(life_ns);
  ends_ns_ = monotonicNow() + life_ns;
  return true;
}

}  // namespace redflag::kernel
