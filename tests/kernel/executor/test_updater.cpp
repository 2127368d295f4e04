// An updater whose packages are files below `folder`: packages/<name> holds the installed version,
// available/<name> the one a scan offers, and what is done is appended to log. Files of other names make it
// misbehave, so that tests can hold, crash or break an install:
//   hold      install waits before each package while it exists
//   crash     install aborts after the first package
//   locked    repair says the manager's lock is held while it exists
//   drift     planning adds one package more
//   slow      planning waits while it exists
//   fetching  a download waits while it exists
//   deaf      a download waits while it exists, also when it is asked to stop
//   cut       a download aborts
//   away      the source of a scan does not answer while it exists
//   chatty    says so many MiB about each package as it has in it
//   silent    says nothing about what it did
//   stray     planning, downloading and installing leave a process behind whose number is in that file, or in
//             the plan and a line of its progress; it ends by itself after a minute
//   mute      nobody is told what is installed while it exists
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <redflag/sdk.hpp>
#include <string>
#include <thread>

namespace {

using nlohmann::json;

class TestUpdater : public rf::Scanner, public rf::Updater {
 public:
  explicit TestUpdater(rf::Host host) : progress_(host) {}

  rf::Status configure(std::string_view settings) override {
    folder_ = json::parse(settings).at("folder").get<std::string>();
    return rf::Status::kOk;
  }

  rf::Status scan(rf::Run& run) override {
    auto scope = run.scope("files");
    if (exists("away")) {
      scope.fail(rf::Status::kTransient, "test.away", "the source does not answer");
      return run.outcome();
    }
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "available", none)) {
      const std::string name = file.path().filename().string();
      const std::string installed = contentOf(folder_ / "packages" / name);
      const std::string candidate = contentOf(file.path());
      if (installed == candidate) continue;
      run.update()
          .key(name)
          .category("security")
          .severity("high")
          .name(name)
          .arch("all")
          .installedVersion(installed)
          .candidateVersion(candidate)
          .commit();
    }
    scope.complete();
    return run.outcome();
  }

  rf::Status plan(rf::Run& run, std::string_view request, rf::Output& result) override {
    const pid_t stray = exists("stray") ? leaveBehind() : 0;
    if (stray != 0) progress_.line("left " + std::to_string(stray));
    waitWhile(run, "slow");
    const json wanted = json::parse(request);
    json steps = json::array();
    for (const auto& update : wanted.at("updates"))
      steps.push_back(stepFor(update));
    if (wanted.contains("rollback"))
      for (auto& step : steps)
        step["operation"] = "downgrade";
    if (exists("drift")) steps.push_back(stepFor({{"name", "zdrift"}, {"arch", "all"}, {"version", "1"}}));
    json plan{{"steps", steps}, {"needs_reboot", exists("reboot")}, {"uid", getuid()}};
    if (stray != 0) plan["stray"] = stray;
    return result.write(plan.dump());
  }

  // What was fetched is noted in the log: "fetched nginx".
  rf::Status download(rf::Run& run, std::string_view request, rf::Output& result) override {
    if (exists("stray")) std::ofstream(folder_ / "stray") << leaveBehind();
    note("download begins");
    waitWhile(run, "fetching");
    while (exists("deaf"))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (run.cancelled()) return rf::Status::kCancelled;
    if (exists("cut")) std::abort();
    const json steps = json::parse(request).at("plan").at("steps");
    for (const auto& step : steps) {
      progress_.line("Fetched " + step.at("name").get<std::string>());
      note("fetched " + step.at("name").get<std::string>());
    }
    return result.write(json{{"download_bytes", 7}}.dump());
  }

  rf::Status install(rf::Run& run, std::string_view request, rf::Output& result) override {
    return change(run, request, "install begins", result);
  }
  rf::Status rollback(rf::Run& run, std::string_view request, rf::Output& result) override {
    return change(run, request, "rollback begins", result);
  }

  rf::Status change(rf::Run& run, std::string_view request, const char* beginning, rf::Output& result) {
    json steps = json::parse(request).at("plan").at("steps");
    if (exists("stray")) std::ofstream(folder_ / "stray") << leaveBehind();
    note(beginning);
    bool stopped = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      waitWhile(run, "hold");
      stopped = stopped || run.cancelled();
      steps[i]["result"] = stopped ? "not_started" : "done";
      if (stopped) continue;
      const auto name = steps[i].at("name").get<std::string>();
      progress_.update(static_cast<int>(100 * i / steps.size()), "installing " + name);
      progress_.line("Setting up " + name);
      std::ofstream(folder_ / "packages" / name) << steps[i].at("to").get<std::string>();
      note("installed " + name);
      if (exists("crash")) std::abort();
    }
    if (exists("chatty")) say(steps, std::stoul(contentOf(folder_ / "chatty")) << 20U);
    if (exists("silent")) return rf::Status::kOk;
    const auto written = result.write(json{{"steps", steps}}.dump());
    return stopped ? rf::Status::kCancelled : written;
  }

  rf::Status verify(rf::Run& run, std::string_view request, rf::Output& result) override {
    if (exists("mute")) return run.fail(rf::Status::kTransient, "test.mute", "nothing is said");
    json updates = json::parse(request).at("updates");
    for (auto& update : updates)
      update["installed_version"] = contentOf(folder_ / "packages" / update.at("name").get<std::string>());
    return result.write(json{{"updates", updates}}.dump());
  }

  rf::Status repair(rf::Run& run, std::string_view, rf::Output&) override {
    if (exists("locked")) {
      return run.fail(rf::Status::kTransient, "test.locked", "the lock is held");
    }
    note("repaired");
    return rf::Status::kOk;
  }

 private:
  bool exists(const char* name) const { return std::filesystem::exists(folder_ / name); }
  static std::string contentOf(const std::filesystem::path& file) {
    std::string content;
    std::ifstream(file) >> content;
    return content;
  }
  void note(const std::string& text) const {
    std::ofstream(folder_ / "log", std::ios::app) << text << std::endl;
  }

  void waitWhile(const rf::Run& run, const char* name) const {
    while (exists(name) && !run.cancelled())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  // As daemons make themselves: in a session of its own, and its parent is gone.
  static pid_t leaveBehind() {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    const pid_t child = fork();
    if (child == 0) {
      setsid();
      if (fork() != 0) _exit(0);
      const pid_t own = getpid();
      if (write(ends[1], &own, sizeof own) != static_cast<ssize_t>(sizeof own)) _exit(1);
      alarm(60);
      for (;;)
        pause();
    }
    pid_t stray = -1;
    if (read(ends[0], &stray, sizeof stray) != static_cast<ssize_t>(sizeof stray)) stray = -1;
    waitpid(child, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
    return stray;
  }

  // Nothing that a compressor could make short.
  static void say(json& steps, std::size_t bytes) {
    std::mt19937 random(7);
    for (auto& step : steps) {
      std::string said(bytes, ' ');
      for (char& c : said)
        c = static_cast<char>('0' + random() % 75);
      step["said"] = std::move(said);
    }
  }

  // Versions are numbers of one length; none is wanted of what is to go.
  static const char* operationFor(const std::string& installed, const std::string& wanted) {
    if (wanted.empty()) return "remove";
    if (installed.empty()) return "install";
    return wanted < installed ? "downgrade" : "upgrade";
  }

  json stepFor(const json& update) const {
    const auto name = update.at("name").get<std::string>();
    const std::string installed = contentOf(folder_ / "packages" / name);
    const auto wanted = update.at("version").get<std::string>();
    return {{"operation", operationFor(installed, wanted)},
            {"name", name},
            {"arch", update.at("arch")},
            {"from", installed},
            {"to", wanted},
            {"category", "updates"},
            {"requested", true}};
  }

  rf::Progress progress_;
  std::filesystem::path folder_;
};

const rf::Declaration kDeclaration{
    .id = "test.updater",
    .version = "1.0.0",
    .name = "Files as packages",
    .vendor = "RedFlag",
    .config_schema =
        R"({"type":"object","properties":{"folder":{"type":"string"}},"required":["folder"],"additionalProperties":false})",
    .record_kinds = {"update/1"},
};

}  // namespace

RF_PLUGIN(TestUpdater, kDeclaration)
