#include "link/server_places.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "link/trust_fetcher.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMostPlaces = 8;  // as many as an identity may have
constexpr std::int64_t kTryAgainNs = 600 * kSecondNs;
constexpr std::size_t kMaxTimestampBytes = 64U << 10;

std::vector<std::string> withThose(std::vector<std::string> places, const std::vector<std::string>& more) {
  for (const auto& place : more) {
    if (places.size() < kMostPlaces && std::find(places.begin(), places.end(), place) == places.end())
      places.push_back(place);
  }
  return places;
}

bool saysTheSame(const Identity& identity, const protocol::CommandList& list) {
  return identity.urls == list.urls && identity.authorities == list.authorities;
}

bool usable(const protocol::CommandList& list) {
  const auto trust = TlsTrust::make(list.authorities);
  if (!trust) {
    spdlog::warn("the list of command keys names authorities that cannot be used: {}", trust.error().text);
  }
  return trust.has_value();
}

}  // namespace

void ServerPlaces::follow(const protocol::CommandList& list) {
  if (saysTheSame(parts_.identity, list)) return;
  const bool tried = saysTheSame(tried_, list);
  if (tried && monotonicNow() < try_again_ns_) return;
  tried_.urls = list.urls;
  tried_.authorities = list.authorities;
  try_again_ns_ = monotonicNow() + kTryAgainNs;
  if (usable(list) && works(list)) keep(list.urls, list.authorities);
}

void ServerPlaces::widen(const protocol::CommandList& list) {
  if (saysTheSame(parts_.identity, list) || std::exchange(widened_, true) || !usable(list)) return;
  keep(withThose(parts_.identity.urls, list.urls), withThose(parts_.identity.authorities, list.authorities));
}

void ServerPlaces::keep(const std::vector<std::string>& urls, const std::vector<std::string>& authorities) {
  if (urls == parts_.identity.urls && authorities == parts_.identity.authorities) return;
  Identity next = parts_.identity;
  next.urls = urls;
  next.authorities = authorities;
  if (const auto saved = parts_.store.replace(parts_.identity, next); !saved) {
    return spdlog::error(
        "identity: places.not_kept: the server's new addresses and authorities could not be kept: {}",
        saved.error().text);
  }
  std::string places;
  for (const auto& url : urls)
    places += (places.empty() ? "" : ", ") + url;
  spdlog::info("from now on the server is looked for at {}, and {} authorities are believed", places,
               authorities.size());
}

bool ServerPlaces::works(const protocol::CommandList& list) {
  for (const auto& url : list.urls) {
    HttpsClient client(url, *TlsTrust::make(list.authorities), parts_.proxy, parts_.times);
    {
      const std::lock_guard lock(mutex_);
      if (interrupted_) return false;
      trying_ = &client;
    }
    const bool answered = answers(client);
    const std::lock_guard lock(mutex_);
    trying_ = nullptr;
    if (answered) return true;
  }
  return false;
}

// Anything would do: that TLS came about proves who it is.
bool ServerPlaces::answers(HttpsClient& client) {
  const auto reply =
      client.exchange({"GET", std::string(kTrustMetadata) + "timestamp.json", "", {}}, kMaxTimestampBytes);
  return reply && reply->status == 200;
}

void ServerPlaces::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (trying_ != nullptr) trying_->interrupt();
}

}  // namespace redflag::kernel
