#pragma once
// What can go wrong here, in the ABI's terms: the kind, a stable code and a sentence for people.

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "redflag/abi.h"

namespace redflag::dnf {

struct Problem {
  rf_status status = RF_INTERNAL;
  std::string code;  // "dnf.no_metadata"
  std::string text;
};

template <class T = void>
using Result = tl::expected<T, Problem>;

inline tl::unexpected<Problem> fail(rf_status status, std::string code, std::string text) {
  return tl::unexpected<Problem>(Problem{status, std::move(code), std::move(text)});
}

}  // namespace redflag::dnf
