#include "host/reads.h"

#include "base/json.h"

namespace redflag::host {
namespace {

constexpr std::size_t kMaxSocket = 107;  // what an address of a local socket holds
constexpr std::size_t kMaxTarget = 2048;
constexpr std::int64_t kMaxTimeoutMs = 3'600'000;

}  // namespace

std::string encodeQuestion(const Question& question) {
  return dumpJson({{"socket", question.socket},
                   {"target", question.target},
                   {"max_bytes", question.max_bytes},
                   {"timeout_ms", question.timeout_ms}});
}

Result<Question> decodeQuestion(std::string_view json) {
  const auto parsed = parseJson(json, {.bytes = kMaxQuestionBytes, .depth = 2, .values = 8});
  if (!parsed) return failAt("question", parsed.error());
  JsonReader in(*parsed, "question");
  Question out;
  out.socket = in.text("socket", kMaxSocket);
  out.target = in.text("target", kMaxTarget);
  out.max_bytes = static_cast<std::uint64_t>(in.integer("max_bytes", 1, kMaxReadBytes));
  out.timeout_ms = in.integer("timeout_ms", 1, kMaxTimeoutMs);
  if (auto finished = in.finish(); !finished) return tl::unexpected<Error>(finished.error());
  return out;
}

}  // namespace redflag::host
