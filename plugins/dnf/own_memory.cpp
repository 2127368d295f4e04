#include "own_memory.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json.h"

namespace redflag::dnf {
namespace {

constexpr std::uintmax_t kMaxMemoryBytes = 1U << 20;
constexpr std::size_t kMaxFailureText = 1000;
constexpr std::size_t kMaxMemoryValues = 20'000;

}  // namespace

OwnMemory OwnMemory::read(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error || size > kMaxMemoryBytes) return {};
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto parsed = parseJson(text, {.bytes = kMaxMemoryBytes, .depth = 4, .values = kMaxMemoryValues});
  if (!parsed) return {};
  JsonReader reader(*parsed, "metadata");
  OwnMemory memory;
  memory.inputs = reader.text("inputs", 128);
  memory.attempted_at = reader.integer("attempted_at", 0, INT64_MAX);
  const auto& repositories = reader.object("repositories");
  if (!reader.finish()) return {};
  for (const auto& [id, row] : repositories.items()) {
    JsonReader fields(row, id);
    OwnState state;
    state.refreshed_at = fields.integer("refreshed_at", 0, INT64_MAX);
    state.failed = fields.text("failed", kMaxFailureText);
    if (!fields.finish()) return {};
    memory.repositories[id] = state;
  }
  return memory;
}

void OwnMemory::write(const std::string& file) const {
  auto rows = Json::object();
  for (const auto& [id, state] : repositories)
    rows[id] = {{"refreshed_at", state.refreshed_at}, {"failed", state.failed.substr(0, kMaxFailureText)}};
  std::ofstream(file + ".new", std::ios::trunc)
      << dumpJson({{"inputs", inputs}, {"attempted_at", attempted_at}, {"repositories", std::move(rows)}});
  std::error_code ignored;  // without it they are fetched again
  std::filesystem::rename(file + ".new", file, ignored);
}

}  // namespace redflag::dnf
