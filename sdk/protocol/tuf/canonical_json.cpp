#include "protocol/tuf/canonical_json.h"

namespace redflag::tuf {
namespace {

void writeText(const std::string& text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

bool writeValue(const Json& value, std::string& out);

bool writeArray(const Json& value, std::string& out) {
  out.push_back('[');
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i != 0) out.push_back(',');
    if (!writeValue(value[i], out)) return false;
  }
  out.push_back(']');
  return true;
}

// nlohmann keeps members sorted by bytes, which for UTF-8 is by code point.
bool writeObject(const Json& value, std::string& out) {
  out.push_back('{');
  bool first = true;
  for (const auto& [name, member] : value.items()) {
    if (!first) out.push_back(',');
    first = false;
    writeText(name, out);
    out.push_back(':');
    if (!writeValue(member, out)) return false;
  }
  out.push_back('}');
  return true;
}

bool writeValue(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::string:
      writeText(value.get_ref<const std::string&>(), out);
      return true;
    case Json::value_t::array:
      return writeArray(value, out);
    case Json::value_t::object:
      return writeObject(value, out);
    case Json::value_t::null:
    case Json::value_t::boolean:
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      out += value.dump();
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<std::string> canonicalJson(const Json& value) {
  std::string out;
  if (!writeValue(value, out)) return fail(Code::kInvalid, "a number with a fraction cannot be signed");
  return out;
}

}  // namespace redflag::tuf
