// A plugin that only acts. Below `folder`: a file `hold` makes write wait while it exists, `crash` makes it
// abort after writing; what it did is appended to log.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <redflag/sdk.hpp>
#include <string>
#include <thread>

namespace {

using nlohmann::json;

class TestActions : public rf::Actions {
 public:
  explicit TestActions(rf::Host host) : progress_(host) {}

  rf::Status configure(std::string_view settings) override {
    folder_ = json::parse(settings).at("folder").get<std::string>();
    return rf::Status::kOk;
  }

  rf::Status listActions(rf::Output& result) override {
    const json none = {{"type", "object"}, {"additionalProperties", false}};
    const json file = {{"type", "object"},
                       {"properties", {{"path", {{"type", "string"}, {"minLength", 1}}}}},
                       {"required", {"path"}},
                       {"additionalProperties", false}};
    const auto action = [](const char* name, const char* risk, const json& schema) {
      return json{{"name", name}, {"title", name}, {"risk", risk}, {"parameters_schema", schema}};
    };
    return result.write(json{{"actions",
                              {action("write", "low", file), action("peek", "none", none),
                               action("go_down", "destructive", none), action("stay_up", "low", none)}}}
                            .dump());
  }

  rf::Status runAction(rf::Run& run, std::string_view request, rf::Output& result) override {
    const json order = json::parse(request);
    const std::string action = order.at("action");
    if (action == "write") return write(run, order.at("parameters").at("path"), result);
    if (action == "go_down") return result.write(R"({"reboots":{"after_s":60,"kernel":"6.1.0-2-amd64"}})");
    if (action == "stay_up") return result.write(R"({"reboot_cancelled":true})");
    return result.write(json{{"uid", getuid()}}.dump());
  }

 private:
  rf::Status write(rf::Run& run, const std::string& path, rf::Output& result) {
    std::ofstream(folder_ / "log", std::ios::app) << "begun" << std::endl;
    while (std::filesystem::exists(folder_ / "hold") && !run.cancelled())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (run.cancelled()) return rf::Status::kCancelled;
    progress_.line("writing " + path);
    std::ofstream out(path);
    if (!out) return run.fail(rf::Status::kDenied, "test.denied", "cannot write " + path);
    out << "written" << std::endl;
    if (std::filesystem::exists(folder_ / "crash")) std::abort();
    return result.write(json{{"uid", getuid()}}.dump());
  }

  rf::Progress progress_;
  std::filesystem::path folder_;
};

const rf::Declaration kDeclaration{
    .id = "test.actions",
    .version = "1.0.0",
    .name = "Writes files",
    .vendor = "RedFlag",
    .config_schema =
        R"({"type":"object","properties":{"folder":{"type":"string"}},"required":["folder"],"additionalProperties":false})",
};

}  // namespace

RF_PLUGIN(TestActions, kDeclaration)
