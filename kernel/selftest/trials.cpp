#include "selftest/trials.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/time.h"
#include "platform/files.h"
#include "supervisor/plugin_catalog.h"
#include "supervisor/supervisor.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kTimeNs = 3 * kSecondNs;
constexpr std::int64_t kGraceNs = kSecondNs / 2;

struct Act {
  const char* act;
  const char* what;
};

// A wall refuses these.
constexpr Act kRefused[] = {
    {"read", "read a file that it was not granted"},
    {"write", "write that file"},
    {"create", "make another one beside it"},
    {"remove", "remove it"},
    {"open_up", "let everybody write it"},
    {"execute", "start a program that it was not granted"},
    {"connect", "open a network connection"},
    {"local_socket", "talk to a program of this machine"},
    {"datagram", "send to a program of this machine without a connection"},
    {"raw_socket", "talk to the kernel's network tables"},
    {"ring", "do all that through io_uring"},
    {"signal", "signal the program that started it"},
    {"signal_all", "signal every process"},
    {"leave_group", "leave the group of processes that is ended with it"},
    {"outlive", "outlive the program that started it"},
    {"hidden_memory", "take memory that no limit counts"},
    {"shared_memory", "leave memory behind when it ends"},
    {"trace", "trace the program that started it"},
    {"read_memory", "read that program's memory"},
    {"namespace", "make a namespace in which it is root"},
    {"mount", "mount a file system"},
    {"load_program", "load a program into the kernel"},
    {"keys", "read the kernel's keys"},
};

struct Ending {
  const char* act;
  const char* what;
  std::vector<std::string> statuses;  // one of them: the run was seen for what it is
};

const std::vector<Ending>& endings() {
  static const std::vector<Ending> all{
      {"crash", "crash in its scan", {"crash"}},
      {"crash_in_thread", "crash in a thread", {"crash"}},
      {"crash_in_configure", "crash before its scan", {"crash"}},
      {"exit", "end its process as if all were well", {"broken_contract", "crash"}},
      {"junk_and_exit", "write junk to every descriptor", {"broken_contract", "crash"}},
      {"close_all", "close every descriptor", {"broken_contract", "crash"}},
      {"hang", "hang, deaf to SIGTERM", {"hang"}},
      {"hang_outside", "hang, outside of its group if it can", {"hang"}},
      {"stop", "stop its own process", {"hang"}},
      {"spin", "use up the processor", {"hang", "limit"}},
      {"allocate", "take 10 GiB of memory", {"crash", "limit", "internal"}},
      {"flood", "report ten million rows", {"limit"}},
      {"flood_with_text", "report a thousand texts of 1 MiB", {"limit", "invalid"}},
      {"not_text", "report bytes that are no text", {"invalid"}},
      {"late", "report a row after its scan", {"invalid", "crash", "broken_contract", "ok"}},
  };
  return all;
}

RunOutcome run(const TrialGround& ground, const std::string& act, const std::string& target) {
  RunRequest request;
  request.manifest = ground.hostile;
  request.interface_id = kScannerInterface;
  request.operation = "scan";
  request.settings = {{"act", act}, {"target", target}};
  request.limits = defaultConfig().limits;
  request.limits.time_ns = kTimeNs;
  request.limits.records = 1000;
  request.seal = host::Seal::kBest;  // a missing wall is what is to be found out
  return Supervisor(ground.starter, kGraceNs).run(request);
}

std::int64_t factOf(const RunOutcome& outcome, const std::string& name, std::int64_t missing) {
  for (const auto& text : outcome.records) {
    const auto record = parseJson(text);
    if (record && record->value("name", "") == name && record->at("value").is_number_integer())
      return record->at("value").get<std::int64_t>();
  }
  return missing;
}

TrialResult refusedResult(const TrialGround& ground, const Act& act, const std::string& target) {
  TrialResult result{std::string("plugin.") + act.act, act.what, false, ""};
  const auto outcome = run(ground, act.act, target);
  const auto error = factOf(outcome, "errno", -1);
  if (error < 0) {
    result.text = "not tried: " + outcome.status + ", " + outcome.end().text;
    return result;
  }
  result.held = error != 0;
  result.text =
      result.held ? "refused: " + std::generic_category().message(static_cast<int>(error)) : "it could";
  return result;
}

TrialResult endedResult(const TrialGround& ground, const Ending& ending) {
  TrialResult result{std::string("plugin.") + ending.act, ending.what, false, ""};
  const auto outcome = run(ground, ending.act, "");
  const auto& fits = ending.statuses;
  const bool late_row = factOf(outcome, "late", 0) != 0;
  result.held = std::find(fits.begin(), fits.end(), outcome.status) != fits.end() && !late_row;
  result.text = "contained: " + outcome.status;
  if (!result.held) result.text = "its run counts as " + outcome.status + (late_row ? ", with that row" : "");
  return result;
}

// Everybody may read and write it by its mode: only a wall says no.
Result<std::filesystem::path> makeTarget(const std::filesystem::path& folder) {
  const auto file = folder / "target";
  if (auto written = platform::writeFileAtomic(file, "nobody's business\n", 0666); !written)
    return tl::unexpected<Error>(written.error());
  return file;
}

}  // namespace

Result<> tryHostilePlugin(const TrialGround& ground, const TrialSink& sink) {
  for (const auto& act : kRefused) {
    // Anew for each: one that could change or remove it did.
    const auto target = makeTarget(ground.folder);
    if (!target) return tl::unexpected<Error>(target.error());
    const bool executes = std::string_view(act.act) == "execute";
    sink(refusedResult(ground, act, executes ? "/bin/true" : target->string()));
  }
  for (const auto& ending : endings())
    sink(endedResult(ground, ending));
  return {};
}

}  // namespace redflag::kernel
