#include "client.h"
#include "common/which_dnf.h"
#include "redflag/sdk.hpp"
#include "scan.h"
#include "settings.h"

namespace redflag::dnf5 {
namespace {

class Dnf5Plugin : public rf::Scanner {
 public:
  explicit Dnf5Plugin(const rf::Host& host) : host_(host), log_(host) {}

  rf::Status configure(std::string_view json) override {
    auto settings = parseSettings(json);
    if (!settings) {
      log_.error(settings.error().text);
      return rf::toStatus(settings.error().status);
    }
    settings_ = *settings;
    return rf::Status::kOk;
  }

  rf::Status probe(rf::Run& run) override {
    if (plugin::hasDnf5("/")) return rf::Status::kOk;
    run.report(rf::Status::kNotApplicable, "dnf5.no_dnf5", "dnf on this machine is not dnf 5");
    return rf::Status::kNotApplicable;
  }

  rf::Status scan(rf::Run& run) override {
    Scan scan(settings_, host_);
    return run.purpose() == rf::Purpose::kInventory ? scan.inventory(run) : scan.updates(run);
  }

 private:
  rf::Host host_;
  rf::Log log_;
  Settings settings_;
};

const rf::Declaration kDeclaration{
    .id = "dnf5",
    .version = REDFLAG_VERSION,
    .name = "DNF 5 packages",
    .vendor = "RedFlag",
    .config_schema = kSettingsSchema,
    .record_kinds = {"update/1", "package/1", "fact/1"},
    .capabilities = {{"exec:/usr/bin/dnf5"},
                     {"read:/var/lib/rpm", false},
                     // Where /var/lib/rpm leads to on systems that keep the database with the image.
                     {"read:/usr/lib/sysimage", false},
                     {"read:/etc/dnf", false},
                     {"read:/etc/yum.repos.d", false},
                     {"read:/etc/distro.repos.d", false},
                     {"read:/etc/rpm", false},
                     {"read:/etc/os-release", false},
                     {"read:/var/cache/libdnf5", false},
                     {"read:/var/lib/dnf", false}},
};

}  // namespace
}  // namespace redflag::dnf5

RF_PLUGIN(redflag::dnf5::Dnf5Plugin, redflag::dnf5::kDeclaration)
