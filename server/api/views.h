#pragma once
// Rows as openapi.json shows them.

#include "api/update_outlook.h"
#include "base/json.h"
#include "services/approvals.h"
#include "store/agents.h"
#include "store/audit.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/page.h"
#include "store/scans.h"
#include "store/schedules.h"
#include "store/updates.h"

namespace redflag::api {

Json timeOrNull(std::int64_t epoch_ns);  // null for 0
Json textOrNull(const std::string& text);
Json reasonOrNull(const store::Reason& reason);
// A stored JSON text; `fallback` when it is "" or unreadable.
Json parsedOr(const std::string& text, Json fallback);

Json view(const store::Agent& agent);
Json view(const store::Update& update, const Prospect& prospect);
Json view(const store::Page<store::Update>& page, const Prospects& prospects);
Json view(const store::UpdateGroup& group);
Json view(const store::Command& command);
Json view(const store::HistoryEntry& entry);
Json view(const store::AuditRecord& record);
Json view(const store::Scan& scan);
Json view(const store::ShownRecord& record);
Json view(const store::Schedule& schedule);
Json view(const store::SecondOpinion& opinion);  // null: there is none
Json view(const store::ScheduleRun& run);
Json view(const services::ApprovalOutcome& outcome);
Json view(const std::vector<services::WindowHint>& hints);
// The window of the agent's place that is open, or else opens next; null where machines may be changed at any
// time.
Json windowOfAgent(const store::ReadTransaction& tx, const store::Agent& agent, std::int64_t now);

template <class T>
Json view(const store::Page<T>& page) {
  Json items = Json::array();
  for (const auto& item : page.items)
    items.push_back(view(item));
  return {{"items", std::move(items)}, {"next_cursor", textOrNull(page.next_cursor)}, {"total", page.total}};
}

}  // namespace redflag::api
