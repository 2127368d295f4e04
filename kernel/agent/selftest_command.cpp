// `redflag-agent selftest`: a hostile plugin and forged orders, tried on this very machine.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/commands.h"
#include "base/table.h"
#include "local/log.h"
#include "platform/files.h"
#include "platform/orphans.h"
#include "selftest/trials.h"
#include "supervisor/plugin_catalog.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kTextWidth = 44;

struct Tally {
  bool json = false;
  int held = 0;
  int failed = 0;
  Json trials = Json::array();

  void take(const TrialResult& result) {
    ++(result.held ? held : failed);
    if (json) {
      trials.push_back(
          {{"name", result.name}, {"what", result.what}, {"held", result.held}, {"text", result.text}});
      return;
    }
    std::printf("%-6s  %s\n", result.held ? "held" : "FAILED", result.what.c_str());
    if (!result.held)
      std::printf("        %s: %s\n", result.name.c_str(), cellText(result.text, kTextWidth).c_str());
    std::fflush(stdout);
  }
};

Result<> tryAll(const TrialGround& ground, Tally& tally) {
  const auto sink = [&tally](const TrialResult& result) { tally.take(result); };
  if (auto tried = tryForgedOrders(ground.folder, sink); !tried) return tried;
  return tryHostilePlugin(ground, sink);
}

void selftest(bool json, Context& context) {
  platform::adoptOrphans();
  startLog(context.log_level.empty() ? "error" : context.log_level, "stderr");
  const auto paths = context.writablePaths();
  auto hostile = host::loadManifest(paths.plugins.parent_path() / "selftest", "hostile");
  if (!hostile) return context.fail(kExitFailed, hostile.error().text);
  const auto user = scanUser(paths);
  const auto folder = paths.state / "selftest";
  if (auto made = platform::makePrivateFolder(folder); !made)
    return context.fail(kExitFailed, made.error().text);
  const TrialGround ground{
      std::make_shared<DirectStarter>(paths.programs / "redflag-host", folder / kScratchFolder, user),
      *hostile, folder};
  Tally tally;
  tally.json = json;
  const auto tried = tryAll(ground, tally);
  std::error_code ignored;  // what is left is replaced the next time
  std::filesystem::remove_all(folder, ignored);
  if (!tried) return context.fail(kExitFailed, tried.error().text);
  const auto isolation = isolationName(user.has_value());
  if (json) {
    std::printf("%s\n", dumpJson({{"isolation", isolation},
                                  {"held", tally.held},
                                  {"failed", tally.failed},
                                  {"trials", tally.trials}})
                            .c_str());
  } else {
    std::printf("%d held, %d failed; isolation %s\n", tally.held, tally.failed, isolation);
  }
  if (tally.failed > 0) context.exit_code = kExitFailed;
}

}  // namespace

void addSelftest(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("selftest", "Try a hostile plugin and forged orders on this machine");
  auto json = std::make_shared<bool>(false);
  addFormat(*command, *json);
  command->callback([json, &context] { selftest(*json, context); });
}

}  // namespace redflag::kernel
