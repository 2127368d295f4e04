#pragma once
// The rules as root wrote them: agent.yaml and the plugin folder.

#include <filesystem>
#include <memory>

#include "executor/rules.h"

namespace redflag::kernel {

class YamlRules : public RulesSource {
 public:
  YamlRules(std::filesystem::path config_file, std::filesystem::path plugin_folder)
      : config_file_(std::move(config_file)), plugin_folder_(std::move(plugin_folder)) {}

  // kDenied when others than root (or this process's user) could have written the file.
  Result<std::unique_ptr<Rules>> read() override;

 private:
  std::filesystem::path config_file_;
  std::filesystem::path plugin_folder_;
};

}  // namespace redflag::kernel
