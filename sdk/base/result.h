#pragma once
// What every fallible function of kernel and SDK returns: a value, or a code to decide on and a text for
// people.

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace redflag {

enum class Code {
  kInvalid,  // input is malformed: the text names the field and what was expected
  kNotFound,
  kDenied,       // policy, trust or permission says no
  kConflict,     // the current state does not allow it
  kLimit,        // a size, count or time budget is exceeded
  kUnavailable,  // temporary: try again later
  kIo,           // the operating system failed; the text has its reason
  kCorrupt,      // stored data is damaged
  kUnsupported,
  kCancelled,
  kInternal,  // a defect
};

struct Error {
  Code code = Code::kInternal;
  std::string text;
};

template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Code code, std::string text) {
  return tl::unexpected<Error>(Error{code, std::move(text)});
}

// Hands an error on with the place it came from in front: "agent.yaml: line 3: …".
inline tl::unexpected<Error> failAt(const std::string& place, const Error& error) {
  return fail(error.code, place + ": " + error.text);
}

const char* codeName(Code code);

}  // namespace redflag
