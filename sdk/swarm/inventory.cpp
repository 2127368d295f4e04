#include "swarm/inventory.h"

#include <array>

#include "swarm/random.h"

namespace redflag::swarm {
namespace {

constexpr std::uint64_t kCommon = 300;      // packages that every machine has
constexpr std::uint64_t kArchive = 20'011;  // a prime, so that every step through it meets each package once
constexpr std::uint64_t kChurn = 20;

constexpr std::array<const char*, 16> kStems = {"ssl",  "python", "xml",  "curl", "kernel", "perl",
                                                "glib", "gtk",    "java", "qt",   "boost",  "png",
                                                "pam",  "krb",    "sql",  "net"};
constexpr std::array<const char*, 6> kTails = {"", "-dev", "-common", "-bin", "-data", "-doc"};

std::string nameOf(std::uint64_t package) {
  const std::uint64_t mixed = mix(package);
  std::string name = mixed % 3 == 0 ? "lib" : "";
  name += kStems[(mixed >> 8) % kStems.size()];
  name += std::to_string(package);
  return name + kTails[(mixed >> 16) % kTails.size()];
}

const char* archOf(std::uint64_t package) {
  return mix(package) % 5 == 0 ? "all" : "amd64";
}

std::string keyOf(std::uint64_t package) {
  return nameOf(package) + ":" + archOf(package);
}

std::string versionOf(std::uint64_t package, std::uint64_t update) {
  const std::uint64_t mixed = mix(package, 1);
  return std::to_string(1 + mixed % 9) + "." + std::to_string(mixed / 16 % 40) + "-" +
         std::to_string(1 + mixed / 1024 % 4) + "+deb12u" + std::to_string(update);
}

const char* categoryOf(std::uint64_t package) {
  return mix(package, 2) % 3 == 0 ? "security" : "bugfix";
}

const char* severityOf(std::uint64_t package) {
  constexpr std::array<const char*, 5> kSeverities = {"critical", "high", "medium", "low", "unknown"};
  return kSeverities[mix(package, 3) % kSeverities.size()];
}

}  // namespace

Machine::Machine(std::uint64_t seed, const InventorySize& size) : seed_(seed) {
  Random random(seed);
  packages_ = random.between(size.least_packages, size.most_packages);
  // Many machines are nearly up to date, a few have a lot to do.
  const double share = random.share();
  updates_ = static_cast<std::int64_t>(static_cast<double>(size.most_updates + 1) * share * share);
  if (updates_ > packages_) updates_ = packages_;
  hostname_ = "swarm-" + std::to_string(seed % 1'000'000'007);
}

std::uint64_t Machine::packageAt(std::int64_t slot) const {
  const auto place = static_cast<std::uint64_t>(slot);
  if (place < kCommon) return place;
  const std::uint64_t step = 1 + mix(seed_, 11) % (kArchive - 1);
  return kCommon + (mix(seed_, 12) + place * step) % kArchive;
}

bool Machine::waits(std::int64_t slot, std::uint64_t revision) const {
  return mix(mix(seed_, static_cast<std::uint64_t>(slot)), revision / 8) % 10 != 0;
}

Json Machine::update(std::int64_t slot, std::uint64_t revision) const {
  // Some of what waits is common to the fleet, some is not. No two slots meet: kArchive is a prime and
  // larger.
  const std::uint64_t package = packageAt(slot * static_cast<std::int64_t>(kArchive) % packages_);
  const std::uint64_t phase = mix(seed_, static_cast<std::uint64_t>(slot) + 7) % kChurn;
  const std::uint64_t version = 2 + (revision + phase) / kChurn;
  return {{"record", "update/1"},
          {"scope", kScope},
          {"manager", "apt"},
          {"key", keyOf(package)},
          {"name", nameOf(package)},
          {"arch", archOf(package)},
          {"installed_version", versionOf(package, version - 1)},
          {"candidate_version", versionOf(package, version)},
          {"source_package", nameOf(package)},
          {"origin", "Debian-Security:12/stable-security"},
          {"category", categoryOf(package)},
          {"severity", severityOf(package)},
          {"download_bytes", 10'000 + mix(package, 4) % 5'000'000}};
}

Json Machine::updates(std::uint64_t revision) const {
  Json rows = Json::array();
  for (std::int64_t slot = 0; slot < updates_; ++slot)
    if (waits(slot, revision)) rows.push_back(update(slot, revision));
  return rows;
}

Json Machine::installed(std::uint64_t revision) const {
  Json rows = Json::array();
  for (std::int64_t slot = 0; slot < packages_; ++slot) {
    const std::uint64_t package = packageAt(slot);
    const std::uint64_t phase = mix(seed_, static_cast<std::uint64_t>(slot) + 9) % (kChurn * 10);
    rows.push_back({{"record", "package/1"},
                    {"scope", kScope},
                    {"manager", "apt"},
                    {"key", keyOf(package)},
                    {"name", nameOf(package)},
                    {"arch", archOf(package)},
                    {"version", versionOf(package, 1 + (revision + phase) / (kChurn * 10))},
                    {"installed_bytes", 20'000 + mix(package, 5) % 20'000'000}});
  }
  return rows;
}

Json Machine::facts() const {
  const auto fact = [](const char* name, Json value) {
    return Json{{"record", "fact/1"}, {"scope", ""}, {"name", name}, {"value", std::move(value)}};
  };
  Json rows = Json::array();
  rows.push_back(fact("os.name", "Debian GNU/Linux"));
  rows.push_back(fact("os.version", "12"));
  rows.push_back(fact("packages.installed", packages_));
  rows.push_back(
      {{"record", "volume/1"},
       {"scope", ""},
       {"mount", "/"},
       {"filesystem", "ext4"},
       {"total_bytes", 100'000'000'000},
       {"used_bytes", 10'000'000'000 + static_cast<std::int64_t>(mix(seed_, 13) % 80'000'000'000)}});
  return rows;
}

}  // namespace redflag::swarm
