// How long the server takes for an upload of a long update list: when it is new, when it is the same again,
// and when a few rows changed. Everything between the expanded body and the durable commit counts. Prints one
// JSON document with the milliseconds of each round.
#include <filesystem>
#include <iostream>
#include <vector>

#include "base/encoding.h"
#include "fleet/backend.h"

namespace redflag::bench {
namespace {

constexpr int kRows = 3'500;
constexpr int kRounds = 15;

std::string body(int changed) {
  Json records = Json::array();
  for (int i = 0; i < kRows; ++i)
    records.push_back(updateRow(i, i < changed ? "9" : "4"));
  return uploadOf({scanItem("apt", "updates", "deb.example.org/debian bookworm-security/main",
                            std::move(records), epochNow())});
}

struct Figures {
  double first_ms;
  double unchanged_ms;
  double changed_ms;
};

double timed(Backend& backend, const store::AgentKey& agent, const std::string& upload) {
  const std::int64_t begun = monotonicNow();
  backend.upload(agent, upload);
  return static_cast<double>(monotonicNow() - begun) / 1e6;
}

Figures run(const store::Database& database) {
  Backend backend(database);
  const auto agent = backend.enrol("bench");
  Figures figures{};
  figures.first_ms = timed(backend, agent, body(0));
  figures.unchanged_ms = timed(backend, agent, body(0));
  figures.changed_ms = timed(backend, agent, body(35));
  return figures;
}

}  // namespace
}  // namespace redflag::bench

// redflag-bench-merge [postgresql://…]: a file of its own, or that database, which it fills.
int main(int argc, char** argv) {
  using namespace redflag;
  using namespace redflag::bench;
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
