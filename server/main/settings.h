#pragma once
// server.yaml: everything in it is optional, nothing in it is ignored.
//
//   listen: 127.0.0.1:8443        # where the server listens; port 0 picks one
//   names: [redflag.example.com]  # what agents and browsers call it; the certificate carries them
//   keep_days: 90                 # history, scans, closed updates and finished commands
//   keep_audit_days: 730          # the audit log
//   silent_after_minutes: 10      # without a doorbell or a request an agent counts as silent
//   agent_token_life_s: 86400     # how long an agent's access token is good
//   require_second_factor: [admin]  # roles that may do nothing but set one up while they have none
//   rate_limits: {agent: 60}      # a minute; also enrolment, enrolment_failed, sign_in, people
//   trusted_proxies: [10.0.0.0/8] # whose X-Forwarded-For or Forwarded says who asks
//   database: postgresql://redflag@db.example.com/redflag?sslmode=verify-full   # instead of redflag.db
//
// A password may stand in that URL if the file is mode 0600; or in the file that PGPASSFILE names.

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace redflag::server {

// What only an admin can put right: file, line, key and what was expected.
struct ConfigurationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Settings {
  std::string listen = "127.0.0.1:8443";
  std::vector<std::string> names;
  std::int64_t keep_days = 90;
  std::int64_t keep_audit_days = 730;
  std::int64_t keepAuditNs() const { return keep_audit_days * 86'400 * 1'000'000'000; }
  std::int64_t silent_after_minutes = 10;
  std::int64_t agent_token_life_s = 86'400;
  std::string database;                             // "": the file
  std::set<std::string> require_second_factor;      // roles
  std::map<std::string, std::int64_t> rate_limits;  // what is not the default
  std::vector<std::string> trusted_proxies;
};

// Defaults when there is no file. Throws ConfigurationError.
Settings readSettings(const std::filesystem::path& file);

// Throws ConfigurationError for what is no host name or address.
void checkName(const std::string& name);

// The file for a new server; `database` may be "".
std::string settingsText(const std::vector<std::string>& names, const std::string& database);

// The host of "host:port" and "[::1]:port", and the port.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
HostPort splitListen(const std::string& listen);  // throws ConfigurationError

// Everything the server's certificate must name.
std::set<std::string> certificateNames(const Settings& settings);

// Where agents and browsers find a server that listens on this port: one address a name, or the one it
// listens on.
std::vector<std::string> publicUrls(const Settings& settings, std::uint16_t port);

}  // namespace redflag::server
