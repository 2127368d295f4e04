#include <mutex>

#include "common/refresh_action.h"
#include "common/take_settings.h"
#include "common/which_dnf.h"
#include "redflag/sdk.hpp"
#include "refresh.h"
#include "rpm_database.h"
#include "scan.h"
#include "settings.h"
#include "updater.h"

namespace redflag::dnf {
namespace {

// libdnf's configuration, and the macros with which librpm finds its database, are the process's: two objects
// take turns.
std::lock_guard<std::mutex> aloneInLibdnf() {
  static std::mutex mutex;
  return std::lock_guard<std::mutex>(mutex);
}

class DnfPlugin : public rf::Scanner, public rf::Updater, public rf::Actions {
 public:
  explicit DnfPlugin(const rf::Host& host) : host_(host), log_(host) {}

  rf::Status configure(std::string_view json) override {
    return plugin::takeSettings(parseSettings(json), settings_, log_);
  }

  rf::Status probe(rf::Run& run) override {
    if (plugin::hasDnf5(settings_.root)) {
      run.report(rf::Status::kNotApplicable, "dnf.is_dnf5",
                 "dnf is dnf 5 on this system: the plugin dnf5 scans it");
      return rf::Status::kNotApplicable;
    }
    if (hasRpmDatabase(settings_)) return rf::Status::kOk;
    run.report(rf::Status::kNotApplicable, "dnf.no_system",
               settings_.inRoot("/var/lib/rpm") + " has no rpm database: this system does not use rpm");
    return rf::Status::kNotApplicable;
  }

  rf::Status scan(rf::Run& run) override {
    const auto alone = aloneInLibdnf();
    Scan scan(settings_, host_);
    return run.purpose() == rf::Purpose::kInventory ? scan.inventory(run) : scan.updates(run);
  }

  rf::Status plan(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibdnf();
    return DnfUpdater(settings_, host_, run).plan(request, result);
  }
  rf::Status download(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibdnf();
    return DnfUpdater(settings_, host_, run).download(request, result);
  }
  rf::Status install(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibdnf();
    return DnfUpdater(settings_, host_, run).install(request, result);
  }
  rf::Status verify(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibdnf();
    return DnfUpdater(settings_, host_, run).verify(request, result);
  }
  rf::Status rollback(rf::Run& run, std::string_view request, rf::Output& result) override {
    const auto alone = aloneInLibdnf();
    return DnfUpdater(settings_, host_, run).rollback(request, result);
  }

  rf::Status listActions(rf::Output& result) override { return result.write(plugin::kRefreshAction); }
  // One action, so that the request has nothing to say.
  rf::Status runAction(rf::Run& run, std::string_view, rf::Output& result) override {
    const auto alone = aloneInLibdnf();
    return DnfRefresh(settings_, host_, run).run(result);
  }

 private:
  rf::Host host_;
  rf::Log log_;
  Settings settings_;
};

const rf::Declaration kDeclaration{
    .id = "dnf",
    .version = REDFLAG_VERSION,
    .name = "DNF packages",
    .vendor = "RedFlag",
    .config_schema = kSettingsSchema,
    .record_kinds = {"update/1", "package/1", "fact/1"},
    .capabilities = {{"read:{root}/var/lib/rpm"},
                     // Where /var/lib/rpm leads to on systems that keep the database with the image.
                     {"read:{root}/usr/lib/sysimage/rpm", false},
                     {"read:{root}/etc/dnf", false},
                     {"read:{root}/etc/yum.repos.d", false},
                     {"read:{root}/etc/yum", false},
                     {"read:{root}/etc/distro.repos.d", false},
                     {"read:{root}/etc/os-release", false},
                     {"read:{root}/etc/systemd/system/timers.target.wants", false},
                     {"read:{root}/var/cache/dnf", false},
                     {"read:{root}/var/lib/dnf", false},
                     // Which services run what a plan replaces.
                     {"http:unix:/proc", false},
                     // Fetching metadata, as dnf itself does it: by an action; or a copy of the scanner's
                     // own, with libdnf, in the first of these that it may write, and what its check of
                     // signatures needs.
                     {"root", false},
                     {"{refresh=private}write:{cache_dir}", false},
                     {"{refresh=private}write:/var/cache/redflag/dnf", false},
                     {"{refresh=private}write:~/.cache/redflag/dnf", false},
                     {"{refresh=private}net:any", false},
                     {"{refresh=private}exec:/usr/bin/gpg", false},
                     {"{refresh=private}exec:/usr/bin/gpg2", false},
                     {"{refresh=private}exec:/usr/bin/gpgconf", false},
                     // Where these look for keys, addresses and authorities.
                     {"{refresh=private}read:/etc/pki/rpm-gpg", false},
                     {"{refresh=private}read:/etc/resolv.conf", false},
                     {"{refresh=private}read:/etc/hosts", false},
                     {"{refresh=private}read:/etc/host.conf", false},
                     {"{refresh=private}read:/etc/gai.conf", false},
                     {"{refresh=private}read:/run/systemd/resolve", false},
                     {"{refresh=private}read:/etc/ssl/certs", false},
                     {"{refresh=private}read:/etc/ssl/openssl.cnf", false},
                     {"{refresh=private}read:/etc/pki/tls/certs", false},
                     {"{refresh=private}read:/etc/pki/tls/cert.pem", false},
                     {"{refresh=private}read:/etc/pki/tls/openssl.cnf", false},
                     {"{refresh=private}read:/etc/pki/ca-trust", false},
                     {"{refresh=private}read:/etc/crypto-policies", false},
                     {"{refresh=private}read:/usr/local/share/ca-certificates", false}},
    .requires_libraries = {"libdnf.so.2"},
};

}  // namespace
}  // namespace redflag::dnf

RF_PLUGIN(redflag::dnf::DnfPlugin, redflag::dnf::kDeclaration)
