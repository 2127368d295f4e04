// `redflag-agent status`: how the running agent is.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/commands.h"
#include "agent/local_client.h"
#include "base/table.h"

namespace redflag::kernel {
namespace {

std::string textOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null() || *found == "") return "-";
  return found->is_string() ? found->get<std::string>() : dumpJson(*found);
}

std::string wallsThat(bool stand, const Json& walls) {
  std::string out;
  for (const auto& [name, standing] : walls.items()) {
    if (standing == stand) out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "none" : out;
}

// With what the server's log has it under.
std::string lastError(const Json& link, std::size_t most) {
  const std::string id = cellText(textOf(link, "last_error_request_id"), 64);
  return "        " + cellText(textOf(link, "last_error"), most) +
         (id == "-" ? std::string() : " (request " + id + ")") + "\n";
}

std::string statusText(const Json& status) {
  const Json& link = status["link"];
  const Json& config = status["config"];
  const Json& spool = status["spool"];
  std::string out = "redflag-agent " + textOf(status, "version") + ", mode " + textOf(status, "mode") +
                    ", isolation " + textOf(status, "isolation") + "\n";
  out += "walls:  " + wallsThat(true, status["walls"]) + "; missing: " + wallsThat(false, status["walls"]) +
         "\n";
  out += "link:   " + textOf(link, "state") + ", server " + textOf(link, "server") + ", last contact " +
         textOf(link, "last_contact") + "\n";
  if (link.is_object() && link.contains("held") && link["held"].is_object()) {
    out += "orders: none come from the server: " + textOf(link["held"], "state") + ": " +
           cellText(textOf(link["held"], "reason"), 400) + "\n";
  }
  if (link.is_object() && textOf(link, "distrust") != "-")
    out += "orders: none is believed: " + cellText(textOf(link, "distrust"), 400) + "\n";
  if (textOf(link, "state") == "not_bound") out += lastError(link, 1000);
  if (textOf(link, "state") == "revoked" || textOf(link, "state") == "refused") out += lastError(link, 400);
  if (link.is_object() && link.contains("binding") && link["binding"].is_object())
    out += "key:    " + textOf(link["binding"], "text") + "\n";
  out += "spool:  " + textOf(spool, "items") + " items, " + textOf(spool, "bytes") + " bytes" +
         (spool["full"] == true ? ", FULL" : "") + "\n";
  out += "config: " + textOf(config, "state") + ", " +
         (config["file"] == "" ? "no file" : textOf(config, "file")) +
         (config["text"] == "" ? "" : "\n        " + cellText(textOf(config, "text"), 1000)) + "\n";
  Table table({"PLUGIN", "VERSION", "STATE", "BREAKER", "LAST SCAN", "STATUS", "RECORDS", "NEXT"});
  std::string notes;
  for (const auto& plugin : status["plugins"]) {
    const Json& last = plugin["last_scan"];
    const Json none = Json::object();
    const Json& scan = last.is_object() ? last : none;
    table.add({textOf(plugin, "id"), textOf(plugin, "version"), textOf(plugin, "state"),
               textOf(plugin["breaker"], "state"), textOf(plugin, "last_run_at"), textOf(scan, "status"),
               textOf(scan, "records"), textOf(plugin, "next_scan_at")});
    if (!plugin["text"].get<std::string>().empty())
      notes += "  " + textOf(plugin, "id") + ": " + cellText(textOf(plugin, "text"), 400) + "\n";
    const Json& breaker = plugin["breaker"];
    if (breaker["state"] != "closed") {
      notes += "  " + textOf(plugin, "id") + ": breaker " + textOf(breaker, "state") + " until " +
               textOf(breaker, "open_until") + " after " + textOf(breaker, "class") + ": " +
               cellText(textOf(breaker, "text"), 400) + "\n";
    }
  }
  return out + table.toText() + notes;
}

void show(bool json, Context& context) {
  const auto status = askAgent(context.paths().run, {{"op", "status"}});
  if (!status) return context.fail(kExitFailed, status.error().text);
  std::fputs(json ? (dumpJson(*status) + "\n").c_str() : statusText(*status).c_str(), stdout);
}

}  // namespace

void addStatus(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("status", "Show how the running agent is");
  auto json = std::make_shared<bool>(false);
  addFormat(*command, *json);
  command->callback([json, &context] { show(*json, context); });
}

}  // namespace redflag::kernel
