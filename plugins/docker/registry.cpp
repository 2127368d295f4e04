#include "registry.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/encoding.h"
#include "base/json.h"
#include "reference.h"

namespace redflag::docker {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kExchangeNs = 10 * kSecond;
constexpr std::size_t kMaxManifest = 4U << 20U;
constexpr std::size_t kMaxToken = 64U << 10U;
constexpr std::size_t kMaxTagPage = 4U << 20U;
constexpr int kMaxRedirects = 5;
constexpr int kMaxTagPages = 20;
constexpr std::size_t kMaxTags = 20'000;
constexpr const char* kWithHelper = "; a credential helper keeps its password, and none is asked here";

std::optional<std::int64_t> leadingNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  return value;
}

bool isRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// <…>; rel="next"
std::string nextOf(const std::string& link) {
  const auto end = link.find('>');
  if (!link.starts_with('<') || end == std::string::npos) return {};
  const auto rest = link.substr(end);
  return rest.find("rel=\"next\"") != std::string::npos || rest.find("rel=next") != std::string::npos
             ? link.substr(1, end - 1)
             : std::string();
}

}  // namespace

Challenge parseChallenge(std::string_view header) {
  Challenge out;
  const auto space = std::min(header.find(' '), header.size());
  out.scheme = header.substr(0, space);
  std::transform(out.scheme.begin(), out.scheme.end(), out.scheme.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  header.remove_prefix(space);
  for (;;) {
    header.remove_prefix(std::min(header.find_first_not_of(" ,"), header.size()));
    const auto equals = header.find('=');
    if (equals == std::string_view::npos) return out;
    const std::string key(header.substr(0, equals));
    header.remove_prefix(equals + 1);
    const bool quoted = header.starts_with('"');
    if (quoted) header.remove_prefix(1);
    const auto end = std::min(header.find(quoted ? '"' : ','), header.size());
    out.parameters.emplace(key, header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
  }
}

std::int64_t retryAfter(const std::string& header, std::int64_t now_s) {
  constexpr std::int64_t kMinute = 60;
  auto at = now_s + 15 * kMinute;
  if (const auto seconds = leadingNumber(header)) {
    at = *seconds > 86'400 ? now_s + 86'400 : now_s + *seconds;
  } else if (const auto date = curl_getdate(header.c_str(), nullptr); date > 0) {
    at = date;
  }
  return std::clamp(at, now_s + kMinute, now_s + 24 * 60 * kMinute);
}

Registry::Registry(HttpClient& http, const rf::Clock& clock, std::string name, Access access,
                   std::int64_t patience_ns)
    : http_(http),
      clock_(clock),
      name_(std::move(name)),
      access_(std::move(access)),
      base_(addressOf(name_, !isLoopback(name_) || !access_.certificates.empty())),
      until_ns_(clock.monotonicNs() + patience_ns) {}

Problem Registry::problem(rf_status status, const char* code, const std::string& text) const {
  return {status, code,
          name_ + ": " + text + (status == RF_DENIED && access_.is_with_helper ? kWithHelper : "")};
}

bool Registry::mayLeadTo(const std::string& url) const {
  if (isHttps(url)) return true;
  const auto host = originOf(url);
  return isLoopback(name_) && host.starts_with("http://") && isLoopback(host.substr(7));
}

Result<HttpReply> Registry::exchange(HttpRequest request) {
  const auto left = until_ns_ - clock_.monotonicNs();
  if (left <= 0)
    return tl::unexpected<Problem>(
        problem(RF_TRANSIENT, "docker.registry_slow", "takes too long for its images"));
  request.timeout_ns = std::min(left, kExchangeNs);
  request.certificates = access_.certificates;
  auto way = access_.proxies.wayTo(request.url);
  if (!way.obstacle.empty())
    return tl::unexpected<Problem>(problem(RF_MISCONFIGURED, "docker.registry_proxy", way.obstacle));
  request.proxy = std::move(way.proxy);
  request.proxy_user_password = std::move(way.user_password);
  auto reply = http_.send(request);
  if (reply) return reply;
  auto why = reply.error();
  constexpr std::string_view kOurs = "docker.";
  if (why.status == RF_TRANSIENT || why.status == RF_MISCONFIGURED)
    why.code = "docker.registry_" + why.code.substr(kOurs.size());
  why.text = name_ + ": " + why.text;
  return tl::unexpected<Problem>(std::move(why));
}

Result<HttpReply> Registry::follow(HttpRequest& request) {
  for (int hops = 0; hops <= kMaxRedirects; ++hops) {
    auto reply = exchange(request);
    if (!reply || !isRedirect(reply->status)) return reply;
    const auto next = resolved(request.url, reply->header("location"));
    if (next.empty() || !mayLeadTo(next))
      return tl::unexpected<Problem>(
          problem(RF_TRANSIENT, "docker.registry_redirect", "leads to an address that is not asked"));
    if (originOf(next) != originOf(request.url)) {
      request.user_password.clear();
      std::erase_if(request.headers, [](const std::string& h) { return h.starts_with("Authorization:"); });
    }
    request.url = next;
  }
  return tl::unexpected<Problem>(
      problem(RF_TRANSIENT, "docker.registry_redirect", "leads from address to address"));
}

void Registry::authorize(HttpRequest& request, const std::string& repository) const {
  if (basic_) request.user_password = access_.user_password;
  if (const auto token = tokens_.find(repository); token != tokens_.end())
    request.headers.push_back("Authorization: Bearer " + token->second);
}

Result<std::string> Registry::token(const std::string& realm, const std::string& service,
                                    const std::string& repository) {
  const auto place = resolved(realm, realm);
  if (place.empty() || !mayLeadTo(place))
    return tl::unexpected<Problem>(problem(RF_TRANSIENT, "docker.registry_malformed",
                                           "gives its tokens at an address that is not asked"));
  HttpRequest request;
  request.url = place + (place.find('?') == std::string::npos ? "?" : "&") +
                "service=" + urlEncoded(service) +
                "&scope=" + urlEncoded("repository:" + repository + ":pull");
  request.user_password = access_.user_password;
  request.max_bytes = kMaxToken;
  auto reply = follow(request);
  if (reply && reply->status == 404)
    return tl::unexpected<Problem>(
        problem(RF_TRANSIENT, "docker.registry_malformed", "where it gives its tokens there is nothing"));
  if (reply) reply = judged(std::move(*reply), repository);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  const auto json = parseJson(reply->body, {.bytes = kMaxToken, .depth = 8, .values = 1'000});
  for (const char* key : {"token", "access_token"}) {
    if (!json || !json->is_object() || !json->contains(key) || !json->at(key).is_string()) continue;
    auto token = json->at(key).get<std::string>();
    // A line's end would begin a header of its own.
    const bool is_plain = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (!token.empty() && is_plain) return token;
  }
  return tl::unexpected<Problem>(problem(RF_TRANSIENT, "docker.registry_malformed", "its token is none"));
}

Result<> Registry::answerChallenge(const std::string& header, const std::string& repository) {
  const auto challenge = parseChallenge(header);
  const auto parameter = [&](const char* key) {
    const auto found = challenge.parameters.find(key);
    return found == challenge.parameters.end() ? std::string() : found->second;
  };
  if (challenge.scheme == "basic" && !access_.user_password.empty() && !basic_) {
    basic_ = true;
    return {};
  }
  if (challenge.scheme == "bearer" && !tokens_.contains(repository)) {
    auto given = token(parameter("realm"), parameter("service"), repository);
    if (!given) return tl::unexpected<Problem>(given.error());
    tokens_[repository] = *given;
    token_place_ = {parameter("realm"), parameter("service")};
    return {};
  }
  return tl::unexpected<Problem>(problem(
      RF_DENIED, "docker.registry_denied",
      repository + (access_.user_password.empty() ? " is not for everybody; no password is known for it"
                                                  : " is refused with the password that is known")));
}

Result<HttpReply> Registry::judged(HttpReply reply, const std::string& repository) {
  if (reply.status == 200) return reply;
  const auto answer = repository + ": answers " + std::to_string(reply.status);
  const auto because = [&](rf_status status, const char* code, const std::string& text) {
    return tl::unexpected<Problem>(problem(status, code, text));
  };
  if (reply.status == 401 || reply.status == 403) return because(RF_DENIED, "docker.registry_denied", answer);
  if (reply.status == 404) return because(RF_NOT_APPLICABLE, kTagGone, repository + " does not exist");
  if (reply.status == 429) {
    retry_at_s_ = retryAfter(reply.header("retry-after"), clock_.epochNs() / kSecond);
    return because(RF_LIMIT, "docker.registry_limit", "wants to be asked less often");
  }
  return because(RF_TRANSIENT, reply.status >= 500 ? "docker.registry_failed" : "docker.registry_malformed",
                 answer);
}

void Registry::noteBudget(const HttpReply& reply) {
  // "98;w=21600": so many in so many seconds.
  if (const auto limit = leadingNumber(reply.header("ratelimit-limit"))) budget_.limit = limit;
  if (const auto remaining = leadingNumber(reply.header("ratelimit-remaining")))
    budget_.remaining = remaining;
}

Result<HttpReply> Registry::ask(const std::string& method, const std::string& repository,
                                const std::string& url, std::size_t max_bytes) {
  // Where it gave its tokens for one repository, it will want one for the next.
  if (token_place_ && !tokens_.contains(repository)) {
    auto given = token(token_place_->first, token_place_->second, repository);
    if (!given) return tl::unexpected<Problem>(given.error());
    tokens_[repository] = *given;
  }
  for (bool again = false;; again = true) {
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers = {url.find("/tags/list") == std::string::npos ? kManifestTypes
                                                                   : "Accept: application/json"};
    request.max_bytes = max_bytes;
    authorize(request, repository);
    auto reply = follow(request);
    if (!reply) return reply;
    noteBudget(*reply);
    // Some do not know HEAD of a manifest, and engines pull from them all the same.
    if (reply->status == 405 && method == "HEAD") return ask("GET", repository, url, max_bytes);
    const auto challenge = reply->header("www-authenticate");
    if (reply->status != 401 || challenge.empty() || again) return judged(std::move(*reply), repository);
    // The password is the registry's: no other host may say where it goes.
    if (originOf(request.url) != originOf(base_))
      return tl::unexpected<Problem>(
          problem(RF_DENIED, "docker.registry_denied",
                  repository + ": leads to " + originOf(request.url) +
                      ", which wants a password; it gets none, for it is not this registry"));
    if (auto answered = answerChallenge(challenge, repository); !answered)
      return tl::unexpected<Problem>(answered.error());
  }
}

Result<std::string> Registry::digestOf(const std::string& repository, const std::string& tag) {
  const auto url = base_ + "/v2/" + repository + "/manifests/" + tag;
  auto reply = ask("HEAD", repository, url, kMaxManifest);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  auto digest = reply->header("docker-content-digest");
  if (isDigest(digest)) return digest;
  if (!digest.empty())
    return tl::unexpected<Problem>(
        problem(RF_TRANSIENT, "docker.registry_malformed", repository + ": its digest is none"));
  // Not every registry says it: then it is what its bytes have.
  if (reply->body.empty()) reply = ask("GET", repository, url, kMaxManifest);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  if (const auto manifest = parseManifest(reply->body); !manifest)
    return tl::unexpected<Problem>(
        problem(RF_TRANSIENT, "docker.registry_malformed", repository + ": " + manifest.error().text));
  return "sha256:" + toHex(sha256(reply->body));
}

Result<std::string> Registry::manifestText(const std::string& repository, const std::string& digest) {
  auto reply = ask("GET", repository, base_ + "/v2/" + repository + "/manifests/" + digest, kMaxManifest);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  if ("sha256:" + toHex(sha256(reply->body)) != digest)
    return tl::unexpected<Problem>(problem(RF_TRANSIENT, "docker.registry_malformed",
                                           repository + ": other bytes than its digest says"));
  return std::move(reply->body);
}

Result<PlatformImage> Registry::imageFor(const std::string& repository, const std::string& digest,
                                         const std::string& platform) {
  auto wanted = digest;
  for (int depth = 0; depth < 2; ++depth) {
    const auto text = manifestText(repository, wanted);
    if (!text) return tl::unexpected<Problem>(text.error());
    const auto manifest = parseManifest(*text);
    if (!manifest)
      return tl::unexpected<Problem>(
          problem(RF_TRANSIENT, "docker.registry_malformed", repository + ": " + manifest.error().text));
    if (!manifest->is_index) {
      auto image = manifest->image;
      image.manifest = wanted;
      return image;
    }
    wanted = manifest->digestFor(platform);
    if (wanted.empty())
      return tl::unexpected<Problem>(problem(RF_NOT_APPLICABLE, "docker.registry_no_platform",
                                             repository + " is no longer offered for " + platform));
  }
  return tl::unexpected<Problem>(
      problem(RF_TRANSIENT, "docker.registry_malformed", repository + ": an index within an index"));
}

Result<std::vector<std::string>> Registry::tagsOf(const std::string& repository) {
  const auto none = [&](const std::string& why) {
    return tl::unexpected<Problem>(
        problem(RF_UNSUPPORTED, "docker.registry_no_tags", repository + ": " + why));
  };
  constexpr const char* kTooMany = "more tags than are looked through";
  std::vector<std::string> out;
  auto url = base_ + "/v2/" + repository + "/tags/list?n=1000";
  for (int page = 0; page < kMaxTagPages; ++page) {
    const auto reply = ask("GET", repository, url, kMaxTagPage);
    if (!reply && (reply.error().status == RF_DENIED || reply.error().status == RF_NOT_APPLICABLE))
      return none("its tags are not listed");
    // A list that is too long says nothing against the registry, nor against what else this repository has.
    if (!reply && reply.error().code == "docker.registry_endless") return none(kTooMany);
    if (!reply) return tl::unexpected<Problem>(reply.error());
    const auto json = parseJson(reply->body, {.bytes = kMaxTagPage, .depth = 4, .values = 2 * kMaxTags});
    if (!json && json.error().code == Code::kLimit) return none(kTooMany);
    const bool has_tags = json && json->is_object() && json->contains("tags");
    if (!has_tags || !(json->at("tags").is_array() || json->at("tags").is_null()))
      return tl::unexpected<Problem>(
          problem(RF_TRANSIENT, "docker.registry_malformed", repository + ": its list of tags is none"));
    for (const auto& tag : json->at("tags"))
      if (tag.is_string() && isTag(tag.get_ref<const std::string&>())) out.push_back(tag.get<std::string>());
    if (out.size() > kMaxTags) break;
    const auto link = nextOf(reply->header("link"));
    if (link.empty()) return out;
    const auto next = resolved(url, link);
    if (next.empty() || originOf(next) != originOf(url) || next == url)
      return tl::unexpected<Problem>(problem(RF_TRANSIENT, "docker.registry_malformed",
                                             repository + ": its list of tags goes on elsewhere"));
    url = next;
  }
  return none(kTooMany);
}

}  // namespace redflag::docker
