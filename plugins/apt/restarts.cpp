#include "restarts.h"

#include <fstream>

namespace redflag::apt {
namespace {

// Of a package that may be there for several architectures the list names which.
std::ifstream fileList(const std::string& root, const Step& step) {
  const auto folder = root + "/var/lib/dpkg/info/";
  std::ifstream list(folder + step.name + ":" + step.arch + ".list");
  if (!list) list.open(folder + step.name + ".list");
  return list;
}

}  // namespace

void nameRestarts(Plan& plan, const std::string& root, const plugin::ServicesInUse& services) {
  std::set<std::string> units;
  for (const auto& step : plan.steps) {
    if (step.from.empty()) continue;
    plan.restarts_incomplete = services.isCut();
    if (services.empty()) continue;
    auto list = fileList(root, step);
    for (std::string file; std::getline(list, file);)
      services.addUsersOf(file, units);
  }
  plan.restarts.assign(units.begin(), units.end());
}

}  // namespace redflag::apt
