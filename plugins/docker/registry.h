#pragma once
// One registry, asked what it offers. Source: OCI distribution specification 1.1, Docker's token flow.
// Redirects lead to https only (from a registry on loopback also to loopback), five at most; passwords and
// tokens go to the address they were given for and nowhere else: what a redirect leads to may ask for none,
// and only the registry itself names the place of its tokens.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http.h"
#include "manifest.h"
#include "problem.h"
#include "proxies.h"
#include "redflag/sdk.hpp"

namespace redflag::docker {

// How many more questions a registry would answer, as it says itself.
struct Budget {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
};

inline constexpr const char* kTagGone = "docker.tag_gone";

// Every problem's code begins with "docker.registry_", but for kTagGone (RF_NOT_APPLICABLE: 404), which is
// also what many answer of what they have and do not show to everybody.
//   RF_DENIED     401 and 403
//   RF_LIMIT      429; retryAt() says until when not to ask again
//   RF_TRANSIENT  no answer, one that is not understood, too slow or too long
// "docker.registry_proxy": nobody is asked through the proxy; RF_MISCONFIGURED where settings would help.
class Registry {
 public:
  struct Access {
    std::string user_password;    // "": none
    std::string certificates;     // PEM of the authorities an admin trusts for this registry
    bool is_with_helper = false;  // a credential helper has its password, which nobody here starts
    Proxies proxies = {};         // the way to it, and to wherever it leads
  };
  // `patience_ns`: how long all questions together may take.
  Registry(HttpClient& http, const rf::Clock& clock, std::string name, Access access,
           std::int64_t patience_ns);

  // What a tag is now: the digest of its index, or of its manifest if it has no index.
  Result<std::string> digestOf(const std::string& repository, const std::string& tag);
  // The image for a platform behind a digest. RF_NOT_APPLICABLE "docker.registry_no_platform".
  Result<PlatformImage> imageFor(const std::string& repository, const std::string& digest,
                                 const std::string& platform);
  // All tags; RF_UNSUPPORTED "docker.registry_no_tags" where it does not list them, or too many.
  Result<std::vector<std::string>> tagsOf(const std::string& repository);

  const Budget& budget() const { return budget_; }
  std::int64_t retryAt() const { return retry_at_s_; }  // seconds since the epoch; 0: any time

 private:
  Result<HttpReply> ask(const std::string& method, const std::string& repository, const std::string& url,
                        std::size_t max_bytes);
  Result<HttpReply> exchange(HttpRequest request);
  // Where it led is request.url afterwards.
  Result<HttpReply> follow(HttpRequest& request);
  Result<> answerChallenge(const std::string& challenge, const std::string& repository);
  Result<std::string> token(const std::string& realm, const std::string& service,
                            const std::string& repository);
  void authorize(HttpRequest& request, const std::string& repository) const;
  Result<HttpReply> judged(HttpReply reply, const std::string& repository);
  Result<std::string> manifestText(const std::string& repository, const std::string& digest);
  Problem problem(rf_status status, const char* code, const std::string& text) const;
  bool mayLeadTo(const std::string& url) const;
  void noteBudget(const HttpReply& reply);

  HttpClient& http_;
  const rf::Clock& clock_;
  const std::string name_;
  const Access access_;
  const std::string base_;
  const std::int64_t until_ns_;
  bool basic_ = false;
  std::map<std::string, std::string> tokens_;                       // by repository
  std::optional<std::pair<std::string, std::string>> token_place_;  // realm and service
  Budget budget_;
  std::int64_t retry_at_s_ = 0;
};

// "Bearer realm="https://…",service="…"": the scheme in lower case and its parameters.
struct Challenge {
  std::string scheme;
  std::map<std::string, std::string> parameters;
};
Challenge parseChallenge(std::string_view header);

// Retry-After: seconds, or a date. From a minute to a day from `now_s`; without a usable one a quarter of an
// hour.
std::int64_t retryAfter(const std::string& header, std::int64_t now_s);

}  // namespace redflag::docker
