#pragma once
// What a hostile plugin and a forged order come to on this machine: each is really tried, through the code
// that real runs and orders go through.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/host_starter.h"

namespace redflag::kernel {

struct TrialResult {
  std::string name;  // "plugin.read": stable
  std::string what;  // what was tried, for people
  bool held = false;
  std::string text;  // what happened
};

struct TrialGround {
  std::shared_ptr<const HostStarter> starter;
  host::Manifest hostile;        // of the hostile plugin
  std::filesystem::path folder;  // ours to write in; what is made there is removed
};

// Each result as it comes; an error says why nothing could be tried. Takes about ten seconds.
using TrialSink = std::function<void(const TrialResult&)>;
Result<> tryHostilePlugin(const TrialGround& ground, const TrialSink& sink);
// The same of forged orders, at the gate that real ones pass.
Result<> tryForgedOrders(const std::filesystem::path& folder, const TrialSink& sink);

}  // namespace redflag::kernel
