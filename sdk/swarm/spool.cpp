#include "swarm/spool.h"

#include "base/time.h"

namespace redflag::swarm {
namespace {

Json statusItem(const SpoolItem& item, const ItemSource& source) {
  const auto plugin = [](const char* id, const char* name, Json interfaces) {
    return Json{{"id", id},      {"version", REDFLAG_VERSION},
                {"name", name},  {"interfaces", std::move(interfaces)},
                {"state", "ok"}, {"breaker", "closed"}};
  };
  return {{"kind", "agent_status"},
          {"id", item.id},
          {"at", toRfc3339(item.at_ns)},
          {"hostname", source.machine.hostname()},
          {"agent_version", REDFLAG_VERSION},
          {"mode", "act"},
          {"isolation", "full"},
          {"boot_id", source.boot_id},
          {"os_name", "Debian GNU/Linux"},
          {"os_version", "12"},
          {"kernel", "6.1.0-27-amd64"},
          {"plugins", Json::array({plugin("apt", "APT", {"rf.scanner/1", "rf.updater/1"}),
                                   plugin("system", "System", {"rf.scanner/1"})})},
          {"config", {{"state", "ok"}, {"text", ""}}}};
}

// Without what was installed since; a scan that proves says what is installed instead.
Json updateRows(const SpoolItem& item, const ItemSource& source) {
  Json rows = Json::array();
  for (Json& row : source.machine.updates(item.revision)) {
    const auto done = source.installed.find(row["key"]);
    if (done == source.installed.end() || done->second != row["candidate_version"])
      rows.push_back(std::move(row));
  }
  if (item.purpose != "verify") return rows;
  for (const auto& [key, version] : source.installed) {
    rows.push_back({{"record", "package/1"},
                    {"scope", kScope},
                    {"manager", "apt"},
                    {"key", key},
                    {"name", key.substr(0, key.find(':'))},
                    {"version", version}});
  }
  return rows;
}

Json scanItem(const SpoolItem& item, const ItemSource& source) {
  const bool system = item.kind == SpoolItem::Kind::kSystem;
  Json rows = system                                    ? source.machine.facts()
              : item.kind == SpoolItem::Kind::kPackages ? source.machine.installed(item.revision)
                                                        : updateRows(item, source);
  Json json = {{"kind", "scan"},
               {"id", item.id},
               {"at", toRfc3339(item.at_ns)},
               {"plugin", system ? "system" : "apt"},
               {"plugin_version", REDFLAG_VERSION},
               {"interface", "rf.scanner/1"},
               {"purpose", item.kind == SpoolItem::Kind::kUpdates ? item.purpose : "inventory"},
               {"trigger", item.trigger},
               {"boot_id", source.boot_id},
               {"started_at", toRfc3339(item.at_ns)},
               {"duration_ms", 40},
               {"status", "ok"},
               {"complete", true},
               {"scopes", Json::array({{{"key", system ? "" : kScope}, {"status", "ok"}}})},
               {"records", std::move(rows)},
               {"reports", Json::array()}};
  if (!item.command_id.empty()) json["command_id"] = item.command_id;
  return json;
}

}  // namespace

std::string itemText(const SpoolItem& item, const ItemSource& source) {
  if (item.kind == SpoolItem::Kind::kReport) return item.text;
  return dumpJson(item.kind == SpoolItem::Kind::kStatus ? statusItem(item, source) : scanItem(item, source));
}

}  // namespace redflag::swarm
