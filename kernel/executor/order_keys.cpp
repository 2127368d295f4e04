#include "executor/order_keys.h"

namespace redflag::kernel {

Result<protocol::CommandList> ListedOrderKeys::commands(const Json& handed) {
  // Whoever takes orders is enrolled.
  if (auto ok = trust_.confirm(); !ok) return tl::unexpected<Error>(ok.error());
  HandedFiles metadata(handed, HandedFiles::Part::kMetadata);
  HandedFiles content(handed, HandedFiles::Part::kContent);
  const auto ok = handed.is_null() ? trust_.load() : trust_.refresh(metadata, content);
  if (!ok) return tl::unexpected<Error>(ok.error());
  return trust_.commands();
}

}  // namespace redflag::kernel
