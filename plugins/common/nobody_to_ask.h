#pragma once
// What a local service's answer means where nobody has to be there to give one.

#include "redflag/sdk.hpp"

namespace redflag::plugin {

// Nobody answers, knows the question, or is allowed to answer it: nothing is known, and nothing went wrong.
inline bool isNobodyToAsk(const rf::Value<rf::HttpAnswer>& answer) {
  constexpr int kNoSuchQuestion = 404;
  if (answer) return answer->http_status == kNoSuchQuestion;
  return answer.status() == rf::Status::kNotApplicable || answer.status() == rf::Status::kDenied ||
         answer.status() == rf::Status::kUnsupported;
}

}  // namespace redflag::plugin
