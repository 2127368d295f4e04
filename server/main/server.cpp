#include "main/server.h"

#include <iterator>
#include <utility>

#include "api/routes.h"
#include "auth/secret_file.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "main/authority_rotation.h"
#include "main/database.h"
#include "main/health.h"
#include "main/metrics_token.h"
#include "main/offline.h"
#include "main/second_factor_key.h"
#include "main/shared_keys.h"
#include "services/handed_trust.h"
#include "store/metered.h"

namespace redflag::server {
namespace {

constexpr std::chrono::seconds kStopLimit{8};

std::string deviceKey(const DataFolder& data) {
  auto key = auth::readSecretFile(data.deviceKey());
  if (!key)
    throw std::runtime_error(data.deviceKey().string() + " is missing; run `redflag-server init` again");
  return std::move(*key);
}

// As the next: made by a server that has none yet.
protocol::SigningKey accessKey(const DataFolder& data) {
  auto key = commands::loadOrMakeKey(data.accessKey());
  if (!key) throw std::runtime_error(key.error().text);
  return std::move(*key);
}

// Made by a server that has none yet.
std::string metricsToken(const DataFolder& data) {
  if (auto token = readMetricsToken(data.metricsToken())) return std::move(*token);
  const std::string token = toBase64Url(randomBytes(32));
  auth::writeSecretFile(data.metricsToken(), token + "\n");
  return token;
}

std::unique_ptr<http::StaticFiles> loadWeb(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "index.html")) return std::make_unique<http::StaticFiles>(folder);
  spdlog::warn("web={} the browser application is not there; only the interface is served", folder.string());
  return nullptr;
}

}  // namespace

Server::Server(const DataFolder& data, const Settings& settings, const ServeOptions& options)
    : data_(data),
      settings_(settings),
      store_(std::make_unique<store::MeteredStore>(openDatabase(data, settings, options.database), metrics_)),
      types_(options.command_types, std::make_shared<commands::HostRunner>(options.host)),
      signer_(loadSigner(data)),
      tokens_(accessKey(data), settings.agent_token_life_s),
      repository_(data.trust(), loadOnlineKeys(data)),
      trust_(repository_, data.restored()),
      audit_(*store_, loadAuditKey(data), data.auditHead(), systemClock(), settings.keepAuditNs()),
      endings_(data.endings()),
      expiries_(data.path()),
      services_(context()),
      refusals_(services_.context()),
      fleet_(services_),
      outbox_(*store_),
      authority_(data.tls()),
      sessions_(services_.accounts, systemClock()),
      second_factor_(services_.second_factors, systemClock(),
                     secondFactorKey(data, *store_, store_->mayHaveOthers()), settings.require_second_factor),
      alarms_(services_.second_factors, systemClock()),
      api_tokens_(services_.accounts, systemClock()),
      throttle_(systemClock()),
      rates_(systemClock(), throttle_.pairs(), settings.rate_limits),
      devices_(deviceKey(data)),
      setup_(services_.accounts),
      signature_clock_(systemClock(), data.signatureClock(), auth::thisBoot()),
      nonces_(signature_clock_, data.nonces()),
      signatures_(services_.access, nonces_, tokens_, systemClock()),
      gate_(services_.access, signatures_, sessions_, api_tokens_, metricsToken(data),
            settings.require_second_factor, &alarms_),
      streams_(gate_, outbox_, services_.presence),
      web_(loadWeb(options.web)) {
  for (const auto& refused : types_.refused())
    spdlog::error("command_type={} refused: {}", refused.id, refused.why);
  services_.initialize();
  if (store_->mayHaveOthers()) leaveKeyMarks(data_, *store_);
  endAgainWhatEnded();
  rates_.use(services_.accounts.rates());
  trust_.tend(epochNow());
  secure();
  open(settings.listen);
}

Server::~Server() {
  stop();
}

services::Context Server::context() {
  services::Settings limits;
  limits.keep_ns = settings_.keep_days * 86'400 * kSecondNs;
  limits.keep_audit_ns = settings_.keepAuditNs();
  limits.silent_after_ns = settings_.silent_after_minutes * 60 * kSecondNs;
  return {*store_,
          types_,
          signer_,
          [this] { return bundleFor(data_, urls_); },
          [this](std::int64_t now) { return epochFor(now); },
          bell_,
          systemClock(),
          limits,
          &trust_,
          &metrics_,
          &tokens_,
          &audit_,
          data_.path(),
          [this] {
            rates_.use(services_.accounts.rates());  // another server on the database may have set them
            expiries_.tend(epochNow());
            services::shareHandedTrust(services_.context());  // for doctor, which asks the folder alone
            // A database that is set back by a minute is to be known from what ended in that minute.
            if (const auto ended = endings_.newest(); ended != std::exchange(ended_, ended))
              audit_.keepSoon();
          },
          &errors_,
          &endings_};
}

Result<std::int64_t> Server::epochFor(std::int64_t now) const {
  const std::string unknown = services::shareHandedTrust(services_.context());
  if (!unknown.empty()) return fail(Code::kDenied, unknown);
  return trust_.epochFor(signer_.publicKeys().front().key_id, now);
}

// Whoever set the database back, or copied another one into its place, did not ask what had ended. One that
// still stands on what this server signed was not set back: what differs is another server's work since.
void Server::endAgainWhatEnded() {
  if (store_->mayHaveOthers() && audit_.standsOnKept()) services::learnChanges(*store_, endings_);
  const auto ended = services::endAgain(*store_, endings_.list(), epochNow());
  if (ended > 0)
    spdlog::warn(
        "the database is older than {}: {} revoked agents, replaced keys, tokens or accounts ended again",
        data_.endings().string(), ended);
  services::learnEndings(*store_, endings_);
}

void Server::secure() {
  const bool fresh = authority_.ensureServerCertificate(certificateNames(settings_), epochNow() / kSecondNs);
  if (fresh) spdlog::info("a new server certificate was made");
  if (tls_ && !fresh) return;
  auth::writePublicFile(data_.caCopy(), authority_.activePem());
  if (tls_) return tls_->replace(authority_.chainFile(), authority_.keyFile());
  tls_ = std::make_unique<auth::TlsContext>(authority_.chainFile(), authority_.keyFile());
}

void Server::tend() {
  try {
    secure();
    if (takeOverAuthority()) secure();
  } catch (const std::exception& error) {
    spdlog::error("certificates could not be tended: {}", error.what());
  }
}

bool Server::takeOverAuthority() {
  if (!authority_.certificateDer("next")) return false;  // as nearly always
  const auto published = trust_.published();
  const auto state = rotationOf(authority_, *store_, published ? &published->commands : nullptr, epochNow());
  if (!state.ready) return false;
  authority_.takeOver();
  const std::string text = "another authority signs the server's certificate from now on";
  recordAuthority(*store_, "server", "authority.taken_over", text, epochNow());
  spdlog::warn("{}: browsers need the new {}; then run `redflag-server ca retire`", text,
               data_.caCopy().string());
  return true;
}

void Server::open(const std::string& listen) {
  http::FrontOptions options;
  options.listen = listen;
  options.proxies = http::TrustedProxies(settings_.trusted_proxies);
  options.date_s = [this] { return signature_clock_.nowS(); };  // which agents sign by
  front_ = std::make_unique<http::Front>(
      options, tls_->get(), routes(), gate_, streams_,
      [this](const http::Request& request) { return application(request); }, metrics_);
  metrics_.onRead(writeProcess);
  metrics_.onRead([this](metrics::Snapshot& out) { writeExpiries(data_.path(), out); });
  metrics_.onRead([this](metrics::Snapshot& out) { writeFront(*front_, streams_, out); });
  metrics_.onRead([this](metrics::Snapshot& out) { fleet_.write(out); });
  urls_ = publicUrls(settings_, front_->port());
  bell_.connect(streams_);
  front_->limitBy(&rates_);
  front_->onRefusal([this](const http::Refusal& refusal) { refusals_.note(refusal); });
  services_.upkeep.start();
  refusals_.start();
  front_->start();
}

std::vector<http::Route> Server::routes() {
  std::vector<http::Route> out;
  const auto add = [&out](std::vector<http::Route> routes) {
    std::move(routes.begin(), routes.end(), std::back_inserter(out));
  };
  add(api::apiRoutes(services_));
  add(api::accountRoutes(services_, passwords_));
  add(api::agentRoutes(services_));
  add(api::trustRoutes(repository_));
  const auth::People people{
      services_.accounts,       sessions_, passwords_, throttle_, devices_, setup_, second_factor_,
      services_.second_factors, alarms_};
  add(auth::peopleRoutes(people));
  add(auth::accountRoutes(people));
  add(auth::rateRoutes(rates_, services_.accounts));
  add(healthRoutes(services_.accounts));
  add(metricsRoutes(metrics_));
  return out;
}

http::Response Server::application(const http::Request& request) const {
  const bool hidden = auth::Setup::isSetupPath(request.path) && !setup_.open();
  if (web_ == nullptr || hidden) {
    throw http::Problem{404, "request.no_such_address", "there is nothing at this address"};
  }
  return web_->serve(request);
}

void Server::writeLastErrors() {
  try {
    errors_.write(*store_);
  } catch (const std::exception& error) {
    spdlog::warn("the last errors are in this log alone: {}", error.what());
  } catch (const http::Problem& problem) {
    spdlog::warn("the last errors are in this log alone: {}", problem.detail);
  }
}

void Server::noteWhoLeft() {
  try {
    services_.presence.end();
  } catch (const std::exception& error) {
    spdlog::warn("some agents count as connected until this server is taken for gone: {}", error.what());
  } catch (const http::Problem& problem) {
    spdlog::warn("some agents count as connected until this server is taken for gone: {}", problem.detail);
  }
}

void Server::stop() {
  if (front_ == nullptr) return;
  front_->stop(kStopLimit);
  for (const auto& [code, count] : front_->dispatcher().refusals().snapshot()) {
    spdlog::info("refused={} count={}", code, count);
  }
  bell_.disconnect();
  services_.upkeep.stop();
  refusals_.stop();
  noteWhoLeft();
  writeLastErrors();
  audit_.finish(epochNow());
  store_->onOutbox({});
  front_.reset();
}

}  // namespace redflag::server
