#include "credentials.h"

#include "base/encoding.h"
#include "base/json.h"
#include "http.h"

namespace redflag::docker {
namespace {

constexpr std::size_t kMaxBytes = 256U << 10U;

tl::unexpected<Problem> bad(const std::string& what) {
  return fail(RF_MISCONFIGURED, "docker.bad_credentials", "the file with the registries' passwords: " + what);
}

// "https://index.docker.io/v1/" is how docker login calls its own registry.
std::string registryOf(std::string key) {
  if (const auto scheme = key.find("://"); scheme != std::string::npos) key.erase(0, scheme + 3);
  key.erase(std::min(key.find('/'), key.size()));
  return key == "index.docker.io" || key == "registry-1.docker.io" ? "docker.io" : key;
}

std::string memberText(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found == entry.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

// "" if there is no password in it.
std::string userPassword(const Json& entry) {
  if (!entry.is_object()) return {};
  if (const auto user = memberText(entry, "username"); !user.empty())
    return user + ":" + memberText(entry, "password");
  const auto decoded = fromBase64(memberText(entry, "auth"));
  if (!decoded || decoded->find(':') == std::string::npos) return {};
  auto out = *decoded;
  while (out.ends_with('\0'))
    out.pop_back();
  return out;
}

// What docker login leaves of an entry whose password it gave to a helper.
bool isLeftToHelper(const Json& entry) {
  if (!entry.is_object()) return false;
  for (const char* key : {"auth", "username", "password"})
    if (entry.contains(key) && entry.at(key) != "") return false;
  return true;
}

}  // namespace

Result<Credentials> Credentials::parse(std::string_view json) {
  const auto parsed = parseJson(json, {.bytes = kMaxBytes, .depth = 8, .values = 10'000});
  if (!parsed || !parsed->is_object()) return bad("is no JSON object");
  // A helper for all registries needs no list of them.
  const bool has_helper = parsed->contains("credsStore") || parsed->contains("credHelpers");
  const auto auths = parsed->value("auths", has_helper ? Json::object() : Json());
  const auto helpers = parsed->value("credHelpers", Json::object());
  if (!auths.is_object()) return bad("expected an object \"auths\"");
  if (!helpers.is_object()) return bad("expected \"credHelpers\" to be an object");
  Credentials out;
  for (const auto& [key, helper] : helpers.items())
    out.with_helper_.insert(registryOf(key));
  std::size_t at = 0;
  for (const auto& [key, entry] : auths.items()) {
    ++at;
    if (isLeftToHelper(entry)) {
      out.with_helper_.insert(registryOf(key));
      continue;
    }
    auto user_password = userPassword(entry);
    if (user_password.empty() ||
        user_password.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos)
      return bad("entry " + std::to_string(at) +
                 " of \"auths\": expected \"auth\", the base64 of user:password, as docker login writes it");
    if (key.find("://") == std::string::npos) {
      out.by_registry_.insert_or_assign(registryOf(key), std::move(user_password));
      continue;
    }
    // "http://proxy.example.net:3128", or an old name of a registry: what has the name alone goes before it.
    if (const auto address = proxyAddress(key); !address.empty())
      out.by_proxy_.insert_or_assign(address, user_password);
    out.by_registry_.try_emplace(registryOf(key), std::move(user_password));
  }
  return out;
}

std::string Credentials::of(const std::string& registry) const {
  const auto found = by_registry_.find(registry);
  return found == by_registry_.end() ? std::string() : found->second;
}

std::string Credentials::ofProxy(const std::string& address) const {
  const auto found = by_proxy_.find(address);
  return found == by_proxy_.end() ? std::string() : found->second;
}

bool Credentials::areWithHelper(const std::string& registry) const {
  return with_helper_.contains(registry) && !by_registry_.contains(registry);
}

}  // namespace redflag::docker
