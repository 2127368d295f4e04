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

std::vector<std::string> restartsOf(const Plan& plan, const std::string& root,
                                    const plugin::ServicesInUse& services) {
  std::set<std::string> units;
  if (services.empty()) return {};
  for (const auto& step : plan.steps) {
    if (step.from.empty()) continue;
    auto list = fileList(root, step);
    for (std::string file; std::getline(list, file);)
      services.addUsersOf(file, units);
  }
  return {units.begin(), units.end()};
}

}  // namespace redflag::apt
