#include "services/uploads.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/encoding.h"
#include "protocol/our_plugins.h"
#include "protocol/refused.h"
#include "services/item_reading.h"
#include "services/upload_items.h"
#include "services/upload_text.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/scans.h"
#include "store/updates.h"

namespace redflag::services {
namespace {

// A command has ended, or a machine has rebooted.
bool mayEndSomething(const std::string& kind) {
  return kind == "command_state" || kind == "refusal" || kind == "agent_status";
}

constexpr std::array<const char*, 3> kOutcomes = {"taken", "repeated", "rejected"};

// Those of takeItem(). An agent may send what it likes, and is not to use up the series of the others.
constexpr std::array<std::string_view, 9> kKinds = {"scan",    "command_state", "command_log",
                                                    "breaker", "agent_status",  "metrics",
                                                    "refusal", kPartKind,       "errors"};

constexpr int kHeldForS = 60;  // an accepted agent is rung for

// Kept as it is, but not without end.
constexpr std::size_t kMaxText = 8'192;
constexpr std::int64_t kMaxBreakers = 400;  // an agent's

}  // namespace

Uploads::Uploads(const Context& context) : context_(context), scans_(context) {
  if (context.metrics == nullptr) return;
  items_ = &context.metrics->counter({"redflag_upload_items",
                                      "",
                                      "Items that agents sent: taken, sent before, or rejected",
                                      {"kind", "outcome"}},
                                     64);
  // A rate needs the point before the first one.
  for (const char* outcome : kOutcomes) {
    for (const std::string_view kind : kKinds)
      items_->add({std::string(kind), outcome}, 0);
    items_->add({"other", outcome}, 0);
  }
  durations_ = &context.metrics->histogram(
      {"redflag_scan_duration_seconds", "seconds", "How long scans took on the agents", {"plugin"}},
      {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600}, 64);
  for (const std::string_view plugin : protocol::kOurPlugins)
    durations_->always({std::string(plugin)});
}

void Uploads::count(const Json& item, const char* outcome) const {
  if (items_ == nullptr) return;
  const std::string kind = kindOf(item);
  const bool known = std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
  items_->add({known ? kind : "other", outcome});
}

void Uploads::timeScan(const Json& item) const {
  if (durations_ == nullptr || kindOf(item) != "scan") return;
  durations_->observe({item.at("plugin").get<std::string>()},
                      static_cast<double>(item.at("duration_ms").get<std::int64_t>()) / 1000);
}

// Whoever nobody has accepted, or who may be another machine with a copied key, tells people nothing. One
// that alone holds a line of its own is one machine, whatever else is to be asked about it.
void Uploads::requireAccepted(const store::AgentKey& agent) const {
  const std::string& state = agent.standing.state;
  const bool several = state == "restored" && context_.store.read([&](const store::ReadTransaction& tx) {
    return tx.agents().lines(agent).size() > 1;
  });
  if (state != "pending" && state != "cloned" && !several) return;
  throw http::Problem{503, "agent.held",
                      "a person has to look at this agent first: keep what there is and send it later", "",
                      kHeldForS};
}

UploadAnswer Uploads::take(const store::AgentKey& agent, const std::string& body) {
  requireAccepted(agent);
  const UploadText text = cutRecords(body, kCutBytes);
  const Json json = parseUpload(text.skeleton);
  const Json& items = json["items"];
  if (items.size() == 1 && kindOf(items[0]) == kPartKind) return takePart(agent, items[0]);
  return takeItems(agent, text, items);
}

UploadAnswer Uploads::takeItems(const store::AgentKey& agent, const UploadText& text, const Json& items) {
  const std::int64_t now = context_.now();
  std::vector<bool> fresh(items.size());
  const UploadAnswer taken = context_.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) {
    UploadAnswer answer;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Json& item = items[i];
      const auto cut = text.records.find(i);
      const auto& id = item["id"].get_ref<const std::string&>();
      try {
        tx.attempt([&] {
          fresh[i] = tx.scans().takeItem(agent, id, now);
          if (fresh[i])
            takeItem(tx, agent, item, cut == text.records.end() ? std::string_view() : cut->second);
        });
        answer.acknowledged.push_back(id);
        answer.settle = answer.settle || mayEndSomething(kindOf(item));
      } catch (const http::Problem& problem) {
        if (problem.status >= 500) throw;
        answer.rejected.push_back({id, problem.code, problem.detail});
      }
    }
    tx.agents().touch(agent, now);
    return answer;
  });
  countAll(items, fresh, taken);
  return taken;
}

// After the commit: a transaction may have to be run again.
void Uploads::countAll(const Json& items, const std::vector<bool>& fresh, const UploadAnswer& answer) const {
  std::set<std::string_view> rejected;
  for (const auto& item : answer.rejected)
    rejected.insert(item.id);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool refused = rejected.contains(items[i]["id"].get_ref<const std::string&>());
    count(items[i], refused ? "rejected" : fresh[i] ? "taken" : "repeated");
    if (!refused && fresh[i]) timeScan(items[i]);
  }
}

void Uploads::takeItem(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item,
                       std::string_view cut_records) const {
  const std::string kind = kindOf(item);
  if (kind == "scan") return scans_.take(tx, agent, item, cut_records);
  if (kind == "command_state") return takeCommandState(tx, agent, item);
  if (kind == "command_log") return takeCommandLog(tx, agent, item);
  if (kind == "breaker") return takeBreaker(tx, agent, item);
  if (kind == "agent_status") return takeStatus(tx, agent, item);
  if (kind == "metrics") return takeMetrics(tx, agent, item);
  if (kind == "refusal") return takeRefusal(tx, agent, item);
  if (kind == kPartKind) throw http::Problem{400, "part.not_alone", "a part comes alone in its upload"};
  if (kind == "errors") return takeErrors(tx, agent, item);
  throw http::Problem{400, "item.unknown_kind", "this server knows no item of this kind"};
}

void Uploads::takeBreaker(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const {
  JsonReader in(item, "breaker");
  in.text("kind", 16);
  in.text("id", 26);
  store::Breaker breaker;
  breaker.since = readTime(in, "at");
  breaker.plugin = readClean(in, "plugin", 128);
  breaker.plugin_version = readClean(in, "plugin_version", 64);
  breaker.interface_id = readClean(in, "interface", 128);
  const std::string from = readChoice(in, "from", {"closed", "open", "half_open"});
  breaker.state = readChoice(in, "to", {"closed", "open", "half_open"});
  breaker.failure_class = in.optionalText("class", 64);
  breaker.code = in.optionalText("code", 128);
  breaker.text = in.optionalText("text", kMaxText);
  breaker.open_until = readOptionalTime(in, "open_until");
  finishItem(in);

  const std::int64_t now = context_.now();
  tx.agents().setBreaker(agent, breaker);
  tx.agents().trimBreakers(agent, kMaxBreakers);
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "breaker";
  entry.actor = "agent";
  entry.kind = "breaker." + breaker.state;
  entry.text = breaker.plugin + ": the breaker went from " + from + " to " + breaker.state +
               (breaker.text.empty() ? "" : ": " + breaker.text);
  entry.code = breaker.code;
  entry.severity = breaker.state == "open" ? "error" : "info";
  tx.events().record(agent.client_id, agent.agent_id, entry);
  tx.events().publish(agent.client_id, "breaker",
                      {{"agent_id", agent.agent_id}, {"plugin", breaker.plugin}, {"state", breaker.state}},
                      now);
}

void Uploads::takeRefusal(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const {
  JsonReader in(item, "refusal");
  in.text("kind", 16);
  in.text("id", 26);
  readTime(in, "at");
  const std::string command_id = in.optionalText("command_id", 64);
  const store::Reason reason{readClean(in, "code", 64), in.text("text", kMaxText)};
  const std::string by = readChoice(in, "by", {"kernel", "executor"});
  finishItem(in);

  const bool connection = reason.code == protocol::refusal::kConnection;
  const std::int64_t now = context_.now();
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = connection ? "security" : "trust";
  entry.actor = "agent";
  entry.kind = connection ? "security.connection" : "command.refused";
  entry.text = by + (connection ? " cut a local connection off: " : " refused an order: ") + reason.text;
  entry.code = reason.code;
  entry.severity = "error";
  const auto command = tx.commands().find(command_id, http::Visible::everything());
  if (command && command->agent_id == agent.agent_id) {
    entry.command_id = command_id;
    // A copy that was refused (a replay, a forged body) says nothing about the order that is already
    // accepted.
    const bool waiting =
        command->state == store::CommandState::kQueued || command->state == store::CommandState::kDelivered;
    if (waiting) tx.commands().advance(*command, store::CommandEvent::kRefused, "agent", reason, now);
  }
  tx.events().record(agent.client_id, agent.agent_id, entry);
  Json data = {{"agent_id", agent.agent_id}};
  if (!entry.command_id.empty()) data["command_id"] = command_id;
  tx.events().publish(agent.client_id, "refusal", data, now);
}

}  // namespace redflag::services
