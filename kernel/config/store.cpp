#include "config/store.h"

#include <utility>

#include "base/log.h"
#include "settings/server_settings.h"

namespace redflag::kernel {

namespace {

constexpr const char* kKeptName = "agent.yaml.last-good";
constexpr const char* kServerName = "server-settings.json";
constexpr std::size_t kMaxServerBytes = 64U << 10;

// A copy to fall back on; that it cannot be kept is no reason to refuse a good configuration.
void keepCopy(const std::filesystem::path& file, const std::filesystem::path& kept) {
  const auto text = platform::readFile(file, kMaxConfigBytes);
  if (!text || platform::readFile(kept, kMaxConfigBytes).value_or("") == *text) return;
  if (auto written = platform::writeFileAtomic(kept, *text); !written) {
    spdlog::warn("no copy of the configuration is kept: {}", written.error().text);
  }
}

}  // namespace

Result<Config> withKeptSettings(const Config& own, const std::filesystem::path& state_folder) {
  const auto text = platform::readFile(state_folder / kServerName, kMaxServerBytes);
  if (!text && text.error().code == Code::kNotFound) return own;
  if (!text) return tl::unexpected<Error>(text.error());
  const auto json = parseJson(*text);
  if (!json) return tl::unexpected<Error>(json.error());
  return kernel::withServerSettings(own, *json);
}

ConfigStore::ConfigStore(std::filesystem::path file, const std::filesystem::path& state_folder,
                         const Config& initial)
    : file_(std::move(file)),
      kept_(state_folder / kKeptName),
      server_file_(state_folder / kServerName),
      own_(initial),
      current_(std::make_shared<const Config>(merged(own_))) {
  if (!file_.empty()) stamp_ = platform::fileStamp(file_);
}

Result<std::unique_ptr<ConfigStore>> ConfigStore::open(const std::filesystem::path& file,
                                                       const std::filesystem::path& state_folder) {
  const auto kept = state_folder / kKeptName;
  if (file.empty()) return std::unique_ptr<ConfigStore>(new ConfigStore(file, state_folder, defaultConfig()));
  auto loaded = loadConfig(file);
  if (loaded) {
    keepCopy(file, kept);
    return std::unique_ptr<ConfigStore>(new ConfigStore(file, state_folder, *loaded));
  }
  auto earlier = loadConfig(kept);
  if (!earlier) return tl::unexpected<Error>(loaded.error());
  std::unique_ptr<ConfigStore> store(new ConfigStore(file, state_folder, *earlier));
  store->invalid_ = loaded.error().text;
  return store;
}

Json ConfigStore::serverSettings() const {
  const auto text = platform::readFile(server_file_, kMaxServerBytes);
  if (!text) return Json::object();
  auto json = parseJson(*text);
  if (json && json->is_object()) return std::move(*json);
  spdlog::error("config: config.unreadable: {}: not readable; none of the server's settings is in force",
                server_file_.string());
  return Json::object();
}

// The owner's configuration counts, whatever was kept beside it.
Config ConfigStore::merged(const Config& own) const {
  auto both = kernel::withServerSettings(own, serverSettings());
  if (both) return std::move(*both);
  spdlog::error("config: config.invalid: none of the server's settings is in force: {}", both.error().text);
  return own;
}

Result<Config> ConfigStore::withServerSettings(const Json& settings) const {
  const auto wanted = settings::serverSettingsOf(settings);
  if (!wanted) return tl::unexpected<Error>(wanted.error());
  if (file_.empty()) return fail(Code::kDenied, "there is no agent.yaml that lets the server set anything");
  auto own = loadConfig(file_);
  if (!own) return tl::unexpected<Error>(own.error());
  for (const auto& setting : *wanted) {
    if (settings::serverMaySet(own->server_may_set, setting.key)) continue;
    return fail(Code::kDenied, settings::dottedKey(setting.key) +
                                   " is not the server's to set: policy.server_may_set of " + file_.string() +
                                   " does not name it");
  }
  Json all = serverSettings();
  all.merge_patch(settings);
  return kernel::withServerSettings(*own, all);
}

Result<> ConfigStore::keepServerSettings(const Json& settings) {
  const std::lock_guard lock(mutex_);
  Json all = serverSettings();
  all.merge_patch(settings);
  const std::string text = dumpJson(all);
  if (text.size() > kMaxServerBytes) return fail(Code::kLimit, "the server has set too much already");
  if (auto written = platform::writeFileAtomic(server_file_, text); !written) return written;
  current_ = std::make_shared<const Config>(merged(own_));
  return {};
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
    spdlog::error("config: config.invalid: the configuration is bad, the last good one stays in force: {}",
                  invalid_);
    return false;
  }
  invalid_.clear();
  keepCopy(file_, kept_);
  own_ = std::move(*loaded);
  Config fresh = merged(own_);
  const bool changed = fresh.values != current_->values;
  current_ = std::make_shared<const Config>(std::move(fresh));
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
