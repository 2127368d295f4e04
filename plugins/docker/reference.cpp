#include "reference.h"

#include <arpa/inet.h>

#include <algorithm>

namespace redflag::docker {
namespace {

constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxTag = 128;

bool isLowerOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool isWord(char c) {
  return isLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

// Words of a-z and 0-9 with ".", "_", "__" or dashes between them.
bool isComponent(std::string_view text) {
  if (text.empty() || !isLowerOrDigit(text.front()) || !isLowerOrDigit(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (isLowerOrDigit(text[i])) {
      ++i;
      continue;
    }
    const auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), isLowerOrDigit);
    const auto between = text.substr(i, static_cast<std::size_t>(end - text.begin()) - i);
    const bool dashes = between.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && between != "." && between != "_" && between != "__") return false;
    i += between.size();
  }
  return true;
}

bool isRepository(std::string_view text) {
  for (;;) {
    const auto end = std::min(text.find('/'), text.size());
    if (!isComponent(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::string_view withoutPort(std::string_view host) {
  const auto colon = host.rfind(':');
  return colon == std::string_view::npos || host.ends_with(']') ? host : host.substr(0, colon);
}

bool isRegistry(std::string_view host) {
  const auto name = withoutPort(host);
  if (name.size() < host.size()) {
    const auto port = host.substr(name.size() + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
  }
  if (name.starts_with('[') && name.ends_with(']')) {
    if (name.find('\0') != std::string_view::npos) return false;  // inet_pton would stop there
    in6_addr address{};
    return inet_pton(AF_INET6, std::string(name.substr(1, name.size() - 2)).c_str(), &address) == 1;
  }
  const auto isHostByte = [](char c) { return c != '_' && (isWord(c) || c == '-' || c == '.'); };
  return !name.empty() && std::all_of(name.begin(), name.end(), isHostByte) && name.front() != '.' &&
         name.front() != '-' && name.back() != '.' && name.back() != '-' &&
         name.find("..") == std::string_view::npos;
}

// "name", "registry/name": what stands before the first slash is a registry if it could not be anything else.
bool readName(std::string_view name, Reference& out) {
  const auto slash = name.find('/');
  const auto first = name.substr(0, slash);
  const bool has_registry = slash != std::string_view::npos &&
                            (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  out.registry = has_registry ? first : kHub;
  out.repository = has_registry ? name.substr(slash + 1) : name;
  if (out.registry == "index.docker.io" || out.registry == "registry-1.docker.io") out.registry = kHub;
  if (out.registry == kHub && out.repository.find('/') == std::string::npos)
    out.repository.insert(0, kOfficial);
  return isRegistry(out.registry) && isRepository(out.repository) &&
         out.registry.size() + 1 + out.repository.size() <= kMaxName;
}

}  // namespace

bool isDigest(std::string_view text) {
  constexpr std::string_view kStart = "sha256:";
  return text.starts_with(kStart) && text.size() == kStart.size() + 64 &&
         text.find_first_not_of("0123456789abcdef", kStart.size()) == std::string_view::npos;
}

bool isTag(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTag && isWord(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return isWord(c) || c == '.' || c == '-'; });
}

std::optional<Reference> parseReference(std::string_view text) {
  Reference out;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    out.digest = text.substr(at + 1);
    if (!isDigest(out.digest)) return std::nullopt;
    text = text.substr(0, at);
  }
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find('/', colon) == std::string_view::npos) {
    out.tag = text.substr(colon + 1);
    if (!isTag(out.tag)) return std::nullopt;
    text = text.substr(0, colon);
  }
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  // 64 digits are an image's number, never its name.
  if (text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos)
    return std::nullopt;
  return readName(text, out) ? std::optional(out) : std::nullopt;
}

std::string Reference::canonical() const {
  return registry + "/" + repository + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::familiar() const {
  const auto whole = canonical();
  if (registry != kHub) return whole;
  auto brief = whole.substr(kHub.size() + 1);
  const auto rest = std::string_view(repository).substr(std::min(kOfficial.size(), repository.size()));
  if (repository.starts_with(kOfficial) && rest.find('/') == std::string_view::npos)
    brief.erase(0, kOfficial.size());
  // Without the registry "docker.io/example.net/app" would be an image of example.net.
  const auto again = parseReference(brief);
  return again && again->canonical() == whole ? brief : whole;
}

bool isLoopback(std::string_view host) {
  const std::string name(withoutPort(host));
  if (name == "localhost" || name == "[::1]") return true;
  in_addr address{};
  return inet_pton(AF_INET, name.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24U == 127;
}

std::string addressOf(std::string_view registry, bool with_tls) {
  if (registry == kHub) return "https://registry-1.docker.io";
  return (with_tls ? "https://" : "http://") + std::string(registry);
}

}  // namespace redflag::docker
