// The built-in command types, called through their libraries as a host would.

#include <dlfcn.h>
#include <gmock/gmock.h>

#include "base/json.h"
#include "protocol/limits.h"
#include "redflag/draft/command_type.h"

namespace redflag {
namespace {

class LoadedType {
 public:
  explicit LoadedType(const std::string& id) {
    const std::string file = std::string(REDFLAG_BUILD) + "/command_types/" + id + ".so";
    library_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) throw std::runtime_error(::dlerror());
    const auto entry =
        reinterpret_cast<decltype(&rf_plugin_library_v1)>(::dlsym(library_, "rf_plugin_library_v1"));
    plugin_ = entry()->create(&host_);
    table_ = static_cast<const rf_command_type_1*>(
        plugin_->query(plugin_, {RF_COMMAND_TYPE_1, sizeof(RF_COMMAND_TYPE_1) - 1}));
  }
  LoadedType(const LoadedType&) = delete;
  LoadedType& operator=(const LoadedType&) = delete;
  ~LoadedType() {
    plugin_->destroy(plugin_);
    ::dlclose(library_);
  }

  Json describe() {
    std::string out;
    EXPECT_EQ(table_->describe(plugin_, sinkOf(out)), RF_OK);
    return Json::parse(out);
  }
  Json plan(const Json& item) { return one(table_->plan, item); }
  Json effects(const Json& item) { return one(table_->on_result, item).at("effects"); }
  rf_status planRaw(const std::string& batch) {
    std::string out;
    return table_->plan(plugin_, {batch.data(), batch.size()}, sinkOf(out));
  }

 private:
  using Hook = decltype(rf_command_type_1::plan);
  static rf_sink sinkOf(std::string& out) {
    return {&out, [](void* data, rf_str bytes) {
              static_cast<std::string*>(data)->append(bytes.data, bytes.size);
              return RF_OK;
            }};
  }
  Json one(Hook hook, const Json& item) {
    const std::string batch = Json{{"items", {item}}}.dump();
    std::string out;
    EXPECT_EQ(hook(plugin_, {batch.data(), batch.size()}, sinkOf(out)), RF_OK);
    return Json::parse(out).at("items").at(0);
  }

  rf_host host_{sizeof(rf_host), RF_ABI_MINOR, 0, nullptr,
                [](const rf_host*, rf_str) -> const void* { return nullptr; }};
  void* library_ = nullptr;
  rf_plugin* plugin_ = nullptr;
  const rf_command_type_1* table_ = nullptr;
};

const Json kNginx{{"key", "nginx:amd64"}, {"name", "nginx"}, {"arch", "amd64"}, {"version", "1.1"}};
const Json kCurl{{"key", "curl:amd64"}, {"name", "curl"}, {"arch", "amd64"}, {"version", "8.1"}};

Json agent(const std::string& mode) {
  return {{"agent_id", "A"}, {"hostname", "web1"}, {"mode", mode}, {"plugins", {"apt", "system"}}};
}

Json step(const Json& update, const std::string& result) {
  return {{"operation", "upgrade"},  {"name", update["name"]}, {"arch", update["arch"]}, {"from", "1"},
          {"to", update["version"]}, {"result", result}};
}

TEST(CommandTypes, describe_themselves_under_the_name_of_their_folder) {
  for (const char* id : {"scan", "cancel", "plan_updates", "download_updates", "install_updates",
                         "rollback_updates", "reboot", "cancel_reboot", "restart_services", "refresh",
                         "collect_diagnostics", "configure", "rapid_mode", "update_agent", "rotate_keys"}) {
    EXPECT_EQ(LoadedType(id).describe().at("type"), id);
  }
}

TEST(CommandTypes, scan_refuses_a_plugin_that_the_machine_does_not_have) {
  LoadedType scan("scan");
  const auto refused = scan.plan({{"parameters", {{"plugins", {"dnf"}}}}, {"agent", agent("report")}});
  EXPECT_EQ(refused["error"]["code"], "scan.unknown_plugin");
  const auto planned = scan.plan({{"parameters", Json::object()}, {"agent", agent("report")}});
  EXPECT_EQ(planned["actions"][0]["plugin"], "kernel");
  EXPECT_EQ(planned["actions"][0]["action"], "scan");
}

TEST(CommandTypes, what_changes_a_machine_is_one_action_of_its_plugin_with_the_parameters_as_ordered) {
  struct Case {
    const char* type;
    Json parameters;
    const char* plugin;
    const char* action;
    Json sent;
  };
  const Json none = Json::object();
  const Json services{{"services", {"nginx.service"}}};
  const Json later{{"delay_min", 5}, {"message", "soon"}};
  for (const Case& one :
       std::vector<Case>{{"reboot", later, "system", "reboot", later},
                         {"cancel_reboot", none, "system", "cancel_reboot", none},
                         {"restart_services", services, "system", "restart_services", services},
                         {"refresh", {{"manager", "apt"}}, "apt", "refresh", none}}) {
    LoadedType type(one.type);
    const auto planned = type.plan({{"parameters", one.parameters}, {"agent", agent("act")}});
    const Json expected{{{"plugin", one.plugin}, {"action", one.action}, {"parameters", one.sent}}};
    EXPECT_EQ(planned["actions"], expected) << one.type;
    EXPECT_EQ(type.plan({{"parameters", one.parameters}, {"agent", agent("report")}})["error"]["code"],
              "agent.report_mode")
        << one.type;
    Json bare = agent("act");
    bare["plugins"] = Json::array();
    EXPECT_EQ(type.plan({{"parameters", one.parameters}, {"agent", bare}})["error"]["code"],
              "agent.no_plugin")
        << one.type;
  }
}

TEST(CommandTypes, what_the_agent_does_to_itself_is_the_kernels_in_any_mode) {
  const Json settings{{"settings", {{"schedule", {{"every", "1h"}}}}}};
  const Json rapid{{"minutes", 5}, {"every_s", 30}};
  for (const auto& [id, parameters, action] : std::vector<std::tuple<const char*, Json, const char*>>{
           {"collect_diagnostics", Json{{"log_lines", 100}}, "diagnostics"},
           {"configure", settings, "configure"},
           {"rapid_mode", rapid, "rapid"},
           {"update_agent", Json{{"version", "1.2.3"}}, "update"},
           {"rotate_keys", Json::object(), "rotate_keys"}}) {
    const auto planned = LoadedType(id).plan({{"parameters", parameters}, {"agent", agent("report")}});
    EXPECT_EQ(planned["actions"],
              Json({{{"plugin", "kernel"}, {"action", action}, {"parameters", parameters}}}))
        << id;
  }
}

TEST(CommandTypes, install_is_never_ordered_from_a_machine_in_report_mode) {
  LoadedType install("install_updates");
  const Json parameters{
      {"manager", "apt"}, {"updates", {kNginx}}, {"plan", {{"steps", Json::array()}}}, {"plan_hash", "0"}};
  EXPECT_EQ(install.plan({{"parameters", parameters}, {"agent", agent("report")}})["error"]["code"],
            "agent.report_mode");
  EXPECT_EQ(install.plan({{"parameters", parameters}, {"agent", agent("act")}})["actions"][0]["action"],
            "install");
}

TEST(CommandTypes, planning_leads_to_an_install_of_exactly_that_plan) {
  LoadedType plan("plan_updates");
  const Json result{{"plan", {{"steps", {step(kNginx, "")}}}}, {"plan_hash", "abc"}};
  const auto effects = plan.effects({{"parameters", {{"manager", "apt"}, {"updates", {kNginx}}}},
                                     {"outcome", "succeeded"},
                                     {"results", {result}},
                                     {"code", ""},
                                     {"text", ""}});
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(effects[0]["effect"], "updates.planned");
  EXPECT_EQ(effects[1]["effect"], "follow_up");
  EXPECT_EQ(effects[1]["type"], "install_updates");
  EXPECT_EQ(effects[1]["parameters"]["plan_hash"], "abc");
  EXPECT_EQ(effects[1]["parameters"]["updates"], Json({kNginx}));
}

TEST(CommandTypes, a_half_done_install_says_what_is_installed_and_that_the_rest_failed) {
  LoadedType install("install_updates");
  const Json result{{"steps", {step(kNginx, "done"), step(kCurl, "failed")}}};
  const auto effects = install.effects({{"parameters", {{"manager", "apt"}, {"updates", {kNginx, kCurl}}}},
                                        {"outcome", "failed"},
                                        {"results", {result}},
                                        {"code", "apt.postinst_failed"},
                                        {"text", "curl"}});
  ASSERT_EQ(effects.size(), 2U);
  ASSERT_EQ(effects[0]["updates"].size(), 1U);
  EXPECT_EQ(effects[0]["updates"][0]["name"], "nginx");
  EXPECT_EQ(effects[1]["effect"], "updates.failed");
  EXPECT_EQ(effects[1]["class"], "install");
  EXPECT_EQ(effects[1]["code"], "apt.postinst_failed");
}

// As when the result was too long to keep.
TEST(CommandTypes, what_succeeded_without_a_word_about_each_step_is_done_as_a_whole) {
  const Json updates{kNginx, kCurl};
  const Json parameters{{"manager", "apt"}, {"updates", updates}, {"plan", {{"needs_reboot", true}}}};
  for (const Json& results : {Json::array(), Json::array({Json::object()})}) {
    Json item{{"parameters", parameters},
              {"outcome", "succeeded"},
              {"results", results},
              {"code", ""},
              {"text", ""}};
    const auto effects = LoadedType("install_updates").effects(item);
    ASSERT_EQ(effects.size(), 1U);
    EXPECT_EQ(effects[0]["effect"], "updates.installed");
    EXPECT_EQ(effects[0]["updates"].size(), 2U);
    EXPECT_EQ(effects[0]["needs_reboot"], true);
    item["outcome"] = "failed";
    EXPECT_EQ(LoadedType("install_updates").effects(item).at(0).at("effect"), "updates.failed");
  }
  const Json back{{"name", "nginx"}, {"arch", "amd64"}, {"from", "1.1"}, {"to", "1.0"}};
  const auto effects = LoadedType("rollback_updates")
                           .effects({{"parameters", {{"manager", "apt"}, {"updates", {back}}}},
                                     {"outcome", "succeeded"},
                                     {"results", Json::array()},
                                     {"code", ""},
                                     {"text", ""}});
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects[0]["updates"].size(), 1U);
}

TEST(CommandTypes, take_as_many_updates_as_the_updaters_do) {
  for (const char* id : {"plan_updates", "install_updates", "rollback_updates"}) {
    const Json type = LoadedType(id).describe();
    EXPECT_EQ(type.at("parameters_schema").at("properties").at("updates").at("maxItems"),
              protocol::kMaxOrderedUpdates)
        << id;
  }
}

TEST(CommandTypes, a_rollback_binds_exactly_the_steps_back_and_tells_which_were_done) {
  LoadedType type("rollback_updates");
  const Json nginx{{"name", "nginx"}, {"arch", "amd64"}, {"from", "1.1"}, {"to", "1.0"}};
  const Json curl{{"name", "curl"}, {"arch", "amd64"}, {"from", "8.1"}, {"to", "8.0"}};
  const Json parameters{{"manager", "apt"}, {"updates", {nginx, curl}}};
  const auto planned = type.plan({{"parameters", parameters}, {"agent", agent("act")}});
  EXPECT_EQ(planned["actions"][0]["action"], "rollback");
  EXPECT_EQ(planned["actions"][0]["parameters"]["updates"][0],
            (Json{{"name", "nginx"}, {"arch", "amd64"}, {"version", "1.0"}}));
  EXPECT_EQ(planned["plan"], planned["actions"][0]["parameters"]["plan"]);
  EXPECT_EQ(planned["plan"]["steps"][1]["operation"], "downgrade");
  EXPECT_EQ(planned["plan"]["steps"][1]["from"], "8.1");
  EXPECT_EQ(type.plan({{"parameters", parameters}, {"agent", agent("report")}})["error"]["code"],
            "agent.report_mode");

  Json steps = planned["plan"]["steps"];
  steps[0]["result"] = "done";
  steps[1]["result"] = "failed";
  const auto effects = type.effects({{"parameters", parameters},
                                     {"outcome", "failed"},
                                     {"results", {{{"steps", steps}}}},
                                     {"code", "apt.install_failed"},
                                     {"text", "curl"}});
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects[0]["updates"],
            Json::array({{{"name", "nginx"}, {"arch", "amd64"}, {"version", "1.1"}, {"now", "1.0"}}}));
  EXPECT_TRUE(type.effects({{"parameters", parameters},
                            {"outcome", "refused"},
                            {"results", Json::array()},
                            {"code", "policy"},
                            {"text", "no"}})
                  .empty());
}

TEST(CommandTypes, a_download_binds_the_plan_of_the_install_that_it_prepares) {
  EXPECT_EQ(LoadedType("install_updates").describe().at("prepared_by"), "download_updates");
  LoadedType type("download_updates");
  EXPECT_EQ(type.describe().at("risk"), "low") << "it waits for no window";
  const Json plan{{"steps", {step(kNginx, "")}}};
  const Json parameters{{"manager", "apt"}, {"updates", {kNginx}}, {"plan", plan}, {"plan_hash", "h"}};
  const auto planned = type.plan({{"parameters", parameters}, {"agent", agent("act")}});
  EXPECT_EQ(planned["actions"][0]["action"], "download");
  EXPECT_EQ(planned["actions"][0]["parameters"], (Json{{"updates", {kNginx}}, {"plan", plan}}));
  EXPECT_EQ(planned["plan"], plan);
  EXPECT_EQ(type.plan({{"parameters", parameters}, {"agent", agent("report")}})["error"]["code"],
            "agent.report_mode");
  EXPECT_TRUE(type.effects({{"parameters", parameters},
                            {"outcome", "failed"},
                            {"results", Json::array()},
                            {"code", "apt.download_failed"},
                            {"text", "no route to host"}})
                  .empty())
      << "the install is not held up by it";
}

TEST(CommandTypes, an_order_that_nobody_took_in_time_failed_because_the_machine_was_offline) {
  LoadedType install("install_updates");
  const auto effects = install.effects({{"parameters", {{"manager", "apt"}, {"updates", {kNginx}}}},
                                        {"outcome", "expired"},
                                        {"results", Json::array()},
                                        {"code", "expired"},
                                        {"text", ""}});
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects[0]["class"], "offline");
}

TEST(CommandTypes, junk_is_a_status_and_never_an_exception) {
  LoadedType scan("scan");
  for (const char* junk : {"", "[]", "{}", R"({"items":[{}]})", "{\"items\":[{\"parameters\":\"\xff\"}]}"}) {
    EXPECT_NE(scan.planRaw(junk), RF_OK) << junk;
  }
}

}  // namespace
}  // namespace redflag
