#include <algorithm>

#include "protocol/limits.h"
#include "services/item_reading.h"
#include "services/uploads.h"
#include "store/errors.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxText = 4'096;

store::ErrorNote readError(const store::AgentKey& agent, const Json& json, const Context& context) {
  JsonReader in(json, "errors.errors");
  store::ErrorNote note;
  note.source = "agent";
  note.kind = "agent.error";
  note.client_id = agent.client_id;
  note.agent_id = agent.agent_id;
  // By a clock that may be anywhere: never later than now, nor so early that it is forgotten at once.
  const std::int64_t at = readTime(in, "at");
  note.at = std::clamp(at, context.now() - context.settings.keep_ns / 2, context.now());
  note.subsystem = readClean(in, "subsystem", 64);
  note.code = readClean(in, "code", 64);
  note.text = in.text("text", kMaxText);
  note.times = in.integer("times", 1, protocol::kMaxToldTimes);
  finishItem(in);
  return note;
}

}  // namespace

void Uploads::takeErrors(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const {
  JsonReader in(item, "errors");
  in.text("kind", 16);
  in.text("id", 26);
  readTime(in, "at");
  const Json& told = in.array("errors", protocol::kMaxToldErrors);
  finishItem(in);
  std::vector<store::ErrorNote> notes;
  for (const Json& json : told)
    notes.push_back(readError(agent, json, context_));
  for (const auto& note : notes)
    tx.errors().note(note);
  tx.events().publish(agent.client_id, "error", {{"agent_id", agent.agent_id}}, context_.now());
}

}  // namespace redflag::services
