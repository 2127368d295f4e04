#include "agent/prepare_image.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "platform/files.h"
#include "platform/owner.h"
#include "protocol/bundle.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;

struct Kind {
  std::string_view name;  // and what SQLite or a repair put beside it: name-wal, name.damaged-…
  const char* what;
};

constexpr std::array kOfAgent = {
    Kind{"identity", "the agent's key, and who it is"},
    Kind{"orders.db", "what was ordered"},
    Kind{"spool.db", "results for the server"},
    Kind{"trust", "what is believed of the server, with its versions"},
    Kind{"server-settings.json", "what the server set"},
    Kind{"breakers.db", "failures of plugins"},
    Kind{"schedule.json", "when plugins ran"},
    Kind{"plugins", "what plugins remember"},
    Kind{"agent.yaml.last-good", "a copy of the configuration"},
    Kind{"scratch", "temporary files"},
    Kind{"selftest", "temporary files"},
    Kind{"run", "locks and sockets"},
};

constexpr std::array kOfExecutor = {
    Kind{"trust.json", "whose orders the executor believes"},
    Kind{"trust", "what the executor believes of the server, with its versions"},
    Kind{"journal.sqlite", "what the executor carried out"},
    Kind{"runs", "what the executor carried out"},
    Kind{"agent.yaml.last-good", "a copy of the configuration"},
    Kind{"scratch", "temporary files"},
    Kind{"lock", "a lock"},
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
                  " runs on this machine: stop it first, and keep it from starting until the "
                  "image is made (" +
                  held.error().text + ")");
}

template <std::size_t N>
Result<> empty(const fs::path& folder, const std::array<Kind, N>& kinds, const fs::path& apart,
               ImageReport& report) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path() != apart) entries.push_back(entry.path());
  }
  // In the table's order.
  for (const auto& kind : kinds) {
    for (auto& entry : entries) {
      if (entry.empty() || !isOf(kind, entry.filename().string())) continue;
      fs::remove_all(entry, error);
      if (error) return fail(Code::kIo, entry.string() + ": " + error.message());
      report.removed.push_back({std::exchange(entry, {}), kind.what});
    }
  }
  for (auto& entry : entries) {
    if (!entry.empty()) report.left.push_back(std::move(entry));
  }
  return {};
}

Result<std::string> readBundle(const fs::path& file) {
  auto text = platform::readFile(file, protocol::kMaxBundleBytes);
  if (!text) return text;
  const auto bundle = protocol::decodeBundle(*text);
  if (!bundle) return failAt(file.string(), bundle.error());
  if (!bundle->rebinds.empty())
    return fail(Code::kInvalid,
                file.string() + ": it re-binds one agent; expected a bundle for many to join");
  return text;
}

}  // namespace

Result<ImageReport> prepareImage(const ImageRequest& request) {
  const auto& paths = request.paths;
  const auto bundle = request.bundle.empty() ? Result<std::string>() : readBundle(request.bundle);
  if (!bundle) return tl::unexpected<Error>(bundle.error());
  if (auto ok = nobodyRuns(paths.run / "agent.lock", "the agent"); !ok)
    return tl::unexpected<Error>(ok.error());
  if (auto ok = nobodyRuns(request.executor_state / "lock", "the executor"); !ok)
    return tl::unexpected<Error>(ok.error());
  ImageReport report;
  {
    const auto owner = platform::AsOwnerOf::enter(paths.state);
    if (!owner) return tl::unexpected<Error>(owner.error());
    if (auto ok = empty(paths.state, kOfAgent, request.executor_state, report); !ok)
      return tl::unexpected<Error>(ok.error());
  }
  if (auto ok = empty(request.executor_state, kOfExecutor, {}, report); !ok)
    return tl::unexpected<Error>(ok.error());
  if (!request.bundle.empty()) {
    if (auto ok = platform::writeFileAtomic(request.bundle_place, *bundle, 0600); !ok)
      return tl::unexpected<Error>(ok.error());
    if (auto ok = platform::giveToOwnerOf(request.bundle_place, paths.state); !ok)
      return tl::unexpected<Error>(ok.error());
  }
  report.bundle_waits = platform::fileStamp(request.bundle_place).size_bytes > 0;
  return report;
}

}  // namespace redflag::kernel
