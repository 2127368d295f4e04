#pragma once
// What this run was granted, asked before anything is done for the plugin.

#include <string>
#include <string_view>
#include <vector>

namespace redflag::host {

class Capabilities {
 public:
  explicit Capabilities(const std::vector<std::string>& granted);

  // The very program, as an absolute path.
  bool mayExecute(std::string_view program) const;
  // `real_path` has no links in it. A grant reaches everything below it, and where its own path is a link,
  // its target.
  bool mayRead(std::string_view real_path) const;

 private:
  std::vector<std::string> programs_;
  std::vector<std::string> readable_;
};

}  // namespace redflag::host
