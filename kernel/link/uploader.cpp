#include "link/uploader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

// Of bodies before compression: bounds the memory of one upload.
constexpr std::size_t kBatchBytes = 8U << 20;

tl::unexpected<Failure> spoolFailed(const Error& error) {
  return tl::unexpected<Failure>(Failure{Failure::Kind::kBusy, 0, "spool", "the spool: " + error.text, 0});
}

// What is longer goes in parts. JSON that short is never longer when it is compressed.
constexpr std::size_t kWholeBytes = kBatchBytes - (64U << 10);

// Cut between characters: each part is a text of its own.
std::vector<std::string_view> partsOf(std::string_view body) {
  std::vector<std::string_view> parts;
  while (!body.empty()) {
    std::size_t size = std::min(body.size(), protocol::kMaxPartBytes);
    while (size > 1 && size < body.size() && (static_cast<unsigned char>(body[size]) & 0xC0U) == 0x80U)
      --size;
    parts.push_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return parts;
}

std::string partItem(const SpoolItem& item, const std::vector<std::string_view>& parts, std::size_t part) {
  return dumpJson({{"kind", "part"},
                   {"id", item.id},
                   {"part", part},
                   {"parts", parts.size()},
                   {"text", std::string(parts[part])}});
}

bool names(const UploadAnswer& answer, const std::string& id) {
  return std::find(answer.acknowledged.begin(), answer.acknowledged.end(), id) != answer.acknowledged.end() ||
         std::any_of(answer.rejected.begin(), answer.rejected.end(),
                     [&](const auto& rejected) { return rejected.id == id; });
}

tl::unexpected<Failure> senseless(std::string text) {
  return tl::unexpected<Failure>(Failure{Failure::Kind::kBusy, 200, "", std::move(text), 0});
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
    if (batch->front().body.size() > kWholeBytes) return stepInParts(api, batch->front());
    std::vector<std::string> bodies;
    for (const auto& item : *batch)
      bodies.push_back(item.body);
    const auto answer = api.upload(bodies);
    if (answer) return settle(*batch, *answer);
    if (!blamesItems(answer.error())) return tl::unexpected<Failure>(answer.error());
    if (batch->size() == 1) return shrink(api, *batch, answer.error());
    most_items_ = std::max<std::size_t>(batch->size() / 2, 1);
  }
}

// Down to one item. Too large is what something on the way says as well, which parts may pass.
Answer<std::size_t> Uploader::shrink(ServerApi& api, const std::vector<SpoolItem>& batch,
                                     const Failure& failure) {
  const bool may_be_cut = batch.front().body.size() > protocol::kMaxPartBytes;
  if (failure.kind == Failure::Kind::kTooLarge && may_be_cut) return stepInParts(api, batch.front());
  return drop(batch.front(), failure);
}

// The server will never take it: going on without it is the only way on.
Answer<std::size_t> Uploader::drop(const SpoolItem& item, const Failure& failure) {
  reject(item, failure.code.empty() ? "too_large" : failure.code, failure.text);
  if (auto ok = spool_.remove({item.id}); !ok) return spoolFailed(ok.error());
  most_items_ = protocol::kMaxUploadItems;
  return std::size_t{1};
}

Answer<std::size_t> Uploader::stepInParts(ServerApi& api, const SpoolItem& item) {
  const auto parts = partsOf(item.body);
  if (parts.size() > protocol::kMaxParts)
    return drop(item, {Failure::Kind::kTooLarge, 0, "", "longer than any item may be", 0});
  if (std::exchange(in_parts_, item.id) != item.id) next_part_ = 0;
  // Each part once, and once more from the first if the server has forgotten them.
  for (std::size_t sent = 0; sent <= 2 * parts.size(); ++sent) {
    const auto answer = api.upload({partItem(item, parts, next_part_)});
    if (!answer && blamesItems(answer.error())) return drop(item, answer.error());
    if (!answer) return tl::unexpected<Failure>(answer.error());
    if (names(*answer, item.id)) return settle({item}, *answer);
    const auto part = std::find_if(answer->parts.begin(), answer->parts.end(),
                                   [&](const auto& candidate) { return candidate.id == item.id; });
    if (part == answer->parts.end() || part->next >= parts.size())
      return senseless("the server took a part of an item and asks for no other one");
    next_part_ = part->next;
  }
  return senseless("the server asks for the same parts again and again");
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
    return senseless("the server acknowledged none of the items it was sent");
  }
  if (auto ok = spool_.remove(done); !ok) return spoolFailed(ok.error());
  most_items_ = std::min(most_items_ * 2, protocol::kMaxUploadItems);
  return done.size();
}

void Uploader::reject(const SpoolItem& item, const std::string& code, const std::string& text) {
  // Of errors that a server does not want it is not told: that would be one more.
  spdlog::log(item.kind == "errors" ? spdlog::level::warn : spdlog::level::err,
              "spool: {}: the server will not take {} {}: {}", code, item.kind, item.id, text);
  rejections_.push_back({item.id, item.kind, code, text});
}

std::vector<Uploader::Rejection> Uploader::takeRejections() {
  return std::exchange(rejections_, {});
}

}  // namespace redflag::kernel
