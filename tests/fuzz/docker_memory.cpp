// What scans of docker's keep for the next ones.
#include "memory.h"

#include "fuzz.h"
#include "reference.h"
#include "support/fake_host.h"

namespace redflag::fuzz {
namespace {

constexpr std::int64_t kNow = 1'740'794'400;
constexpr const char* kRegistry = "docker.io";
constexpr const char* kName = "docker.io/library/nginx:1.25";
constexpr const char* kOffered = "sha256:a484819eb60211f5299034ac80f6a681b06f89e65866ce91f356ed7c72af059c";

struct Remembered {
  std::int64_t quiet_until = 0;
  std::string config;
  bool was_seen = false;
  bool operator==(const Remembered&) const = default;
};

// One scan, which asks for all that and then keeps what is still worth it.
Remembered scanWith(const rf::State& state) {
  docker::Memory memory(state);
  memory.endQuiet(kNow);
  Remembered out{memory.quietUntil(kRegistry), "", memory.wasSeen(kName)};
  claim(out.quiet_until == 0 || (out.quiet_until > kNow && out.quiet_until <= kNow + 86'400),
        "a registry is left alone for a day at most");
  if (const auto* image = memory.find(kRegistry, kOffered, "linux/amd64")) {
    claim(docker::isDigest(image->config) && docker::isDigest(image->manifest) && image->bytes >= 0,
          "an image has digests and a size");
    out.config = image->config;
  }
  memory.spare(kRegistry);
  claim(memory.keep(state) == rf::Status::kOk, "what was remembered can be kept");
  return out;
}

}  // namespace

// Parts: registries that want to be left alone, images by digest, names that were seen.
REDFLAG_FUZZ(docker_memory) {
  static test::FakeHost kHost;
  auto texts = parts(input, 3);
  texts.resize(3);
  kHost.state = {{"quiet", std::string(texts[0])},
                 {"manifests", std::string(texts[1])},
                 {"seen", std::string(texts[2])}};
  const rf::State state(kHost.host());
  const auto first = scanWith(state);
  const auto kept = kHost.state;
  claim(scanWith(state) == first && kHost.state == kept, "what is kept reads back");
}

}  // namespace redflag::fuzz
