#include "link/key_rotation.h"

#include "base/log.h"
#include "protocol/key_handover.h"

namespace redflag::kernel {
namespace {

tl::unexpected<Failure> notNow(const std::string& text) {
  return tl::unexpected<Failure>(Failure{Failure::Kind::kBusy, 0, "key.not_kept", text, 0});
}

// By its code it was our server that said so. Whoever refuses a signature may know another key of this
// agent's.
bool forGood(const Failure& failure) {
  return !failure.code.empty() && (failure.kind == Failure::Kind::kRefused || failure.status == 403);
}

}  // namespace

bool KeyRotation::unsettled() const {
  const auto state = loadHandover(parts_.store.folder());
  if (!state) return false;
  const auto next = parts_.store.loadNextKey();
  if (!next) return next.error().code == Code::kUnavailable;
  return next->publicKey() == state->new_key;
}

bool KeyRotation::doneFor(const std::string& command_id) const {
  const auto state = loadHandover(parts_.store.folder());
  return state && state->command_id == command_id && state->new_key == parts_.key.publicKey();
}

Result<> KeyRotation::begin(const std::string& command_id) {
  const auto next = parts_.store.loadOrMakeNextKey();
  if (!next) return tl::unexpected<Error>(next.error());
  return saveHandover(parts_.store.folder(),
                      {command_id, next->publicKey(),
                       protocol::sealKeyHandover(parts_.agent_id, command_id, parts_.key, *next)});
}

Answer<KeyRotation::Outcome> KeyRotation::settle(ServerApi& api) {
  const auto state = loadHandover(parts_.store.folder());
  const auto next = parts_.store.loadNextKey();
  if (!state) return notNow(state.error().text);
  if (!next) return notNow(next.error().text);
  const Json request = {{"handover", state->handover}};
  auto answer = api.handOverKey(request, parts_.key);
  // Its answer was lost, and the old key is over.
  if (!answer && answer.error().code == "signature.invalid") answer = api.handOverKey(request, *next);
  if (!answer && !forGood(answer.error())) return tl::unexpected<Failure>(answer.error());
  if (!answer) {
    spdlog::error("identity: key.refused: the agent's key stays as it is: {}", answer.error().text);
    if (auto ok = giveUp(); !ok) return notNow(ok.error().text);
    return Outcome{false, answer.error()};
  }
  if (auto ok = parts_.store.adoptNextKey(); !ok) return notNow(ok.error().text);
  spdlog::info("this agent has a new key, {}", protocol::keyId(next->publicKey()));
  if (parts_.adopted) parts_.adopted();
  return Outcome{true, {}};
}

// In this order: without its hand-over the next key is nobody's.
Result<> KeyRotation::giveUp() {
  if (auto ok = forgetHandover(parts_.store.folder()); !ok) return ok;
  return parts_.store.dropNextKey();
}

}  // namespace redflag::kernel
