#include "reboot_packages.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "common/reboot_names.h"
#include "text_forms.h"

namespace redflag::system {
namespace {

constexpr std::uint64_t kMaxStat = 1U << 20U;
constexpr const char* kDpkgLists = "/var/lib/dpkg/info";
constexpr const char* kRpmProgram = "/usr/bin/rpm";
constexpr std::int64_t kQueryPatienceNs = 20'000'000'000;
// proc_pid_stat(5), from the one behind the name, which may hold blanks and brackets.
constexpr std::size_t kStartTime = 22 - 3;

}  // namespace

std::int64_t firstProcessAge(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return 0;
  const auto words = wordsOf(stat.substr(name_end + 1));
  const auto ticks = words.size() > kStartTime ? wholeNumber(words[kStartTime]) : std::nullopt;
  const auto ticks_a_second = std::max<std::int64_t>(::sysconf(_SC_CLK_TCK), 1);
  return ticks && *ticks > 0 ? *ticks / ticks_a_second : 0;
}

std::int64_t RebootPackages::startedAt() const {
  const auto machine = files_.read("/proc/stat", kMaxStat);
  const auto booted_at = machine ? parseProcessorStat(*machine).booted_at : 0;
  if (booted_at <= 0) return 0;
  const auto first = files_.read("/proc/1/stat", kMaxStat);
  return booted_at + (first ? firstProcessAge(*first) : 0);
}

std::vector<std::string> RebootPackages::installedSinceStart(bool with_kernels) const {
  const auto started_at = startedAt();
  const auto lists = files_.list(kDpkgLists);
  if (started_at == 0 || (lists && !lists->empty())) return {};
  std::vector<std::string> argv{kRpmProgram, "--query", "--queryformat", "%{NAME}\\t%{INSTALLTIME}\\n"};
  for (const auto name : plugin::kWantReboot)
    if (with_kernels || !name.starts_with("kernel")) argv.emplace_back(name);
  const auto ran = exec_.run(argv, {kQueryPatienceNs, 0});
  if (!ran) return {};
  // Of one that is not there it says so in a sentence, which has no tab in it.
  std::set<std::string> found;
  for (const auto line : linesOf(ran->out)) {
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos || !plugin::wantsReboot(line.substr(0, tab))) continue;
    const auto installed_at = wholeNumber(line.substr(tab + 1));
    if (installed_at && *installed_at > started_at) found.emplace(line.substr(0, tab));
  }
  return {found.begin(), found.end()};
}

}  // namespace redflag::system
