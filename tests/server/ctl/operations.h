#pragma once
// The commands of the document that the server serves.

#include <vector>

#include "api/openapi.h"
#include "ctl/document.h"

namespace redflag::ctl {

inline const std::vector<Operation>& realOperations() {
  static const auto operations =
      operationsOf(parseJson(api::openApiText(), {8U << 20, 64, 1'000'000}).value());
  return operations;
}

inline const Operation& realOperation(const std::string& noun, const std::string& verb) {
  for (const auto& operation : realOperations())
    if (operation.noun == noun && operation.verb == verb) return operation;
  throw std::runtime_error(noun + " " + verb + ": no such command");
}

}  // namespace redflag::ctl
