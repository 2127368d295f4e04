#pragma once
// What a manager replays, and the answer to its one question, in a folder that only root sees and that goes
// with the object.

#include <filesystem>
#include <string>

#include "base/json.h"

namespace redflag::plugin {

class ReplayFolder {
 public:
  // `name`: of the file with the document, as the manager wants it to be called.
  ReplayFolder(const std::string& name, const Json& document);
  ReplayFolder(const ReplayFolder&) = delete;
  ReplayFolder& operator=(const ReplayFolder&) = delete;
  ~ReplayFolder();

  bool written() const { return written_; }
  std::string path() const { return folder_; }
  std::string document() const { return folder_ / name_; }
  std::string answers() const { return folder_ / "answers"; }  // one yes

 private:
  std::string name_;
  std::filesystem::path folder_;
  bool written_ = false;
};

}  // namespace redflag::plugin
