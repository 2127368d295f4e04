#include "link/trust_fetcher.h"

namespace redflag::kernel {

Result<> TrustFetcher::fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) {
  const HttpRequest request{"GET", folder_ + reference, "", {}};
  auto reply = client_.exchange(request, static_cast<std::size_t>(max_bytes));
  // The server may just have closed a connection that was left open.
  if (!reply && reply.error().code == Code::kUnavailable && client_.reused()) {
    reply = client_.exchange(request, static_cast<std::size_t>(max_bytes));
  }
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (reply->status == 404) return fail(Code::kNotFound, "the server has no such file");
  if (reply->status == 200) return sink(reply->body);
  if (Failure failure = failureOf(*reply); failure.putsOff()) put_off_ = std::move(failure);
  return fail(Code::kUnavailable, "status " + std::to_string(reply->status));
}

}  // namespace redflag::kernel
