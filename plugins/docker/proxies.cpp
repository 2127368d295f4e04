#include "proxies.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "http.h"
#include "reference.h"

namespace redflag::docker {
namespace {

struct Place {
  std::string host;
  std::string port;  // "": any
};

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The bytes of an address in numbers; "" for a name.
std::string bytesOf(const std::string& host) {
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1)
    return {reinterpret_cast<const char*>(&four), sizeof(four)};
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return {reinterpret_cast<const char*>(&six), sizeof(six)};
  return {};
}

// "example.net:5000", "[fd00::1]:5000", "fd00::1"
Place placeOf(const std::string& text) {
  if (!bytesOf(text).empty()) return {text, ""};
  Place out{text, ""};
  const auto colon = text.rfind(':');
  if (colon != std::string::npos && text.find(']', colon) == std::string::npos)
    out = {text.substr(0, colon), text.substr(colon + 1)};
  if (out.host.starts_with('[') && out.host.ends_with(']'))
    out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

bool isWithin(const std::string& address, const std::string& network) {
  const auto slash = network.find('/');
  const auto begin = bytesOf(network.substr(0, slash));
  if (slash == std::string::npos || begin.empty() || begin.size() != address.size()) return false;
  const auto digits = network.substr(slash + 1);
  std::size_t bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits > 8 * begin.size()) return false;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const auto difference = static_cast<unsigned char>(begin[bit / 8] ^ address[bit / 8]);
    if (((difference >> (7 - bit % 8)) & 1) != 0) return false;
  }
  return true;
}

bool isExcepted(const Place& place, const std::string& exception) {
  if (exception == "*") return true;
  const auto address = bytesOf(place.host);
  if (!address.empty() && isWithin(address, exception)) return true;
  auto [host, port] = placeOf(exception);
  if (host.empty() || (!port.empty() && port != place.port)) return false;
  if (const auto number = bytesOf(host); !number.empty()) return number == address;
  if (host.starts_with("*.")) host.erase(0, 1);
  if (host.starts_with('.')) return place.host.ends_with(host);
  return place.host == host || place.host.ends_with("." + host);
}

// "10.0.0.0/8, .example.net"
std::vector<std::string> exceptionsIn(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    auto one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    one = one.substr(0, one.find_last_not_of(" \t") + 1);
    if (!one.empty()) out.emplace_back(one);
  }
  return out;
}

Proxies::Way wayOf(const EngineProxy& engine, const Credentials& credentials) {
  if (engine.https.empty()) return {};
  Proxies::Way out{proxyAddress(engine.https), {}, {}};
  out.user_password = credentials.ofProxy(out.proxy);
  if (out.proxy.empty()) {
    out.obstacle =
        "the engine's proxy is none that can be asked here; settings.proxy has to name another, or none";
  } else if (out.user_password.empty() && engine.https.find('@') != std::string::npos) {
    out.obstacle =
        "the engine's proxy " + out.proxy +
        " wants a password, which the engine tells nobody; settings.credentials_file has none as " +
        out.proxy;
  }
  return out;
}

}  // namespace

Proxies::Proxies(Way way, std::vector<std::string> exceptions)
    : way_(std::move(way)), exceptions_(std::move(exceptions)) {
  for (auto& exception : exceptions_)
    exception = lowered(std::move(exception));
}

Result<Proxies> Proxies::of(const Settings& settings, const Credentials& credentials, EngineReader& reader) {
  if (settings.proxy == kNoProxy) return Proxies();
  if (settings.proxy != kProxyOfEngine) {
    const auto address = proxyAddress(settings.proxy);
    return Proxies({address, credentials.ofProxy(address), {}}, settings.no_proxy);
  }
  const auto engine = reader.readProxy();
  if (!engine) return tl::unexpected<Problem>(engine.error());
  auto exceptions = exceptionsIn(engine->exceptions);
  exceptions.insert(exceptions.end(), settings.no_proxy.begin(), settings.no_proxy.end());
  return Proxies(wayOf(*engine, credentials), std::move(exceptions));
}

Proxies::Way Proxies::wayTo(const std::string& url) const {
  const auto origin = lowered(originOf(url));
  const auto scheme = origin.find("://");
  if (scheme == std::string::npos) return {};
  const auto host = origin.substr(scheme + 3);
  if (isLoopback(host)) return {};
  const auto place = placeOf(host);
  const bool excepted =
      std::any_of(exceptions_.begin(), exceptions_.end(),
                  [&](const std::string& exception) { return isExcepted(place, exception); });
  return excepted ? Way() : way_;
}

}  // namespace redflag::docker
