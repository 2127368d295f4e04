#pragma once
// A machine that exists only as a seed: what is installed on it, which updates wait, and how both change. A
// pure function of (seed, revision), so that a spool holds numbers instead of lists and the same seed is the
// same fleet.

#include <cstdint>
#include <string>

#include "base/json.h"

namespace redflag::swarm {

struct InventorySize {
  static constexpr std::int64_t kMost = 20'000;  // of packages
  std::int64_t least_packages = 350;
  std::int64_t most_packages = 3500;
  std::int64_t most_updates = 120;
};

class Machine {
 public:
  Machine(std::uint64_t seed, const InventorySize& size);

  const std::string& hostname() const { return hostname_; }
  std::int64_t packages() const { return packages_; }

  // Rows as an agent uploads them, in the scope kScope. With each revision about one update in twenty has
  // another version, and some come or go.
  Json updates(std::uint64_t revision) const;
  Json installed(std::uint64_t revision) const;
  Json facts() const;

 private:
  std::uint64_t packageAt(std::int64_t slot) const;
  bool waits(std::int64_t slot, std::uint64_t revision) const;
  Json update(std::int64_t slot, std::uint64_t revision) const;

  std::uint64_t seed_;
  std::string hostname_;
  std::int64_t packages_;
  std::int64_t updates_;
};

inline constexpr const char* kScope = "deb.example.org/debian bookworm-security/main";

}  // namespace redflag::swarm
