#include "common/take_settings.h"
#include "docker_scan.h"
#include "redflag/sdk.hpp"
#include "settings.h"
#include "updater.h"

namespace redflag::docker {
namespace {

class DockerPlugin : public rf::Scanner, public rf::Updater {
 public:
  explicit DockerPlugin(const rf::Host& host) : host_(host), log_(host) {}

  rf::Status configure(std::string_view json) override {
    return plugin::takeSettings(parseSettings(json), settings_, log_);
  }

  rf::Status probe(rf::Run& run) override {
    const auto answer = rf::LocalHttp(host_).get(settings_.socket, "/_ping", 1024);
    if (answer) return rf::Status::kOk;
    const auto code =
        answer.status() == rf::Status::kNotApplicable ? "docker.no_engine" : "docker.engine_unreachable";
    run.report(answer.status(), code, answer.text());
    return answer.status();
  }

  rf::Status scan(rf::Run& run) override { return DockerScan(settings_, host_, run).scan(); }

  rf::Status plan(rf::Run& run, std::string_view request, rf::Output& result) override {
    return DockerUpdater(settings_, host_, run).plan(request, result);
  }
  rf::Status download(rf::Run& run, std::string_view request, rf::Output& result) override {
    return DockerUpdater(settings_, host_, run).download(request, result);
  }
  rf::Status install(rf::Run& run, std::string_view request, rf::Output& result) override {
    return DockerUpdater(settings_, host_, run).install(request, result);
  }
  rf::Status verify(rf::Run& run, std::string_view request, rf::Output& result) override {
    return DockerUpdater(settings_, host_, run).verify(request, result);
  }
  rf::Status repair(rf::Run& run, std::string_view, rf::Output& result) override {
    return DockerUpdater(settings_, host_, run).repair(result);
  }

 private:
  rf::Host host_;
  rf::Log log_;
  Settings settings_;
};

const rf::Declaration kDeclaration{
    .id = "docker",
    .version = REDFLAG_VERSION,
    .name = "Container images",
    .vendor = "RedFlag",
    .config_schema = kSettingsSchema,
    .record_kinds = {"image/1", "container/1", "update/1", "metric/1", "fact/1"},
    .capabilities = {{"http:unix:{socket}"},
                     {"net:any"},
                     {"read:{credentials_file}", false},
                     {"read:/etc/docker/certs.d", false},
                     // Where libcurl and libc look for addresses and authorities.
                     {"read:/etc/resolv.conf", false},
                     {"read:/etc/hosts", false},
                     {"read:/etc/host.conf", false},
                     {"read:/etc/gai.conf", false},
                     {"read:/run/systemd/resolve", false},
                     {"read:/etc/ssl/certs", false},
                     {"read:/etc/ssl/openssl.cnf", false},
                     {"read:/etc/pki/tls", false},
                     {"read:/etc/pki/ca-trust", false},
                     {"read:/usr/local/share/ca-certificates", false}},
    .requires_libraries = {"libcurl.so.4"},
};

}  // namespace
}  // namespace redflag::docker

RF_PLUGIN(redflag::docker::DockerPlugin, redflag::docker::kDeclaration)
