#include "agent/forgetting.h"

#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "platform/files.h"
#include "platform/owner.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;

struct Kind {
  std::string_view name;  // and what SQLite or a repair put beside it: name-wal, name.damaged-…
  const char* what;
  bool of_server;
};

constexpr std::array kOfAgent = {
    Kind{"identity", "the agent's key, and who it is", true},
    Kind{"orders.db", "what was ordered", true},
    Kind{"spool.db", "results for the server", true},
    Kind{"trust", "the trust root, and what is believed of the server, with its versions", true},
    Kind{"server-settings.json", "what the server set", true},
    Kind{"breakers.db", "failures of plugins", false},
    Kind{"schedule.json", "when plugins ran", false},
    Kind{"plugins", "what plugins remember", false},
    Kind{"agent.yaml.last-good", "a copy of the configuration", false},
    Kind{"scratch", "temporary files", false},
    Kind{"selftest", "temporary files", false},
    Kind{"run", "locks and sockets", false},
};

constexpr std::array kOfExecutor = {
    Kind{"trust.json", "whose orders the executor believes", true},
    Kind{"trust", "the executor's trust root, and what it believes of the server, with its versions", true},
    Kind{"journal.sqlite", "what the executor carried out", true},
    Kind{"runs", "what the executor carried out", true},
    Kind{"agent.yaml.last-good", "a copy of the configuration", false},
    Kind{"scratch", "temporary files", false},
    Kind{"lock", "a lock", false},
};

bool isOf(const Kind& kind, std::string_view name) {
  if (!name.starts_with(kind.name)) return false;
  return name.size() == kind.name.size() || name[kind.name.size()] == '-' || name[kind.name.size()] == '.';
}

Result<> nobodyRuns(const fs::path& lock, const char* who) {
  std::error_code error;
  if (!fs::exists(lock.parent_path(), error)) return {};
  const auto held = platform::LockFile::acquire(lock);
  if (held) return {};
  if (held.error().code != Code::kConflict) return tl::unexpected<Error>(held.error());
  return fail(Code::kConflict,
              std::string(who) +
                  " runs on this machine: stop it first, and keep it from starting until this is done (" +
                  held.error().text + ")");
}

template <std::size_t N>
Result<> empty(const fs::path& folder, const std::array<Kind, N>& kinds, const fs::path& apart, Forget what,
               bool remove, Forgotten& report) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path() != apart) entries.push_back(entry.path());
  }
  // In the table's order.
  for (const auto& kind : kinds) {
    for (auto& entry : entries) {
      if (entry.empty() || !isOf(kind, entry.filename().string())) continue;
      const fs::path found = std::exchange(entry, {});
      if (what == Forget::kServer && !kind.of_server) continue;
      if (remove) fs::remove_all(found, error);
      if (error) return fail(Code::kIo, found.string() + ": " + error.message());
      report.entries.push_back({found, kind.what});
    }
  }
  for (auto& entry : entries) {
    if (!entry.empty()) report.left.push_back(std::move(entry));
  }
  return {};
}

Result<Forgotten> visit(Forget what, const platform::Paths& paths, const fs::path& executor_state,
                        bool remove) {
  Forgotten report;
  {
    const auto owner = platform::AsOwnerOf::enter(paths.state);
    if (!owner) return tl::unexpected<Error>(owner.error());
    if (auto ok = empty(paths.state, kOfAgent, executor_state, what, remove, report); !ok)
      return tl::unexpected<Error>(ok.error());
  }
  if (auto ok = empty(executor_state, kOfExecutor, {}, what, remove, report); !ok)
    return tl::unexpected<Error>(ok.error());
  return report;
}

}  // namespace

Result<Forgotten> forget(Forget what, const platform::Paths& paths, const fs::path& executor_state) {
  if (auto ok = nobodyRuns(paths.run / "agent.lock", "the agent"); !ok)
    return tl::unexpected<Error>(ok.error());
  if (auto ok = nobodyRuns(executor_state / "lock", "the executor"); !ok)
    return tl::unexpected<Error>(ok.error());
  return visit(what, paths, executor_state, true);
}

Result<Forgotten> lookAtWhatToForget(Forget what, const platform::Paths& paths,
                                     const fs::path& executor_state) {
  return visit(what, paths, executor_state, false);
}

}  // namespace redflag::kernel
