#include "config/store.h"

#include <utility>

#include "base/log.h"

namespace redflag::kernel {

namespace {

// A copy to fall back on; that it cannot be kept is no reason to refuse a good configuration.
void keepCopy(const std::filesystem::path& file, const std::filesystem::path& kept) {
  const auto text = platform::readFile(file, kMaxConfigBytes);
  if (!text || platform::readFile(kept, kMaxConfigBytes).value_or("") == *text) return;
  if (auto written = platform::writeFileAtomic(kept, *text); !written) {
    spdlog::warn("no copy of the configuration is kept: {}", written.error().text);
  }
}

}  // namespace

ConfigStore::ConfigStore(std::filesystem::path file, std::filesystem::path kept, Config initial)
    : file_(std::move(file)),
      kept_(std::move(kept)),
      current_(std::make_shared<const Config>(std::move(initial))) {
  if (!file_.empty()) stamp_ = platform::fileStamp(file_);
}

Result<std::unique_ptr<ConfigStore>> ConfigStore::open(const std::filesystem::path& file,
                                                       const std::filesystem::path& state_folder) {
  const auto kept = state_folder / "agent.yaml.last-good";
  if (file.empty()) return std::unique_ptr<ConfigStore>(new ConfigStore(file, kept, defaultConfig()));
  auto loaded = loadConfig(file);
  if (loaded) {
    keepCopy(file, kept);
    return std::unique_ptr<ConfigStore>(new ConfigStore(file, kept, std::move(*loaded)));
  }
  auto earlier = loadConfig(kept);
  if (!earlier) return tl::unexpected<Error>(loaded.error());
  std::unique_ptr<ConfigStore> store(new ConfigStore(file, kept, std::move(*earlier)));
  store->invalid_ = loaded.error().text;
  return store;
}

std::shared_ptr<const Config> ConfigStore::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool ConfigStore::reload() {
  if (file_.empty()) return false;
  // The stamp is taken first: a change while we read is seen as another one.
  const auto stamp = platform::fileStamp(file_);
  auto loaded = loadConfig(file_);
  const std::lock_guard lock(mutex_);
  stamp_ = stamp;
  if (!loaded) {
    invalid_ = loaded.error().text;
    spdlog::error("the configuration is bad, the last good one stays in force:\n{}", invalid_);
    return false;
  }
  invalid_.clear();
  keepCopy(file_, kept_);
  const bool changed = loaded->values != current_->values;
  current_ = std::make_shared<const Config>(std::move(*loaded));
  return changed;
}

bool ConfigStore::changedOnDisk() const {
  if (file_.empty()) return false;
  const std::lock_guard lock(mutex_);
  return platform::fileStamp(file_) != stamp_;
}

std::string ConfigStore::invalidText() const {
  const std::lock_guard lock(mutex_);
  return invalid_;
}

}  // namespace redflag::kernel
