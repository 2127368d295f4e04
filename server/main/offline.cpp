#include "main/offline.h"

#include <fstream>

#include "auth/authorities.h"
#include "http/message.h"
#include "main/database.h"
#include "main/settings.h"

namespace redflag::server {
namespace {

// Where the server listens now, or did last; before its first start, where it is told to.
std::uint16_t portOf(const DataFolder& data, const Settings& settings) {
  std::string url;
  std::ifstream(data.url()) >> url;
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme)) return splitListen(settings.listen).port;
  const std::string authority = url.substr(scheme.size());
  const bool has_port =
      authority.find(':', authority.find(']') == std::string::npos ? 0 : authority.find(']')) !=
      std::string::npos;
  return has_port ? splitListen(authority).port : std::uint16_t{443};
}

std::vector<std::string> urlsOf(const DataFolder& data) {
  const Settings settings = readSettings(data.settings());
  if (!settings.names.empty()) return publicUrls(settings, portOf(data, settings));
  std::string url;
  std::ifstream(data.url()) >> url;
  if (!url.empty()) return {url};
  return publicUrls(settings, splitListen(settings.listen).port);
}

}  // namespace

commands::CommandSigner loadSigner(const DataFolder& data) {
  auto signer = commands::CommandSigner::load(data.commandKey());
  if (!signer) throw std::runtime_error(signer.error().text);
  return std::move(*signer);
}

trust::OnlineKeys loadOnlineKeys(const DataFolder& data) {
  auto snapshot = commands::loadOrMakeKey(data.snapshotKey());
  if (!snapshot) throw std::runtime_error(snapshot.error().text);
  auto timestamp = commands::loadOrMakeKey(data.timestampKey());
  if (!timestamp) throw std::runtime_error(timestamp.error().text);
  return {std::move(*snapshot), std::move(*timestamp)};
}

protocol::SigningKey loadAuditKey(const DataFolder& data) {
  auto key = commands::loadOrMakeKey(data.auditKey());
  if (!key) throw std::runtime_error(key.error().text);
  return std::move(*key);
}

trust::ServerKeys serverKeys(const DataFolder& data) {
  const trust::OnlineKeys online = loadOnlineKeys(data);
  return {online.snapshot.publicKey(), online.timestamp.publicKey(), loadSigner(data).publicKeys().front(),
          urlsOf(data), auth::Authorities(data.tls()).certificatesDer()};
}

protocol::Bundle bundleFor(const DataFolder& data, const std::vector<std::string>& urls) {
  protocol::Bundle out;
  out.urls = urls;
  out.authorities = auth::Authorities(data.tls()).certificatesDer();
  const auto root = trust::newestRoot(data.trust());
  if (!root) {
    throw http::Problem{409, "trust.not_published",
                        "no trust root is published yet; see `redflag-server keys init --help`"};
  }
  out.root = *root;
  return out;
}

Offline::Offline(const DataFolder& data, const std::string& database)
    : store_(openDatabase(data, readSettings(data.settings()), database)),
      types_({}, nullptr),
      signer_(loadSigner(data)),
      services_({*store_, types_, signer_, [this, data] { return bundleFor(data, urlsOf(data)); },
                 [](std::int64_t) -> Result<std::int64_t> {
                   return fail(Code::kConflict, "nothing is served here");
                 },
                 bell_}) {}

}  // namespace redflag::server
