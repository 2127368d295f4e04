#include "client.h"
#include "common/refresh_action.h"
#include "common/take_settings.h"
#include "common/which_dnf.h"
#include "redflag/sdk.hpp"
#include "refresh.h"
#include "scan.h"
#include "settings.h"
#include "updater.h"

namespace redflag::dnf5 {
namespace {

class Dnf5Plugin : public rf::Scanner, public rf::Updater, public rf::Actions {
 public:
  explicit Dnf5Plugin(const rf::Host& host) : host_(host), log_(host) {}

  rf::Status configure(std::string_view json) override {
    return plugin::takeSettings(parseSettings(json), settings_, log_);
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

  rf::Status plan(rf::Run& run, std::string_view request, rf::Output& result) override {
    return Dnf5Updater(settings_, host_, run).plan(request, result);
  }
  rf::Status download(rf::Run& run, std::string_view request, rf::Output& result) override {
    return Dnf5Updater(settings_, host_, run).download(request, result);
  }
  rf::Status install(rf::Run& run, std::string_view request, rf::Output& result) override {
    return Dnf5Updater(settings_, host_, run).install(request, result);
  }
  rf::Status verify(rf::Run& run, std::string_view request, rf::Output& result) override {
    return Dnf5Updater(settings_, host_, run).verify(request, result);
  }
  rf::Status rollback(rf::Run& run, std::string_view request, rf::Output& result) override {
    return Dnf5Updater(settings_, host_, run).rollback(request, result);
  }

  rf::Status listActions(rf::Output& result) override { return result.write(plugin::kRefreshAction); }
  // One action, so that the request has nothing to say.
  rf::Status runAction(rf::Run& run, std::string_view, rf::Output& result) override {
    return Dnf5Refresh(settings_, host_, run).run(result);
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
                     {"read:/etc/systemd/system/timers.target.wants", false},
                     {"read:/var/cache/libdnf5", false},
                     {"read:/var/lib/dnf", false},
                     // Which services run what a plan replaces.
                     {"http:unix:/proc", false},
                     // Fetching metadata, as dnf5 itself does it: by an action.
                     {"root", false}},
};

}  // namespace
}  // namespace redflag::dnf5

RF_PLUGIN(redflag::dnf5::Dnf5Plugin, redflag::dnf5::kDeclaration)
