// How long the server takes for an upload of a long update list: when it is new, when it is the same again,
// and when a few rows changed. Everything between the expanded body and the durable commit counts. Prints one
// JSON document with the milliseconds of each round.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <vector>

#include "base/encoding.h"
#include "services/services.h"
#include "store/open.h"

namespace redflag {
namespace {

constexpr int kRows = 3'500;
constexpr int kRounds = 15;

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

Json row(int number, int changed) {
  const std::string name = "libsomething-" + std::to_string(number) + "-perl";
  return {{"record", "update/1"},
          {"scope", "deb.example.org/debian bookworm-security/main"},
          {"manager", "apt"},
          {"key", name + ":amd64"},
          {"name", name},
          {"arch", "amd64"},
          {"installed_version", "1:2.36." + std::to_string(number) + "-9+deb12u3"},
          {"candidate_version",
           "1:2.36." + std::to_string(number) + "-9+deb12u" + (number < changed ? "9" : "4")},
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

std::string body(int changed) {
  Json records = Json::array();
  for (int i = 0; i < kRows; ++i)
    records.push_back(row(i, changed));
  const std::string at = toRfc3339(epochNow());
  const Json scopes = {{{"key", "deb.example.org/debian bookworm-security/main"}, {"status", "ok"}}};
  return dumpJson({{"items",
                    {{{"kind", "scan"},
                      {"id", newId()},
                      {"at", at},
                      {"plugin", "apt"},
                      {"plugin_version", "1.0.0"},
                      {"interface", "rf.scanner/1"},
                      {"purpose", "updates"},
                      {"trigger", "schedule"},
                      {"boot_id", "boot"},
                      {"started_at", at},
                      {"duration_ms", 20},
                      {"status", "ok"},
                      {"complete", true},
                      {"scopes", scopes},
                      {"records", records},
                      {"reports", Json::array()}}}}});
}

store::AgentKey enrol(services::Services& services) {
  const auto made = services.enrolment.makeToken(1, 3600, "", "bench");
  const auto token = protocol::decodeBundle(made.bundle).value().token;
  return services.enrolment
      .enrol({randomBytes(32), "bench", "report", "0", "linux-x86_64", "Debian", "12"}, token, "")
      .first;
}

struct Figures {
  double first_ms;
  double unchanged_ms;
  double changed_ms;
};

double timed(services::Services& services, const store::AgentKey& agent, const std::string& upload) {
  const std::int64_t begun = monotonicNow();
  if (!services.uploads.take(agent, upload).rejected.empty())
    throw std::runtime_error("the upload was rejected");
  return static_cast<double>(monotonicNow() - begun) / 1e6;
}

Figures run(const store::Database& database) {
  const auto opened = store::openStore(database);
  store::Store& store = *opened;
  NoTypes types;
  const commands::CommandSigner signer(protocol::SigningKey::generate());
  services::Bell bell;
  services::Services services({store, types, signer,
                               [&] {
                                 protocol::Bundle bundle;
                                 bundle.urls = {"https://bench.example"};
                                 bundle.authorities = {"one", "two"};
                                 bundle.command_keys = signer.publicKeys();
                                 return bundle;
                               },
                               bell});
  services.initialize();
  const auto agent = enrol(services);
  Figures figures{};
  figures.first_ms = timed(services, agent, body(0));
  figures.unchanged_ms = timed(services, agent, body(0));
  figures.changed_ms = timed(services, agent, body(35));
  return figures;
}

}  // namespace
}  // namespace redflag

// redflag-bench-merge [postgresql://…]: a file of its own, or that database, which it fills.
int main(int argc, char** argv) {
  using namespace redflag;
  if (!initCrypto()) return 1;
  std::vector<double> first;
  std::vector<double> unchanged;
  std::vector<double> changed;
  for (int i = 0; i < kRounds; ++i) {
    // A new database for each run; beside the program, because temporary folders may be in memory.
    std::string name = std::filesystem::current_path() / "bench-merge-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return 1;
    const auto figures = run({std::filesystem::path(name) / "redflag.db", argc > 1 ? argv[1] : ""});
    std::filesystem::remove_all(name);
    first.push_back(figures.first_ms);
    unchanged.push_back(figures.unchanged_ms);
    changed.push_back(figures.changed_ms);
  }
  std::cout << dumpJson({{"rows", kRows},
                         {"new_ms", first},
                         {"unchanged_ms", unchanged},
                         {"one_percent_changed_ms", changed}})
            << '\n';
  return 0;
}
