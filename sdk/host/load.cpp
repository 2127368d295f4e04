#include "host/load.h"

#include "base/json.h"

namespace redflag::host {
namespace {

constexpr std::size_t kMaxTexts = 256;

const char* sealName(Seal seal) {
  return seal == Seal::kNone ? "none" : seal == Seal::kBest ? "best" : "require";
}

Seal sealOf(JsonReader& in) {
  const std::string name = in.text("seal", 16);
  for (const Seal seal : {Seal::kNone, Seal::kBest, Seal::kRequire}) {
    if (name == sealName(seal)) return seal;
  }
  in.refuse("seal", "none, best or require");
  return Seal::kRequire;
}

}  // namespace

Load loadOf(const Manifest& manifest, std::vector<std::string> capabilities, Seal seal,
            std::filesystem::path scratch) {
  return {manifest.library, seal, std::move(capabilities), std::move(scratch), manifest.requires_libraries,
          manifest};
}

std::string encodeLoad(const Load& load) {
  Json out = {{"library", load.library.string()},
              {"seal", sealName(load.seal)},
              {"capabilities", load.capabilities},
              {"scratch", load.scratch.string()},
              {"requires", load.requires_libraries}};
  if (load.expected) out["expect"] = toJson(*load.expected);
  return dumpJson(out);
}

Result<Load> decodeLoad(std::string_view json) {
  const auto parsed = parseJson(json, {.bytes = 2U << 20, .depth = 32, .values = 100'000});
  if (!parsed) return failAt("load", parsed.error());
  JsonReader in(*parsed, "load");
  Load out;
  out.library = in.text("library", 4096);
  if (!out.library.is_absolute()) in.refuse("library", "an absolute path");
  out.seal = sealOf(in);
  out.capabilities = in.texts("capabilities", kMaxTexts);
  out.scratch = in.optionalText("scratch", 4096);
  if (!out.scratch.empty() && !out.scratch.is_absolute()) in.refuse("scratch", "an absolute path");
  out.requires_libraries = in.texts("requires", kMaxTexts);
  const Json* expect = in.find("expect");
  if (auto finished = in.finish(); !finished) return tl::unexpected<Error>(finished.error());
  if (expect == nullptr) return out;
  auto manifest = manifestFrom(*expect, "load.expect");
  if (!manifest) return tl::unexpected<Error>(manifest.error());
  out.expected = std::move(*manifest);
  return out;
}

}  // namespace redflag::host
