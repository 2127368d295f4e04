#pragma once
// The configuration in force while the agent runs: the last good one. Threads: any.

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "config/config.h"
#include "platform/files.h"

namespace redflag::kernel {

// The owner's configuration with what the agent that keeps its state there was set by a server, as far as
// both go together. For whoever is not that agent; kDenied: only its user may read it.
Result<Config> withKeptSettings(const Config& own, const std::filesystem::path& state_folder);

class ConfigStore {
 public:
  // Reads `file` ("": there is none, all values are at their defaults). When it is bad, the copy of the last
  // good one that an earlier run kept in `state_folder` is in force and invalidText() says so; without such a
  // copy: kInvalid.
  static Result<std::unique_ptr<ConfigStore>> open(const std::filesystem::path& file,
                                                   const std::filesystem::path& state_folder);

  // What would be in force with these settings of the server's too (nested as in agent.yaml; null takes one
  // back). kDenied names the key that the owner does not let it set; kInvalid what is wrong.
  Result<Config> withServerSettings(const Json& settings) const;
  // Puts them in force and keeps them on disk, over restarts.
  Result<> keepServerSettings(const Json& settings);

  std::shared_ptr<const Config> current() const;
  // Reads the file again. True: another configuration is in force now. A bad file changes nothing but
  // invalidText().
  bool reload();
  // True when the file changed since it was last read: then call reload().
  bool changedOnDisk() const;
  // "" while the file is fine; else its problems, a line each: the configuration in force is an older one.
  std::string invalidText() const;

 private:
  ConfigStore(std::filesystem::path file, const std::filesystem::path& state_folder, const Config& initial);
  Json serverSettings() const;  // kept ones; none when they cannot be read
  Config merged(const Config& own) const;

  const std::filesystem::path file_;
  const std::filesystem::path kept_;
  const std::filesystem::path server_file_;
  mutable std::mutex mutex_;
  Config own_;  // without the server's settings
  std::shared_ptr<const Config> current_;
  platform::FileStamp stamp_;
  std::string invalid_;
};

}  // namespace redflag::kernel
