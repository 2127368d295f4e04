#include "link/uploader.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

// Of bodies before compression: bounds the memory of one upload.
constexpr std::size_t kBatchBytes = 8U << 20;

tl::unexpected<Failure> spoolFailed(const Error& error) {
  return tl::unexpected<Failure>(Failure{Failure::Kind::kBusy, 0, "spool", "the spool: " + error.text, 0});
}

// The batch or an item of it is at fault, not the agent, the route or the moment.
bool blamesItems(const Failure& failure) {
  return failure.kind == Failure::Kind::kTooLarge ||
         (failure.kind == Failure::Kind::kRefused && (failure.status == 400 || failure.status == 422));
}

}  // namespace

Answer<std::size_t> Uploader::step(ServerApi& api) {
  for (;;) {
    const auto batch = spool_.oldest(most_items_, kBatchBytes);
    if (!batch) return spoolFailed(batch.error());
    if (batch->empty()) return std::size_t{0};
    std::vector<std::string> bodies;
    for (const auto& item : *batch)
      bodies.push_back(item.body);
    const auto answer = api.upload(bodies);
    if (answer) return settle(*batch, *answer);
    if (!blamesItems(answer.error())) return tl::unexpected<Failure>(answer.error());
    if (batch->size() == 1) return shrink(*batch, answer.error());
    most_items_ = std::max<std::size_t>(batch->size() / 2, 1);
  }
}

// Down to one item that the server will not take: going on without it is the only way on.
Answer<std::size_t> Uploader::shrink(const std::vector<SpoolItem>& batch, const Failure& failure) {
  reject(batch.front(), failure.code.empty() ? "too_large" : failure.code, failure.text);
  if (auto ok = spool_.remove({batch.front().id}); !ok) return spoolFailed(ok.error());
  most_items_ = protocol::kMaxUploadItems;
  return std::size_t{1};
}

Answer<std::size_t> Uploader::settle(const std::vector<SpoolItem>& batch, const UploadAnswer& answer) {
  std::vector<std::string> done;
  for (const auto& item : batch) {
    const auto refused = std::find_if(answer.rejected.begin(), answer.rejected.end(),
                                      [&](const auto& rejected) { return rejected.id == item.id; });
    if (refused != answer.rejected.end()) reject(item, refused->code, refused->text);
    const bool acknowledged = std::find(answer.acknowledged.begin(), answer.acknowledged.end(), item.id) !=
                              answer.acknowledged.end();
    if (acknowledged || refused != answer.rejected.end()) done.push_back(item.id);
  }
  if (done.empty()) {
    return tl::unexpected<Failure>(
        Failure{Failure::Kind::kBusy, 200, "", "the server acknowledged none of the items it was sent", 0});
  }
  if (auto ok = spool_.remove(done); !ok) return spoolFailed(ok.error());
  most_items_ = std::min(most_items_ * 2, protocol::kMaxUploadItems);
  return done.size();
}

void Uploader::reject(const SpoolItem& item, const std::string& code, const std::string& text) {
  spdlog::warn("the server will not take {} {}: {}: {}", item.kind, item.id, code, text);
  rejections_.push_back({item.id, item.kind, code, text});
}

std::vector<Uploader::Rejection> Uploader::takeRejections() {
  return std::exchange(rejections_, {});
}

}  // namespace redflag::kernel
