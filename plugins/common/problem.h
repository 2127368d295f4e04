#pragma once
// What can go wrong in a plugin, in the ABI's terms: the kind, a stable code and a sentence for people. No
// text has anything of a credential in it.

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "redflag/abi.h"

namespace redflag::plugin {

struct Problem {
  rf_status status = RF_INTERNAL;
  std::string code;  // "apt.no_lists"
  std::string text;
};

template <class T = void>
using Result = tl::expected<T, Problem>;

inline tl::unexpected<Problem> fail(rf_status status, std::string code, std::string text) {
  return tl::unexpected<Problem>(Problem{status, std::move(code), std::move(text)});
}

}  // namespace redflag::plugin
