#include "services/key_rotation.h"

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/key_handover.h"
#include "store/commands.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::int64_t kOldKeyLivesNs = 600 * kSecondNs;
constexpr const char* kRotateKeys = "rotate_keys";

enum class Taken { kTaken, kAlready, kConflict, kHeld, kNotOrdered };

bool ordered(store::WriteTransaction& tx, const protocol::KeyHandover& handover) {
  const auto command = tx.commands().find(handover.command_id, http::Visible::everything());
  return command && command->agent_id == handover.agent_id && command->type == kRotateKeys &&
         !store::finished(command->state);
}

void rotated(store::WriteTransaction& tx, const store::AgentKey& agent, const protocol::KeyHandover& handover,
             const std::string& peer, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "security";
  entry.actor = "agent";
  entry.kind = "agent.key_rotated";
  entry.text = "handed its key " + protocol::keyId(handover.old_key) + " over to a new one, " +
               protocol::keyId(handover.new_key) + ", from " + peer;
  entry.command_id = handover.command_id;
  tx.events().record(agent.client_id, agent.agent_id, entry);
  tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, now);
}

Taken takeIn(store::WriteTransaction& tx, const Context& context, const store::AgentKey& asking,
             const protocol::KeyHandover& handover, const std::string& peer) {
  const auto agent = tx.agents().key(asking.agent_id).value();
  if (agent.public_key == handover.new_key) return Taken::kAlready;
  if (agent.public_key != handover.old_key || asking.public_key != handover.old_key) return Taken::kConflict;
  if (agent.standing.state != "active") return Taken::kHeld;
  if (!ordered(tx, handover)) return Taken::kNotOrdered;
  const std::int64_t now = context.now();
  tx.agents().handOverKey(agent, handover.new_key, now + kOldKeyLivesNs);
  rotated(tx, agent, handover, peer, now);
  endsWith(tx, context.endings,
           {Ending::What::kAgentKey, agent.agent_id, kHandedOver + toBase64Url(handover.new_key)});
  return Taken::kTaken;
}

}  // namespace

void takeKeyHandover(const Context& context, AgentAccess& access, const store::AgentKey& asking,
                     const Json& transport, const std::string& peer) {
  const auto handover = protocol::openKeyHandover(transport);
  if (!handover) throw http::Problem{400, "request.invalid", handover.error().text, "/handover"};
  const auth::AgentIdentity who{asking.agent_id, asking.client_id, asking.public_key, "active", "", 0};
  if (handover->agent_id != asking.agent_id) {
    access.refused(who, "key.wrong_agent", peer);
    throw http::Problem{403, "key.wrong_agent", "the hand-over is another agent's", "/handover"};
  }
  const Taken taken = context.store.write(
      [&](store::WriteTransaction& tx) { return takeIn(tx, context, asking, *handover, peer); });
  switch (taken) {
    case Taken::kTaken:
    case Taken::kAlready:
      return;
    case Taken::kConflict:
      access.refused(who, "key.conflict", peer);
      throw http::Problem{409, "key.conflict", "this agent has another key by now", "/handover"};
    case Taken::kHeld:
      throw http::Problem{403, "agent.held", "a person has to look at this agent first", "/handover"};
    case Taken::kNotOrdered:
      throw http::Problem{404, "key.not_ordered", "no order that asks for it is under way", "/handover"};
  }
}

}  // namespace redflag::services
