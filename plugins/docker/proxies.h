#pragma once
// The way out to registries: directly, or through an HTTP proxy as the settings say, or else as the engine's
// own pulls go. Read as engines read theirs. Source: Go's httpproxy.

#include <string>
#include <string_view>
#include <vector>

#include "credentials.h"
#include "engine.h"
#include "settings.h"

namespace redflag::docker {

class Proxies {
 public:
  struct Way {
    std::string proxy;          // "http://proxy.example.net:3128"; "": directly
    std::string user_password;  // for that proxy; "": none
    std::string obstacle;       // why nobody can be asked this way; "": nothing
  };
  Proxies() = default;  // directly, whatever is asked
  // `exceptions` are asked directly: "example.net" (and what is below it), ".example.net" (only that, as
  // "*.example.net"), a number, a network like "10.0.0.0/8", a host with ":port", or "*".
  Proxies(Way way, std::vector<std::string> exceptions);

  // The engine is asked only where the settings leave it to it; then it fails as that does.
  static Result<Proxies> of(const Settings& settings, const Credentials& credentials, EngineReader& reader);

  // Loopback is asked directly in any case, so that all that goes through a proxy is https.
  Way wayTo(const std::string& url) const;

 private:
  Way way_;
  std::vector<std::string> exceptions_;  // in lower case
};

}  // namespace redflag::docker
