#include "executor/order.h"

#include "host/actions.h"

namespace redflag::kernel {

using protocol::refuse;

namespace {

constexpr const char* kDownload = "download";
constexpr const char* kInstall = "install";
constexpr const char* kRollback = "rollback";

bool isUpdatersWork(const std::string& action) {
  return action == kDownload || action == kInstall || action == kRollback;
}

}  // namespace

bool bindsPlan(const Order& order) {
  return isUpdatersWork(order.action);
}

bool isDownload(const Order& order) {
  return order.action == kDownload;
}

protocol::Verdict<protocol::Envelope> verifyEnvelope(const Json& transport, const ExecutorTrust& trust,
                                                     const protocol::CommandList& keys, std::int64_t now_ns) {
  auto envelope = protocol::openListed(transport, keys, now_ns);
  if (!envelope) return envelope;
  if (auto ok = protocol::checkAddressee(*envelope, trust.agent_id, trust.client_id); !ok) {
    return tl::unexpected<protocol::Refused>(ok.error());
  }
  return envelope;
}

protocol::Verdict<Order> orderFrom(const protocol::Envelope& envelope) {
  if (envelope.command_id.front() == '.') {
    return refuse(protocol::refusal::kMalformed, "the command's id begins with a dot");
  }
  // plan_hash binds one plan, and a journal entry has one outcome: an order carries one action.
  if (envelope.actions.size() != 1)
    return refuse(protocol::refusal::kUnknownAction, "the executor carries out one action in an order");
  const protocol::Action& action = envelope.actions.front();
  const bool planned = isUpdatersWork(action.action);
  if (action.plugin == "kernel" || (!planned && host::isReservedAction(action.action))) {
    return refuse(protocol::refusal::kUnknownAction,
                  action.plugin + "/" + action.action + " is not the executor's");
  }
  if (planned == envelope.plan_hash.empty()) {
    return refuse(protocol::refusal::kMalformed,
                  planned ? "plan_hash: expected 32 bytes" : "plan_hash: expected none, nothing is planned");
  }
  Order order{envelope.command_id,    protocol::identityHash(envelope),
              action.plugin,          action.action,
              action.parameters,      envelope.plan_hash,
              envelope.restore_epoch, envelope.not_before,
              envelope.expires_at};
  if (!planned) return order;
  if (const auto updates = updatesOf(order); !updates) {
    return refuse(protocol::refusal::kMalformed, updates.error().text);
  }
  return order;
}

Result<Json> updatesOf(const Order& order) {
  const auto json = parseJson(order.parameters, {.bytes = protocol::kMaxParametersBytes});
  if (!json) return failAt("parameters", json.error());
  JsonReader in(*json, "parameters");
  Json updates = in.array("updates", protocol::kMaxPlanSteps);
  in.find("plan");  // what the server confirmed; the plan that counts is made here
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  Json request = {{"updates", std::move(updates)}};
  if (order.action == kRollback) request["rollback"] = true;
  return request;
}

}  // namespace redflag::kernel
