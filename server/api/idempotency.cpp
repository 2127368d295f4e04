#include "api/idempotency.h"

#include "base/encoding.h"
#include "store/people.h"

namespace redflag::api {
namespace {

constexpr std::size_t kMaxKey = 128;
// Of one account, within the day that they are kept.
constexpr std::int64_t kMostAnswers = 10'000;
constexpr std::int64_t kMostBytes = 8LL << 20;
constexpr int kFullForS = 600;

}  // namespace

Idempotency::Idempotency(store::Store& store, const http::Request& request)
    : user_id_(request.principal.user_id) {
  const auto header = request.headers.find("idempotency-key");
  if (header == request.headers.end() || header->second.empty() || header->second.size() > kMaxKey) {
    throw http::Problem{400, "request.idempotency_key", "expected an Idempotency-Key of 1 to 128 bytes",
                        "Idempotency-Key"};
  }
  key_ = header->second;
  request_hash_ = toHex(sha256(request.method + " " + request.path + "\n" + request.body));
  store::People::Answers kept;
  const auto known = store.read([&](const store::ReadTransaction& tx) {
    auto found = tx.people().answer(user_id_, key_);
    if (!found) kept = tx.people().answersOf(user_id_);
    return found;
  });
  if (kept.count >= kMostAnswers || kept.bytes >= kMostBytes) {
    throw http::Problem{
        429, "request.too_many_keys",
        "more answers than are kept for one account: the oldest end a day after their request",
        "Idempotency-Key", kFullForS};
  }
  if (!known) return;
  if (known->request_hash != request_hash_) {
    throw http::Problem{409, "request.idempotency_key_reused", "this key was used for another request",
                        "Idempotency-Key"};
  }
  previous_ = http::Response{};
  previous_->status = known->status;
  previous_->body = known->body;
}

void Idempotency::remember(store::WriteTransaction& tx, const http::Response& response,
                           std::int64_t now) const {
  tx.people().rememberAnswer(user_id_, key_, {request_hash_, response.status, response.body}, now);
}

}  // namespace redflag::api
