#include <sys/stat.h>

#include <mutex>

#include "redflag/sdk.hpp"
#include "refresh.h"
#include "scan.h"
#include "settings.h"
#include "updater.h"

namespace redflag::apt {
namespace {

// libapt-pkg's configuration and message stack are the process's: two objects take turns.
std::lock_guard<std::mutex> aloneInLibapt() {
  static std::mutex mutex;
  return std::lock_guard<std::mutex>(mutex);
}

class AptPlugin : public rf::Scanner, public rf::Updater, public rf::Actions {
 public:
  explicit AptPlugin(const rf::Host& host) : host_(host), log_(host) {}

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
    struct stat info {};
    const auto status = settings_.root + "/var/lib/dpkg/status";
    if (stat(status.c_str(), &info) == 0) return rf::Status::kOk;
    run.report(rf::Status::kNotApplicable, "apt.no_system",
               status + " does not exist: this system does not use dpkg");
    return rf::Status::kNotApplicable;
  }

  rf::Status scan(rf::Run& run) override {
    const auto alone = aloneInLibapt();
    Scan scan(settings_, host_);
    return run.purpose() == rf::Purpose::kInventory ? scan.inventory(run) : scan.updates(run);
  }

  rf::Status plan(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibapt();
    return AptUpdater(settings_, host_, run).plan(request, result);
  }
  rf::Status download(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibapt();
    return AptUpdater(settings_, host_, run).download(request, result);
  }
  rf::Status install(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibapt();
    return AptUpdater(settings_, host_, run).install(request, result);
  }
  rf::Status rollback(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibapt();
    return AptUpdater(settings_, host_, run).rollback(request, result);
  }
  rf::Status verify(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibapt();
    return AptUpdater(settings_, host_, run).verify(request, result);
  }
  rf::Status repair(rf::Run& run, std::string_view, rf::Output& result) override {
    const auto alone = aloneInLibapt();
    return AptUpdater(settings_, host_, run).repair(result);
  }

  rf::Status listActions(rf::Output& result) override { return result.write(AptRefresh::list()); }
  // One action, so that the request has nothing to say.
  rf::Status runAction(rf::Run& run, std::string_view, rf::Output& result) override {
    const auto alone = aloneInLibapt();
    return AptRefresh(settings_, host_, run).run(result);
  }

 private:
  rf::Host host_;
  rf::Log log_;
  Settings settings_;
};

const rf::Declaration kDeclaration{
    .id = "apt",
    .version = REDFLAG_VERSION,
    .name = "APT packages",
    .vendor = "RedFlag",
    .config_schema = kSettingsSchema,
    .record_kinds = {"update/1", "package/1", "fact/1"},
    .capabilities = {{"read:{root}/etc/apt"},
                     {"read:{root}/usr/share/keyrings", false},
                     {"read:{root}/var/lib/apt"},
                     {"read:{root}/var/lib/dpkg"},
                     {"read:{root}/etc/machine-id", false},
                     {"read:/proc/locks", false},
                     // What a rollback may go back to although no archive has it any more.
                     {"read:{root}/var/cache/apt/archives", false},
                     {"read:{root}/run/reboot-required", false},
                     {"read:{root}/run/reboot-required.pkgs", false},
                     // Its own binary cache, in the first of these that it may write.
                     {"write:{cache_dir}", false},
                     {"write:/var/cache/redflag/apt", false},
                     {"write:~/.cache/redflag/apt", false},
                     // Fetching lists, as apt itself does it.
                     {"root", false}},
    .requires_libraries = {"libapt-pkg.so.6.0"},
};

}  // namespace
}  // namespace redflag::apt

RF_PLUGIN(redflag::apt::AptPlugin, redflag::apt::kDeclaration)
