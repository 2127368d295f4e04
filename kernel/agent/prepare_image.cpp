#include "agent/prepare_image.h"

#include "platform/files.h"
#include "platform/owner.h"
#include "protocol/bundle.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;

Result<std::string> readBundle(const fs::path& file) {
  auto text = platform::readFile(file, protocol::kMaxBundleBytes);
  if (!text) return text;
  const auto bundle = protocol::decodeBundle(*text);
  if (!bundle) return failAt(file.string(), bundle.error());
  if (!bundle->rebinds.empty())
    return fail(Code::kInvalid,
                file.string() + ": it re-binds one agent; expected a bundle for many to join");
  return text;
}

}  // namespace

Result<ImageReport> prepareImage(const ImageRequest& request) {
  const auto& paths = request.paths;
  const auto bundle = request.bundle.empty() ? Result<std::string>() : readBundle(request.bundle);
  if (!bundle) return tl::unexpected<Error>(bundle.error());
  auto forgotten = forget(Forget::kEverything, paths, request.executor_state);
  if (!forgotten) return tl::unexpected<Error>(forgotten.error());
  ImageReport report{std::move(forgotten->entries), std::move(forgotten->left), false};
  if (!request.bundle.empty()) {
    if (auto ok = platform::writeFileAtomic(request.bundle_place, *bundle, 0600); !ok)
      return tl::unexpected<Error>(ok.error());
    if (auto ok = platform::giveToOwnerOf(request.bundle_place, paths.state); !ok)
      return tl::unexpected<Error>(ok.error());
  }
  report.bundle_waits = platform::fileStamp(request.bundle_place).size_bytes > 0;
  return report;
}

}  // namespace redflag::kernel
