// What the kernel and the system's files say, and what was kept of it.
#include "base/kernel_release.h"
#include "fuzz.h"
#include "growth.h"
#include "kernel_images.h"
#include "layers.h"
#include "mounts.h"
#include "reboot_packages.h"
#include "support_end.h"
#include "text_forms.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(system_texts) {
  for (const auto line : system::linesOf(input))
    for (const auto word : system::wordsOf(line)) {
      static_cast<void>(system::wholeNumber(word));
      static_cast<void>(system::realNumber(word));
    }
  static_cast<void>(system::parseOsRelease(input));
  const auto end = system::supportEnd(system::parseOsRelease(input), input);
  for (const auto& day : {end.regular, end.long_term})
    claim(day.empty() || day.size() == 10, "a day is one or is not there");
  static_cast<void>(system::parseMemoryInfo(input));
  static_cast<void>(system::parsePressure(input));
  static_cast<void>(system::parseProcessorStat(input));
  claim(system::firstProcessAge(input) >= 0, "nothing began before its machine");
  const auto mounts = storage::parseMounts(input);
  claim(storage::worthLooking(mounts, {"/mnt"}).size() <= mounts.size(), "no mount is looked at twice");
  auto growth = storage::Growth::from(input);
  claim(storage::Growth::from(growth.text()).text() == growth.text(), "what is kept reads back");
  growth.add("/", {1'740'794'400, 1});
  static_cast<void>(growth.daysUntilFull("/", std::int64_t{1} << 40U));
  const auto lines = system::linesOf(input);
  if (lines.empty()) return;
  // The kernel that runs, or device mapper's identifier, and what lies in /boot.
  const auto newest = system::newestInstalled({lines.begin() + 1, lines.end()}, lines.front());
  claim(newest.empty() || compareReleases(newest, lines.front()) >= 0, "no older kernel is a newer one");
  static_cast<void>(storage::mappedLayer(lines.front(), input));
}

}  // namespace redflag::fuzz
