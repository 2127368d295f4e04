#include "common/replay_folder.h"

#include <cstdlib>
#include <fstream>

namespace redflag::plugin {

ReplayFolder::ReplayFolder(const std::string& name, const Json& document) : name_(name) {
  std::error_code error;
  auto pattern = (std::filesystem::temp_directory_path(error) / "redflag-replay-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return;
  folder_ = pattern;
  std::ofstream file(this->document());
  file << dumpJson(document);
  std::ofstream answer(answers());
  answer << "y\n";
  written_ = file.flush() && answer.flush();
}

ReplayFolder::~ReplayFolder() {
  std::error_code gone_already;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, gone_already);
}

}  // namespace redflag::plugin
