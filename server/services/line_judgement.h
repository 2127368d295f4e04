#pragma once
// What a state document means beside the lines the server knows: a pure function.
//
// An agent writes its document down before it sends it, and sends the same one until it has the answer. So
// whoever is one document behind with the *same* document lost an answer; with another one, or further
// behind, it holds a state that was restored or copied.

#include <functional>
#include <string>
#include <vector>

#include "protocol/state_document.h"
#include "store/agents.h"

namespace redflag::services {

struct LineJudgement {
  enum class Kind {
    kNext,     // what was expected of the line
    kAgain,    // the answer to its newest document was lost
    kAhead,    // the server forgot documents: it was restored from a backup
    kBehind,   // it builds on an answer that the line has left behind
    kExpired,  // the line's refresh token is too old
    kUnknown,  // a token of no line
  };
  Kind kind = Kind::kUnknown;
  std::size_t line = 0;  // index; of all but kUnknown
};

// Whether the server handed out this very token with the answer to that document of that line.
using GenuineToken = std::function<bool(const std::string& line, std::int64_t number)>;

// `lines`: those that have ended last. `token_hash`: protocol::tokenHash() of the refresh token that came
// with the document; the document names it.
LineJudgement judgeDocument(const std::vector<store::Line>& lines, const protocol::OpenedDocument& opened,
                            const std::string& token_hash, const GenuineToken& genuine, std::int64_t now);

}  // namespace redflag::services
