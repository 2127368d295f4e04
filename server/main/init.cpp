#include <algorithm>

#include "auth/authority.h"
#include "auth/secret_file.h"
#include "base/encoding.h"
#include "base/log.h"
#include "commands/signer.h"
#include "main/commands.h"
#include "main/data_folder.h"
#include "main/database.h"
#include "main/offline.h"
#include "main/second_factor_key.h"
#include "main/settings.h"

namespace redflag::server {
namespace {

constexpr std::size_t kDeviceKeyBytes = 32;

void writeSettings(const DataFolder& data, const std::vector<std::string>& names,
                   const std::string& database) {
  for (const std::string& name : names)
    checkName(name);
  if (!std::filesystem::exists(data.settings())) {
    auth::writeSecretFile(data.settings(), settingsText(names, database));
    return;
  }
  const Settings present = readSettings(data.settings());
  if (!names.empty() && present.names != names) {
    throw ConfigurationError(data.settings().string() +
                             ": it names this server otherwise; change `names` there");
  }
  // Or the next `serve` would make itself an empty file.
  if (!database.empty() && present.database != database) {
    throw ConfigurationError(data.settings().string() +
                             ": it does not name this database; change `database` there");
  }
}

void makeKeys(const DataFolder& data) {
  const auth::Authority authority(data.tls());
  auth::writePublicFile(data.caCopy(), authority.activePem());
  if (const auto signer = commands::CommandSigner::load(data.commandKey()); !signer) {
    throw std::runtime_error(signer.error().text);
  }
  if (const auto access = commands::loadOrMakeKey(data.accessKey()); !access) {
    throw std::runtime_error(access.error().text);
  }
  loadOnlineKeys(data);
  loadAuditKey(data);
  if (!auth::readSecretFile(data.deviceKey())) {
    auth::writeSecretFile(data.deviceKey(), randomBytes(kDeviceKeyBytes));
  }
}

}  // namespace

void init(const InitOptions& options) {
  checkDatabaseOption(options.database);
  const DataFolder data = DataFolder::make(options.data);
  const FolderLock lock(data);
  writeSettings(data, options.names, options.database);
  makeKeys(data);
  Offline offline(data, options.database);
  offline.services().initialize();
  if (options.new_second_factor_key) {
    replaceSecondFactorKey(data, offline.services().store());
    offline.services().second_factors.note(
        {"security", "console", "second_factor.key_replaced",
         "made another key of second factors: those there are open with recovery codes alone", "warning"});
  }
  spdlog::info("ready: redflag-server serve --data {}", options.data.string());
}

}  // namespace redflag::server
