#pragma once
// The OpenAPI document, which travels in the programs.

#include <string>

namespace redflag::api {

// openapi.json as written, byte for byte.
const std::string& openApiText();

}  // namespace redflag::api
