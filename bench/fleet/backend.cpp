#include "fleet/backend.h"

#include <stdexcept>

#include "base/encoding.h"

namespace redflag::bench {
namespace {

constexpr int kSeats = 10'000;

}  // namespace

class NoTypes : public commands::CommandTypes {
 public:
  std::vector<commands::CommandType> all() const override { return {}; }
  std::optional<commands::CommandType> find(const std::string&) const override { return std::nullopt; }
  std::optional<commands::FieldProblem> validate(const commands::CommandType&, const Json&) override {
    return std::nullopt;
  }
  std::vector<commands::Planned> plan(const commands::CommandType&,
                                      const std::vector<commands::PlanRequest>&) override {
    return {};
  }
  std::vector<std::vector<Json>> onResult(const commands::CommandType&,
                                          const std::vector<commands::Outcome>&) override {
    return {};
  }
};

struct Backend::Parts {
  Parts(const store::Database& database, const Clock& clock)
      : store(store::openStore(database, clock)),
        signer(protocol::SigningKey::generate()),
        tokens(protocol::SigningKey::generate(), 86'400),
        services({*store,
                  types,
                  signer,
                  [this] {
                    protocol::Bundle bundle;
                    bundle.urls = {"https://bench.example"};
                    bundle.authorities = {"one", "two"};
                    bundle.root = {1, sha256("root")};
                    return bundle;
                  },
                  [](std::int64_t) { return Result<std::int64_t>(0); },
                  bell,
                  clock,
                  {},
                  nullptr,
                  nullptr,
                  &tokens}) {
    services.initialize();
    token = protocol::decodeBundle(
                services.enrolment.makeToken(kSeats, 3600, "", services::serverItself(), "auto").bundle)
                .value()
                .token;
  }

  services::Bell bell;
  std::unique_ptr<store::Store> store;
  NoTypes types;
  const commands::CommandSigner signer;
  const auth::AccessTokens tokens;
  services::Services services;
  std::string token;
};

Backend::Backend(const store::Database& database, const Clock& clock)
    : parts_(std::make_unique<Parts>(database, clock)) {}

Backend::~Backend() = default;

store::AgentKey Backend::enrol(const std::string& hostname) {
  return parts_->services.enrolment
      .enrol({randomBytes(32), hostname, "act", "0", "linux-x86_64", "Debian", "12"}, parts_->token, "")
      .first;
}

void Backend::upload(const store::AgentKey& agent, const std::string& body) {
  const auto answer = parts_->services.uploads.take(agent, body);
  if (!answer.rejected.empty())
    throw std::runtime_error("an item was rejected: " + answer.rejected.front().text);
}

services::Services& Backend::services() {
  return parts_->services;
}

Json updateRow(int number, const std::string& version) {
  const std::string name = "libsomething-" + std::to_string(number) + "-perl";
  return {{"record", "update/1"},
          {"scope", "deb.example.org/debian bookworm-security/main"},
          {"manager", "apt"},
          {"key", name + ":amd64"},
          {"name", name},
          {"arch", "amd64"},
          {"installed_version", "1:2.36." + std::to_string(number) + "-9+deb12u3"},
          {"candidate_version", "1:2.36." + std::to_string(number) + "-9+deb12u" + version},
          {"source_package", "something-" + std::to_string(number / 3)},
          {"origin", "Debian-Security:12/stable-security"},
          {"category", number % 3 == 0 ? "security" : "unknown"},
          {"severity", "unknown"},
          {"advisories", {"DSA-" + std::to_string(5000 + number)}},
          {"cves",
           {"CVE-2024-" + std::to_string(10'000 + number), "CVE-2024-" + std::to_string(20'000 + number)}},
          {"download_bytes", 100'000 + number},
          {"installed_bytes", 400'000 + number}};
}

Json scanItem(const std::string& plugin, const std::string& purpose, const std::string& scope, Json records,
              std::int64_t at_ns) {
  const std::string at = toRfc3339(at_ns);
  return {{"kind", "scan"},
          {"id", newId()},
          {"at", at},
          {"plugin", plugin},
          {"plugin_version", "1.0.0"},
          {"interface", "rf.scanner/1"},
          {"purpose", purpose},
          {"trigger", "schedule"},
          {"boot_id", "boot"},
          {"started_at", at},
          {"duration_ms", 20},
          {"status", "ok"},
          {"complete", true},
          {"scopes", {{{"key", scope}, {"status", "ok"}}}},
          {"records", std::move(records)},
          {"reports", Json::array()}};
}

std::string uploadOf(const std::vector<Json>& items) {
  return dumpJson({{"items", items}});
}

}  // namespace redflag::bench
