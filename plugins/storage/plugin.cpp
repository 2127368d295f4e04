#include "storage_scan.h"

namespace redflag::storage {
namespace {

class StoragePlugin : public rf::Scanner {
 public:
  explicit StoragePlugin(const rf::Host& host) : host_(host), log_(host) {}

  rf::Status configure(std::string_view json) override {
    auto settings = parseSettings(json);
    if (!settings) {
      log_.error(settings.text());
      return settings.status();
    }
    settings_ = *settings;
    return rf::Status::kOk;
  }
  rf::Status scan(rf::Run& run) override { return StorageScan(settings_, host_, run).scan(); }

 private:
  rf::Host host_;
  rf::Log log_;
  Settings settings_;
};

const rf::Declaration kDeclaration{
    .id = "storage",
    .version = REDFLAG_VERSION,
    .name = "Storage",
    .vendor = "RedFlag",
    .config_schema = kSettingsSchema,
    .record_kinds = {"volume/1", "metric/1", "fact/1"},
    .capabilities = {{"read:/proc"},
                     {"read:/sys/block", false},
                     {"read:/sys/devices", false},  // where the entries there lead to
                     {"{smart=true}http:unix:/dev", false}},
};

}  // namespace
}  // namespace redflag::storage

RF_PLUGIN(redflag::storage::StoragePlugin, redflag::storage::kDeclaration)
