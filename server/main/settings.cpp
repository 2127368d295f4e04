#include "main/settings.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>

#include "auth/rate_limits.h"
#include "http/proxies.h"

namespace redflag::server {
namespace {

constexpr std::size_t kMaxFileBytes = 64U << 10;
constexpr std::size_t kMaxNames = 32;

class Reader {
 public:
  explicit Reader(std::filesystem::path file) : file_(std::move(file)) {}

  [[noreturn]] void refuse(const YAML::Node& node, const std::string& what) const {
    throw ConfigurationError(file_.string() + ":" + std::to_string(node.Mark().line + 1) + ": " + what);
  }
  std::string text(const YAML::Node& node, const std::string& key) const {
    if (!node.IsScalar() || node.Scalar().empty()) refuse(node, key + ": expected text");
    return node.Scalar();
  }
  std::int64_t number(const YAML::Node& node, const std::string& key, std::int64_t low,
                      std::int64_t high) const {
    const std::string expected =
        key + ": expected a number from " + std::to_string(low) + " to " + std::to_string(high);
    if (!node.IsScalar()) refuse(node, expected);
    const std::string& digits = node.Scalar();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value < low || value > high) {
      refuse(node, expected);
    }
    return value;
  }
  std::vector<std::string> names(const YAML::Node& node, const std::string& key) const {
    if (!node.IsSequence() || node.size() > kMaxNames) refuse(node, key + ": expected a list of host names");
    std::vector<std::string> out;
    for (const auto& item : node) {
      out.push_back(text(item, key));
      try {
        checkName(out.back());
      } catch (const ConfigurationError& error) {
        refuse(item, key + ": " + error.what());
      }
    }
    return out;
  }
  std::set<std::string> roles(const YAML::Node& node, const std::string& key) const {
    static const std::set<std::string> known = {"viewer", "technician", "approver", "admin"};
    const std::string expected = key + ": expected a list out of viewer, technician, approver, admin";
    if (!node.IsSequence()) refuse(node, expected);
    std::set<std::string> out;
    for (const auto& item : node) {
      if (!item.IsScalar() || !known.contains(item.Scalar())) refuse(item, expected);
      out.insert(item.Scalar());
    }
    return out;
  }

  std::map<std::string, std::int64_t> rates(const YAML::Node& node, const std::string& key) const {
    if (!node.IsMap()) refuse(node, key + ": expected policies and their numbers a minute");
    std::map<std::string, std::int64_t> out;
    const auto& known = auth::RateLimits::known();
    for (const auto& entry : node) {
      const std::string name = text(entry.first, key);
      const bool exists =
          std::any_of(known.begin(), known.end(), [&](const auto& policy) { return policy.name == name; });
      if (!exists || out.contains(name)) {
        refuse(entry.first,
               key +
                   ": expected agent, enrolment, enrolment_failed, people or sign_in, each once, "
                   "not \"" +
                   name + "\"");
      }
      out[name] = number(entry.second, key + "." + name, auth::RateLimits::kLeast, auth::RateLimits::kMost);
    }
    return out;
  }
  std::vector<std::string> networks(const YAML::Node& node, const std::string& key) const {
    if (!node.IsSequence() || node.size() > kMaxNames) refuse(node, key + ": expected a list of networks");
    std::vector<std::string> out;
    for (const auto& item : node) {
      out.push_back(text(item, key));
      try {
        http::TrustedProxies({out.back()});
      } catch (const std::invalid_argument& error) {
        refuse(item, key + ": " + error.what());
      }
    }
    return out;
  }

 private:
  std::filesystem::path file_;
};

void apply(const Reader& in, const std::string& key, const YAML::Node& key_node, const YAML::Node& node,
           Settings& out) {
  if (key == "listen") {
    out.listen = in.text(node, key);
    try {
      splitListen(out.listen);
    } catch (const ConfigurationError& error) {
      in.refuse(node, key + ": " + error.what());
    }
  } else if (key == "names") {
    out.names = in.names(node, key);
  } else if (key == "keep_days") {
    out.keep_days = in.number(node, key, 1, 3650);
  } else if (key == "keep_audit_days") {
    out.keep_audit_days = in.number(node, key, 1, 36'500);
  } else if (key == "silent_after_minutes") {
    out.silent_after_minutes = in.number(node, key, 1, 1440);
  } else if (key == "agent_token_life_s") {
    out.agent_token_life_s = in.number(node, key, 3, 86'400);
  } else if (key == "rate_limits") {
    out.rate_limits = in.rates(node, key);
  } else if (key == "trusted_proxies") {
    out.trusted_proxies = in.networks(node, key);
  } else if (key == "database") {
    out.database = in.text(node, key);
  } else if (key == "require_second_factor") {
    out.require_second_factor = in.roles(node, key);
  } else {
    in.refuse(key_node,
              "unknown key \"" + key +
                  "\"; known are agent_token_life_s, database, keep_audit_days, keep_days, listen, names, "
                  "rate_limits, require_second_factor, silent_after_minutes, trusted_proxies");
  }
}

std::string hostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// A double-quoted YAML text.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool isWildcard(const std::string& host) {
  return host == "0.0.0.0" || host == "::" || host == "*";
}

std::string url(const std::string& host, std::uint16_t port) {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return "https://" + shown + (port == 443 ? "" : ":" + std::to_string(port));
}

}  // namespace

void checkName(const std::string& name) {
  const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.:") == std::string::npos;
  if (name.empty() || name.size() > 253 || !plain || name.front() == '-' || name.front() == '.') {
    throw ConfigurationError("expected a host name in lower case, or an address, not \"" + name + "\"");
  }
}

Settings readSettings(const std::filesystem::path& file) {
  Settings out;
  if (!std::filesystem::exists(file)) return out;
  if (std::filesystem::file_size(file) > kMaxFileBytes)
    throw ConfigurationError(file.string() + ": larger than 64 KiB");
  YAML::Node root;
  try {
    root = YAML::LoadFile(file.string());
  } catch (const YAML::Exception& error) {
    throw ConfigurationError(file.string() + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  if (root.IsNull()) return out;
  const Reader in(file);
  if (!root.IsMap()) in.refuse(root, "expected keys and values");
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string key = in.text(entry.first, "key");
    if (!seen.insert(key).second) in.refuse(entry.first, key + ": given twice");
    apply(in, key, entry.first, entry.second, out);
  }
  return out;
}

std::string settingsText(const std::vector<std::string>& names, const std::string& database) {
  std::string list;
  for (const std::string& name : names)
    list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return "# RedFlag server. Everything here is optional; a key that is not known stops the start.\n"
         "# listen: 127.0.0.1:8443\n"
         "# keep_days: 90\n"
         "# silent_after_minutes: 10\n"
         "# require_second_factor: [approver, admin]\n"
         "# What agents and browsers call this server; its certificate carries the names.\n"
         "names: [" +
         list + "]\n" + (database.empty() ? "" : "database: " + quoted(database) + "\n");
}

HostPort splitListen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  HostPort out;
  out.host = listen.substr(0, colon == std::string::npos ? 0 : colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
    out.host = out.host.substr(1, out.host.size() - 2);
  }
  const std::string digits = colon == std::string::npos ? "" : listen.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (out.host.empty() || digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    throw ConfigurationError("expected address:port, not \"" + listen + "\"");
  }
  return out;
}

std::set<std::string> certificateNames(const Settings& settings) {
  std::set<std::string> out = {"localhost", "127.0.0.1", "::1"};
  out.insert(settings.names.begin(), settings.names.end());
  const std::string host = splitListen(settings.listen).host;
  if (!isWildcard(host)) out.insert(host);
  // A machine may have a name that is none, with an underscore for instance.
  const std::string name = hostName();
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos) out.insert(name);
  return out;
}

std::vector<std::string> publicUrls(const Settings& settings, std::uint16_t port) {
  std::vector<std::string> out;
  for (const std::string& name : settings.names)
    out.push_back(url(name, port));
  if (!out.empty()) return out;
  const std::string host = splitListen(settings.listen).host;
  return {url(isWildcard(host) ? hostName() : host, port)};
}

}  // namespace redflag::server
