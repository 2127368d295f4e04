#include <apt-pkg/macros.h>
#include <sys/stat.h>

#include <mutex>

#include "common/take_settings.h"
#include "redflag/sdk.hpp"
#include "refresh.h"
#include "scan.h"
#include "settings.h"
#include "updater.h"

// Of the libapt that this is built with: 6.0 up to apt 2.9, 7.0 from 3.0 on.
#define RF_APT_TEXT_OF(number) #number
#define RF_APT_SONAME(major, minor) "libapt-pkg.so." RF_APT_TEXT_OF(major) "." RF_APT_TEXT_OF(minor)

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
    return plugin::takeSettings(parseSettings(json), settings_, log_);
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
                     // Which services run what a plan replaces.
                     {"http:unix:/proc", false},
                     // Its own binary cache, in the first of these that it may write.
                     {"write:{cache_dir}", false},
                     {"write:/var/cache/redflag/apt", false},
                     {"write:~/.cache/redflag/apt", false},
                     // Fetching lists, as apt itself does it: by an action; or a copy of the scanner's own,
                     // with apt's methods, and what its check of signatures, a script, needs.
                     {"root", false},
                     {"{refresh=private}net:any", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/http", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/https", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/mirror+http", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/mirror+https", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/file", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/copy", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/store", false},
                     {"{refresh=private}exec:/usr/lib/apt/methods/gpgv", false},
                     // From apt 3 on, with what it says which algorithms still count.
                     {"{refresh=private}exec:/usr/lib/apt/methods/sqv", false},
                     {"{refresh=private}exec:/usr/bin/sqv", false},
                     {"{refresh=private}read:/usr/share/apt", false},
                     {"{refresh=private}read:/etc/crypto-policies", false},
                     {"{refresh=private}read:/var/lib/crypto-config", false},
                     {"{refresh=private}exec:/usr/bin/apt-key", false},
                     {"{refresh=private}exec:/usr/bin/apt-config", false},
                     {"{refresh=private}exec:/usr/bin/gpgv", false},
                     {"{refresh=private}exec:/usr/bin/awk", false},
                     {"{refresh=private}exec:/usr/bin/base64", false},
                     {"{refresh=private}exec:/usr/bin/cat", false},
                     {"{refresh=private}exec:/usr/bin/chmod", false},
                     {"{refresh=private}exec:/usr/bin/cmp", false},
                     {"{refresh=private}exec:/usr/bin/cp", false},
                     {"{refresh=private}exec:/usr/bin/find", false},
                     {"{refresh=private}exec:/usr/bin/mktemp", false},
                     {"{refresh=private}exec:/usr/bin/readlink", false},
                     {"{refresh=private}exec:/usr/bin/rm", false},
                     {"{refresh=private}exec:/usr/bin/sed", false},
                     {"{refresh=private}exec:/usr/bin/sort", false},
                     {"{refresh=private}exec:/usr/bin/touch", false},
                     // Where these look for addresses and authorities.
                     {"{refresh=private}read:/etc/resolv.conf", false},
                     {"{refresh=private}read:/etc/hosts", false},
                     {"{refresh=private}read:/etc/host.conf", false},
                     {"{refresh=private}read:/etc/gai.conf", false},
                     {"{refresh=private}read:/run/systemd/resolve", false},
                     {"{refresh=private}read:/etc/ssl/certs", false},
                     {"{refresh=private}read:/usr/local/share/ca-certificates", false}},
    .requires_libraries = {RF_APT_SONAME(APT_PKG_MAJOR, APT_PKG_MINOR)},
};

}  // namespace
}  // namespace redflag::apt

RF_PLUGIN(redflag::apt::AptPlugin, redflag::apt::kDeclaration)
