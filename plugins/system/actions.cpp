#include "actions.h"

#include <algorithm>

#include "kernel_images.h"
#include "left_alone.h"
#include "text_forms.h"

namespace redflag::system {
namespace {

constexpr const char* kShutdown = "/usr/sbin/shutdown";
constexpr const char* kSystemctl = "/usr/bin/systemctl";
// Where systemd writes down what is to happen, while it waits for it: "USEC=…\nWARN_WALL=1\nMODE=reboot\n".
constexpr const char* kScheduled = "/run/systemd/shutdown/scheduled";
constexpr std::uint64_t kMaxReleaseBytes = 4096;
constexpr std::uint64_t kMaxScheduledBytes = 64U << 10;
constexpr std::size_t kMaxSaid = 500;

// A minute at least, so that the order's own answer is on disk before anything is stopped.
constexpr const char* kActions = R"({"actions":[
  {"name":"reboot","title":"Restart the machine","risk":"destructive",
   "description":"Warns whoever is signed in, and restarts after the delay.",
   "parameters_schema":{"type":"object","additionalProperties":false,"properties":{
     "delay_min":{"type":"integer","minimum":1,"maximum":1440},
     "message":{"type":"string","maxLength":200}}}},
  {"name":"cancel_reboot","title":"Take a restart back","risk":"low",
   "parameters_schema":{"type":"object","additionalProperties":false,"properties":{}}},
  {"name":"restart_services","title":"Restart services","risk":"high",
   "description":"One after the other; each by the machine's service manager.",
   "parameters_schema":{"type":"object","additionalProperties":false,"required":["services"],"properties":{
     "services":{"type":"array","minItems":1,"maxItems":32,"items":{
       "type":"string","maxLength":200,"pattern":"^[A-Za-z0-9:_.@\\\\][A-Za-z0-9:_.@\\\\-]*\\.service$"}}}}}
]})";

std::string onOneLine(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

// What a program said, shortened.
std::string said(const rf::ExecResult& result) {
  std::string text = onOneLine(result.err.empty() ? result.out : result.err);
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  return text.substr(0, kMaxSaid);
}

std::string firstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

bool isRestart(std::string_view scheduled) {
  const auto lines = linesOf(scheduled);
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    return line == "MODE=reboot" || line == "MODE=kexec" || line == "MODE=soft-reboot";
  });
}

Json leftAlone(const std::string& unit, const std::string& why) {
  return {{"name", unit}, {"restarted", false}, {"state", ""}, {"text", why}};
}

}  // namespace

Json SystemActions::list() {
  return Json::parse(kActions);
}

rf::Status SystemActions::run(rf::Run& run, std::string_view request, rf::Output& result) {
  const auto order = parseJson(request);
  if (!order) return run.fail(rf::Status::kInvalid, "system.bad_request", order.error().text);
  JsonReader in(*order, "request");
  const std::string action = in.text("action", 64);
  const Json& parameters = in.object("parameters");
  if (auto ok = in.finish(); !ok)
    return run.fail(rf::Status::kInvalid, "system.bad_request", ok.error().text);
  if (action == "reboot") return reboot(run, parameters, result);
  if (action == "cancel_reboot") return cancelReboot(run, result);
  if (action == "restart_services") return restartServices(run, parameters, result);
  return run.fail(rf::Status::kUnsupported, "system.unknown_action", "there is no action " + action);
}

rf::Status SystemActions::reboot(rf::Run& run, const Json& parameters, rf::Output& result) {
  const auto minutes = parameters.value("delay_min", std::int64_t{1});
  const std::string message = onOneLine(parameters.value("message", ""));
  const std::string kernel = expectedKernel();
  std::vector<std::string> argv{kShutdown, "-r", "--", "+" + std::to_string(minutes)};
  if (!message.empty()) argv.push_back(message);
  const auto ran = machine_.run(argv);
  if (!ran) return run.fail(ran.status(), "system.no_shutdown", ran.text());
  if (ran->exit_code != 0) return run.fail(rf::Status::kPermanent, "system.reboot_refused", said(*ran));
  return result.write(
      dumpJson({{"delay_min", minutes}, {"reboots", {{"after_s", minutes * 60}, {"kernel", kernel}}}}));
}

rf::Status SystemActions::cancelReboot(rf::Run& run, rf::Output& result) {
  const auto scheduled = files_.read(kScheduled, kMaxScheduledBytes);
  if (scheduled && !isRestart(*scheduled)) {
    run.report(rf::Status::kOk, "system.no_restart", "what this machine waits for is no restart, and stays");
    return result.write(R"({"reboot_cancelled":false})");
  }
  const auto ran = machine_.run({kShutdown, "-c"});
  if (!ran) return run.fail(ran.status(), "system.no_shutdown", ran.text());
  if (ran->exit_code != 0) return run.fail(rf::Status::kPermanent, "system.reboot_refused", said(*ran));
  // It answers the same where there was nothing to take back. Who may not look believes it.
  return result.write(dumpJson({{"reboot_cancelled", scheduled.status() != rf::Status::kNotApplicable}}));
}

rf::Status SystemActions::restartServices(rf::Run& run, const Json& parameters, rf::Output& result) {
  Json services = Json::array();
  std::string failed;
  for (const std::string unit : parameters.at("services")) {
    auto why = whyLeftAlone(unit);
    if (why.empty() && run.cancelled()) why = "the time was over";
    Json one = why.empty() ? restartOne(unit) : leftAlone(unit, why);
    if (one["restarted"] == false) failed += (failed.empty() ? "" : ", ") + unit;
    services.push_back(std::move(one));
  }
  const auto written = result.write(dumpJson({{"services", std::move(services)}}));
  if (failed.empty()) return written;
  return run.fail(rf::Status::kPermanent, "system.not_restarted", "not restarted: " + failed);
}

Json SystemActions::restartOne(const std::string& unit) {
  const auto ran = machine_.run({kSystemctl, "restart", "--", unit});
  const bool restarted = ran && ran->exit_code == 0;
  const auto asked = machine_.run({kSystemctl, "is-active", "--", unit});
  return {{"name", unit},
          {"restarted", restarted},
          {"state", asked ? firstLine(asked->out) : ""},
          {"text", restarted ? ""
                   : ran     ? said(*ran)
                             : ran.text()}};
}

std::string SystemActions::expectedKernel() {
  const auto release = files_.read("/proc/sys/kernel/osrelease", kMaxReleaseBytes);
  const auto images = files_.list("/boot");
  if (!release || !images) return {};
  return newestInstalled(*images, firstLine(*release));
}

}  // namespace redflag::system
