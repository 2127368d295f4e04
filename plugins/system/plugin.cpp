#include "actions.h"
#include "redflag/sdk.hpp"
#include "system_scan.h"

namespace redflag::system {
namespace {

class SystemPlugin : public rf::Scanner, public rf::Actions {
 public:
  explicit SystemPlugin(const rf::Host& host) : host_(host) {}
  rf::Status scan(rf::Run& run) override { return SystemScan(host_, run).scan(); }
  rf::Status listActions(rf::Output& result) override {
    return result.write(dumpJson(SystemActions::list()));
  }
  rf::Status runAction(rf::Run& run, std::string_view request, rf::Output& result) override {
    ThisMachine machine(host_);
    return SystemActions(host_, machine).run(run, request, result);
  }

 private:
  rf::Host host_;
};

const rf::Declaration kDeclaration{
    .id = "system",
    .version = REDFLAG_VERSION,
    .name = "System",
    .vendor = "RedFlag",
    .record_kinds = {"fact/1", "metric/1", "service/1"},
    .capabilities = {{"read:/etc/os-release"},
                     {"read:/usr/lib/os-release"},
                     // Until when a version of the system is supported.
                     {"read:/usr/share/distro-info", false},
                     {"read:/proc"},
                     {"read:/boot", false},
                     // Which processes run replaced code, and whose file it was.
                     {"http:unix:/proc", false},
                     // Which units have failed.
                     {"http:unix:/run/systemd", false},
                     {"read:/var/lib/dpkg/info", false},
                     {"exec:/usr/bin/rpm", false},
                     {"read:/var/lib/rpm", false},
                     {"read:/usr/lib/sysimage/rpm", false},
                     {"read:/etc/rpm", false},
                     {"read:/run/reboot-required", false},
                     {"read:/run/reboot-required.pkgs", false},
                     // Whether a restart waits that could be taken back.
                     {"read:/run/systemd/shutdown/scheduled", false},
                     // Restarting it, and its services, takes the service manager's own programs.
                     {"root", false}},
};

}  // namespace
}  // namespace redflag::system

RF_PLUGIN(redflag::system::SystemPlugin, redflag::system::kDeclaration)
