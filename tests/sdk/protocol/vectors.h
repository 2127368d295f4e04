#pragma once
// Reads a golden vector file; the vectors are made by vectors/make_vectors.py, which shares no code with the
// library.

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "base/encoding.h"
#include "base/json.h"

namespace redflag::protocol {

inline Json vectors(const std::string& name) {
  std::ifstream in(std::string(REDFLAG_VECTORS) + "/" + name);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  auto json = parseJson(text);
  if (!json || json->empty()) throw std::runtime_error(name + " is missing or damaged");
  return *json;
}

inline std::string hexBytes(const Json& text) {
  return fromHex(text.get<std::string>()).value();
}

}  // namespace redflag::protocol
