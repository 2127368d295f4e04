#include "support/world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/encoding.h"
#include "protocol/plan_hash.h"

namespace redflag::testing {
namespace {

commands::CommandSigner newSigner() {
  if (!initCrypto()) throw std::runtime_error("no crypto");
  return commands::CommandSigner(protocol::SigningKey::generate());
}

protocol::Bundle testBundle() {
  protocol::Bundle bundle;
  bundle.urls = {"https://server.example:8443"};
  bundle.authorities = {"first certificate", "second certificate"};
  bundle.root = {1, sha256("root")};
  return bundle;
}

// Each test is a process of its own, and would spend most of its time on asking every type what it is: what a
// library says of itself is kept until it, or the host, is built anew.
class RememberingRunner : public commands::OperationRunner {
 public:
  explicit RememberingRunner(std::filesystem::path host) : host_(host), runner_(std::move(host)) {}

  Result<Json> run(const std::filesystem::path& library, const std::string& operation,
                   const Json& request) override {
    if (operation != "describe") return runner_.run(library, operation, request);
    const auto kept = place(library);
    if (std::ifstream in(kept); in) return parseJson(std::string(std::istreambuf_iterator<char>(in), {}));
    auto said = runner_.run(library, operation, request);
    if (said) keep(kept, *said);
    return said;
  }

 private:
  std::filesystem::path place(const std::filesystem::path& library) const {
    const auto builtAt = [](const std::filesystem::path& file) {
      return std::filesystem::last_write_time(file).time_since_epoch().count();
    };
    return std::filesystem::path(REDFLAG_BUILD) / "tests" / "described" /
           fmt::format("{}-{}-{}.json", library.stem().string(), builtAt(library), builtAt(host_));
  }

  // Others may be at the same; none sees half of it.
  static void keep(const std::filesystem::path& place, const Json& said) {
    std::filesystem::create_directories(place.parent_path());
    const auto part = place.string() + "." + std::to_string(::getpid());
    std::ofstream(part) << dumpJson(said);
    std::filesystem::rename(part, place);
  }

  std::filesystem::path host_;
  commands::HostRunner runner_;
};

}  // namespace

commands::LoadedCommandTypes& builtInTypes() {
  const std::filesystem::path build = REDFLAG_BUILD;
  static commands::LoadedCommandTypes types(
      {build / "command_types"}, std::make_shared<RememberingRunner>(build / "bin" / "redflag-host"));
  return types;
}

World::World(commands::CommandTypes* types)
    : signer(newSigner()),
      tokens(protocol::SigningKey::generate(), 86'400),
      opened(database.open(clock)),
      store(*opened),
      audit(store, protocol::SigningKey::generate(), folder / "audit.head", clock,
            services::Settings().keep_audit_ns),
      services({store,
                types != nullptr ? *types : builtInTypes(),
                signer,
                testBundle,
                [this](std::int64_t) {
                  if (before_signing) before_signing();
                  return epoch;
                },
                bell,
                clock,
                {},
                nullptr,
                nullptr,
                &tokens,
                &audit}) {
  services.initialize();
  bell.connect(streams);
  const auto made = services.enrolment.makeToken(1000, 3600, "", admin, "auto");
  token = protocol::decodeBundle(made.bundle).value().token;
}

store::AgentKey World::enrol(const std::string& hostname, const std::string& mode) {
  store::NewAgent agent{randomBytes(32), hostname, mode, "0.1.0", "linux-x86_64", "Debian GNU/Linux", "12"};
  const auto key = services.enrolment.enrol(agent, token, "127.0.0.1").first;
  mustTake(key, {statusItem(hostname, mode)});
  return key;
}

services::UploadAnswer World::upload(const store::AgentKey& agent, const std::vector<Json>& items) {
  return services.uploads.take(agent, dumpJson({{"items", items}}));
}

void World::mustTake(const store::AgentKey& agent, const std::vector<Json>& items) {
  const auto answer = upload(agent, items);
  for (const auto& rejected : answer.rejected)
    ADD_FAILURE() << rejected.code << ": " << rejected.text;
  EXPECT_EQ(answer.acknowledged.size(), items.size());
}

Json updateRow(const Row& row) {
  Json json = {{"record", "update/1"},
               {"scope", row.scope},
               {"manager", "apt"},
               {"key", row.name + ":amd64"},
               {"name", row.name},
               {"arch", "amd64"},
               {"installed_version", row.installed},
               {"candidate_version", row.candidate},
               {"category", row.category},
               {"severity", row.severity}};
  if (!row.blocked_by.empty()) json["blocked_by"] = row.blocked_by;
  json.update(row.more);
  return json;
}

Json World::scanItem(const ScanSpec& spec) const {
  Json scopes = Json::array();
  bool complete = true;
  for (const auto& [key, status] : spec.scopes) {
    scopes.push_back({{"key", key}, {"status", status}});
    complete = complete && status == "ok";
  }
  Json item = {{"kind", "scan"},
               {"id", spec.id.empty() ? newId() : spec.id},
               {"at", toRfc3339(clock.now)},
               {"plugin", spec.plugin},
               {"plugin_version", "1.0.0"},
               {"interface", "rf.scanner/1"},
               {"purpose", spec.purpose},
               {"trigger", spec.purpose == "verify" ? "verify" : "schedule"},
               {"boot_id", spec.boot_id},
               {"started_at", toRfc3339(spec.started_at == 0 ? clock.now : spec.started_at)},
               {"duration_ms", 12},
               {"status", complete ? "ok" : "transient"},
               {"complete", complete},
               {"scopes", scopes},
               {"records", spec.records},
               {"reports", Json::array()}};
  if (!spec.command_id.empty()) item["command_id"] = spec.command_id;
  return item;
}

void World::scan(const store::AgentKey& agent, const ScanSpec& spec) {
  clock.advance_s(1);
  mustTake(agent, {scanItem(spec)});
}

Json World::statusItem(const std::string& hostname, const std::string& mode,
                       const std::string& boot_id) const {
  return {{"kind", "agent_status"},
          {"id", newId()},
          {"at", toRfc3339(clock.now)},
          {"hostname", hostname},
          {"agent_version", "0.1.0"},
          {"mode", mode},
          {"isolation", "weak"},
          {"boot_id", boot_id},
          {"os_name", "Debian GNU/Linux"},
          {"os_version", "12"},
          {"kernel", "6.1.0"},
          {"plugins",
           {{{"id", "apt"},
             {"version", "1.0.0"},
             {"name", "APT"},
             {"interfaces", {"rf.scanner/1", "rf.updater/1"}},
             {"state", "ok"},
             {"text", ""},
             {"breaker", "closed"}},
            {{"id", "viewonly"},
             {"version", "1.0.0"},
             {"name", "View only"},
             {"interfaces", {"rf.scanner/1"}},
             {"state", "ok"},
             {"text", ""},
             {"breaker", "closed"}}}},
          {"config", {{"state", "ok"}, {"text", ""}}}};
}

Json World::stateItem(const std::string& command_id, const std::string& state, const Json& results,
                      const std::string& code, const std::string& text) const {
  Json item = {{"kind", "command_state"},  {"id", newId()},  {"at", toRfc3339(clock.now)},
               {"command_id", command_id}, {"state", state}, {"by", "executor"}};
  if (!results.is_null()) item["results"] = results;
  if (!code.empty()) item["code"] = code;
  if (!text.empty()) item["text"] = text;
  return item;
}

std::vector<store::Update> World::updates(const store::UpdateFilter& filter) {
  return store.read([&](const store::ReadTransaction& tx) {
    return tx.updates()
        .list(filter, http::Visible::everything(), services.context().contact(), {500, ""})
        .items;
  });
}

store::Update World::update(const store::AgentKey& agent, const std::string& name,
                            const std::string& version) {
  store::UpdateFilter filter;
  filter.agent_id = agent.agent_id;
  filter.name = name;
  filter.version = version;
  for (int state = 0; state < store::kUpdateStates; ++state)
    filter.states.push_back(static_cast<store::UpdateState>(state));
  auto found = updates(filter);
  if (found.size() != 1)
    throw std::runtime_error(name + " " + version + ": " + std::to_string(found.size()) + " rows");
  return found.front();
}

std::string World::stateOf(const store::AgentKey& agent, const std::string& name,
                           const std::string& version) {
  return store::name(update(agent, name, version).state);
}

store::Command World::newest(const std::string& type) {
  return store.read([&](const store::ReadTransaction& tx) {
    store::CommandFilter filter;
    filter.type = type;
    auto page = tx.commands().list(filter, http::Visible::everything(), {1, ""});
    if (page.items.empty()) throw std::runtime_error("no command of type " + type);
    return page.items.front();
  });
}

std::vector<store::HistoryEntry> World::history(const store::AgentKey& agent) {
  return store.read([&](const store::ReadTransaction& tx) {
    return tx.events().history(agent.client_id, agent.agent_id, {500, ""}).items;
  });
}

services::ApprovalOutcome World::approve(const std::vector<std::string>& update_ids) {
  clock.advance_s(1);
  return services.approvals.approve({update_ids, std::nullopt}, approver);
}

Json World::plan(const std::vector<std::vector<std::string>>& steps) {
  Json list = Json::array();
  for (const auto& step : steps) {
    list.push_back({{"operation", step[0]},
                    {"name", step[1]},
                    {"arch", "amd64"},
                    {"from", step[2]},
                    {"to", step[3]},
                    {"category", "bugfix"},
                    {"requested", true}});
  }
  return {{"steps", list},
          {"download_bytes", 1},
          {"installed_bytes_delta", 1},
          {"needs_reboot", false},
          {"restarts", Json::array()}};
}

std::string World::hashOf(const Json& plan) {
  return toHex(protocol::planHash(protocol::planSteps(plan).value()));
}

void World::carryOut(const store::AgentKey& agent, const std::string& command_id, const std::string& state,
                     const Json& results, const std::string& code, const std::string& text) {
  clock.advance_s(1);
  EXPECT_FALSE(services.orders.fetch(agent).empty());
  mustTake(agent, {stateItem(command_id, "accepted"), stateItem(command_id, "running")});
  mustTake(agent, {stateItem(command_id, state, results, code, text)});
  EXPECT_TRUE(services.settlement.run());
}

}  // namespace redflag::testing
