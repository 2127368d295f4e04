#pragma once
// The names of images, by the grammar that engines and registries share: what does not keep it is no name,
// and goes into no address and no row. Source: distribution's reference grammar.

#include <optional>
#include <string>
#include <string_view>

namespace redflag::docker {

struct Reference {
  std::string registry;    // "docker.io", "registry.example.net:5000"
  std::string repository;  // "library/nginx"
  std::string tag;         // "" with a digest alone
  std::string digest;      // "sha256:…" when it is pinned

  // As people write it: "nginx:1.25".
  std::string familiar() const;
  // Whole, the same for every spelling: "docker.io/library/nginx:1.25".
  std::string canonical() const;
  bool sameRepository(const Reference& other) const {
    return registry == other.registry && repository == other.repository;
  }
};

// A name without tag and digest means the tag "latest". nullopt for anything that is no name.
std::optional<Reference> parseReference(std::string_view text);

bool isDigest(std::string_view text);  // "sha256:" and 64 digits
bool isTag(std::string_view text);

// An address of this machine itself, by its number or as "localhost"; with or without a port.
bool isLoopback(std::string_view host);
// Where the registry's interface is: https, on loopback http.
std::string addressOf(std::string_view registry, bool with_tls);

}  // namespace redflag::docker
