#include "swarm/exchange.h"

#include <utility>

#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kReplyWithinNs = 20 * kSecondNs;

}  // namespace

void Exchange::sent(Connection&) {
  if (!std::exchange(lose_reply_, false)) return;
  closed_ = "lost";
  connection_.reset();
}

void Exchange::replied(Connection&, Reply& reply) {
  reply_ = std::move(reply);
}

void Exchange::closed(Connection&, const std::string& why) {
  closed_ = why;
  connection_.reset();
}

Result<Reply> Exchange::ask(const std::string& method, const std::string& path, const std::string& headers,
                            const std::string& body) {
  reply_.reset();
  closed_.clear();
  if (!connection_) connection_ = std::make_unique<Connection>(reactor_, target_, *this);
  connection_->send(
      method + " " + path + " HTTP/1.1\r\nHost: " + target_.origin.authority + headers + "\r\n\r\n" + body,
      false, kReplyWithinNs);
  reactor_.runUntil([this] { return reply_ || !closed_.empty(); });
  if (!reply_) return fail(Code::kUnavailable, method + " " + path + ": connection: " + closed_);
  if (reply_->headers["connection"] == "close") connection_.reset();
  return std::move(*reply_);
}

}  // namespace redflag::swarm
