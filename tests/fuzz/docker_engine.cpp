// What a container engine says of itself, its images and its containers, and how one would be made anew.
#include "engine.h"

#include "fuzz.h"
#include "recreate.h"
#include "support/fake_host.h"
#include "watched.h"

namespace redflag::fuzz {

// Parts: /version, /images/json, /containers/json, one container inspected, one image inspected.
REDFLAG_FUZZ(docker_engine) {
  static test::FakeHost kHost;
  rf::Run run(kHost.newRun());
  auto texts = parts(input, 5);
  texts.resize(5);
  const auto answer = [&](const std::string& target) {
    rf::HttpAnswer out;
    out.http_status = 200;
    const auto place = target == "/version"                     ? 0U
                       : target.starts_with("/images/json")     ? 1U
                       : target.starts_with("/containers/json") ? 2U
                       : target.starts_with("/containers/")     ? 3U
                                                                : 4U;
    out.body = texts[place];
    return rf::Value<rf::HttpAnswer>(out);
  };
  docker::EngineReader reader(answer, run);
  if (const auto engine = reader.read()) {
    for (const auto& watched : docker::watchedOf(*engine)) {
      claim(docker::parseReference(watched.reference.canonical()).has_value(), "what is watched has a name");
      static_cast<void>(watched.blockedBy());
      static_cast<void>(watched.behind(*engine, "sha256:0"));
    }
  }
  const auto container = parseJson(texts[3], {.bytes = 64U << 10U, .depth = 24, .values = 10'000});
  const auto image = parseJson(texts[4], {.bytes = 64U << 10U, .depth = 24, .values = 10'000});
  if (!container) return;
  bool odd = false;
  static_cast<void>(docker::containerOf(*container, odd));
  static_cast<void>(docker::recreationOf(*container, image ? *image : Json()));
}

}  // namespace redflag::fuzz
