#include "swarm/orders.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/limits.h"
#include "protocol/plan_hash.h"

namespace redflag::swarm {
namespace {

namespace refusal = protocol::refusal;

constexpr double kInstallsThatFail = 0.03;

Judgement refused(const std::string& command_id, const protocol::Refused& why) {
  Judgement out;
  out.refusal = {command_id, why.code, why.text};
  return out;
}

bool isKnownVerb(const protocol::Action& action) {
  if (action.plugin == "kernel") return action.action == "scan" || action.action == "cancel";
  return action.action == "plan" || action.action == "download" || action.action == "install";
}

Json planOf(const Json& updates) {
  Json steps = Json::array();
  for (const Json& update : updates) {
    steps.push_back({{"operation", "upgrade"},
                     {"name", update.value("name", "")},
                     {"arch", update.value("arch", "")},
                     {"from", "0"},
                     {"to", update.value("version", "")}});
  }
  return {{"steps", std::move(steps)}};
}

Outcome failed(std::string code, std::string text) {
  return {"failed", std::move(code), std::move(text), Json::array(), false, false};
}

// The result of one action, or the outcome that it ends the order with.
tl::expected<Json, Outcome> actOn(const protocol::Action& action, const std::string& scan_id,
                                  Random& random) {
  const auto parameters = parseJson(action.parameters, {.bytes = protocol::kMaxParametersBytes});
  if (!parameters) return tl::unexpected<Outcome>(failed("invalid", parameters.error().text));
  if (action.plugin == "kernel" && action.action == "scan") return Json{{"scans", Json::array({scan_id})}};
  if (action.action == "cancel") return Json{{"cancelled", false}};  // what runs here is never stopped
  if (action.action == "plan") {
    Json plan = planOf(parameters->value("updates", Json::array()));
    const auto steps = protocol::planSteps(plan);
    if (!steps) return tl::unexpected<Outcome>(failed("invalid", steps.error().text));
    return Json{{"plan", std::move(plan)}, {"plan_hash", toHex(protocol::planHash(*steps))}};
  }
  if (action.action == "download") return Json{{"download_bytes", 0}};
  if (random.chance(kInstallsThatFail))
    return tl::unexpected<Outcome>(failed("install.failed", "a maintainer script failed"));
  const Json plan = parameters->value("plan", Json::object());
  return Json{{"steps", plan.value("steps", Json::array())}, {"needs_reboot", false}};
}

}  // namespace

Judgement judgeOrder(const Json& transport, const Addressee& addressee, const Journal& journal,
                     std::int64_t local_now_ns) {
  const auto envelope = protocol::openListed(transport, addressee.keys, local_now_ns);
  if (!envelope) return refused("", envelope.error());
  const std::string& id = envelope->command_id;
  if (auto ours = protocol::checkAddressee(*envelope, addressee.agent_id, addressee.client_id); !ours)
    return refused(id, ours.error());
  Judgement out{Judgement::Kind::kNew, *envelope, protocol::identityHash(*envelope), {}};
  if (const auto known = journal.find(id); known != journal.end()) {
    if (known->second.identity != out.identity)
      return refused(id, {refusal::kIdReused, "this id was accepted with another content"});
    out.kind = Judgement::Kind::kKnown;
    return out;
  }
  if (auto timely = protocol::checkTimes(*envelope, local_now_ns); !timely)
    return refused(id, timely.error());
  if (!std::all_of(envelope->actions.begin(), envelope->actions.end(), isKnownVerb))
    return refused(id, {refusal::kUnknownAction, "an action of the order is not known to this agent"});
  return out;
}

bool isInstall(const protocol::Envelope& envelope) {
  return std::any_of(envelope.actions.begin(), envelope.actions.end(),
                     [](const protocol::Action& action) { return action.action == "install"; });
}

std::int64_t durationNs(const protocol::Envelope& envelope, Random& random) {
  std::int64_t ms = 0;
  for (const auto& action : envelope.actions) {
    if (action.action == "scan") ms += random.between(50, 1'500);
    if (action.action == "plan") ms += random.between(200, 2'000);
    if (action.action == "download") ms += random.between(500, 4'000);
    if (action.action == "install") ms += random.between(1'000, 8'000);
  }
  return ms * kMillisecondNs;
}

Outcome carryOut(const protocol::Envelope& envelope, const std::string& scan_id, Random& random) {
  Outcome out;
  out.state = "succeeded";
  for (const auto& action : envelope.actions) {
    auto result = actOn(action, scan_id, random);
    if (!result) return result.error();
    out.results.push_back(std::move(*result));
    out.scans = out.scans || action.action == "scan";
  }
  out.installs = isInstall(envelope);
  return out;
}

}  // namespace redflag::swarm
