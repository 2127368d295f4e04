#include "services/line_judgement.h"

#include <optional>

namespace redflag::services {
namespace {

using Kind = LineJudgement::Kind;

std::optional<Kind> kindFor(const store::Line& line, const protocol::OpenedDocument& opened,
                            const std::string& token_hash, const GenuineToken& genuine) {
  const std::int64_t number = opened.document.number;
  if (line.token_hash == token_hash && number == line.number + 1) return Kind::kNext;
  if (line.before_hash == token_hash && number == line.number) {
    return opened.hash == line.document_hash ? Kind::kAgain : Kind::kBehind;
  }
  if (!genuine(line.id, number - 1)) return std::nullopt;
  return number > line.number ? Kind::kAhead : Kind::kBehind;
}

// A copy whose answer was lost is both: behind on the line it left, and where it should be on its own.
int rank(Kind kind) {
  return kind == Kind::kNext || kind == Kind::kAgain ? 2 : kind == Kind::kUnknown ? 0 : 1;
}

}  // namespace

LineJudgement judgeDocument(const std::vector<store::Line>& lines, const protocol::OpenedDocument& opened,
                            const std::string& token_hash, const GenuineToken& genuine, std::int64_t now) {
  LineJudgement best;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto kind = kindFor(lines[i], opened, token_hash, genuine);
    if (kind && rank(*kind) > rank(best.kind)) best = {*kind, i};
  }
  if (best.kind != Kind::kUnknown && lines[best.line].expires_at <= now) best.kind = Kind::kExpired;
  return best;
}

}  // namespace redflag::services
