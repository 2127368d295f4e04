// What a registry answers: manifests, and the headers that say who may ask and when; and the way to it.
#include "registry.h"

#include "credentials.h"
#include "fuzz.h"
#include "manifest.h"
#include "proxies.h"
#include "reference.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(docker_registry) {
  using namespace docker;
  constexpr std::int64_t kNow = 1'740'794'400;
  const auto at = retryAfter(std::string(input), kNow);
  claim(at > kNow && at <= kNow + 86'400, "it is asked again within a day, and not at once");
  const auto challenge = parseChallenge(input);
  static_cast<void>(originOf(std::string(input)));
  const auto next = resolved("https://registry.example.net/v2/app/tags/list?n=1000", std::string(input));
  claim(next.empty() || next.starts_with("http://") || next.starts_with("https://"),
        "nothing but HTTP is asked");
  const auto proxy = proxyAddress(input);
  claim(proxy.empty() || (proxy.starts_with("http") && proxy.find('@') == std::string::npos),
        "a proxy's address is HTTP's, and has no password in it");
  const Proxies proxies({"http://proxy.example.net:3128", {}, {}}, {std::string(input)});
  static_cast<void>(proxies.wayTo(std::string(input)));
  static_cast<void>(proxies.wayTo("https://10.1.2.3:5000/v2/"));
  claim(proxies.wayTo("http://127.0.0.1:5000/v2/").proxy.empty(), "loopback is asked directly");
  if (const auto credentials = Credentials::parse(input))
    for (const char* registry : {"docker.io", "r.example:5000", "gcr.example"})
      claim(credentials->of(registry).empty() || !credentials->areWithHelper(registry),
            "a password that is here is used");
  const auto manifest = parseManifest(input);
  if (!manifest) return;
  claim(manifest->image.bytes >= 0, "an image's size is no debt");
  for (const char* platform : {"linux/amd64", "linux/arm64/v8", ""}) {
    const auto digest = manifest->digestFor(platform);
    claim(digest.empty() || isDigest(digest), "a digest is one");
  }
}

}  // namespace redflag::fuzz
