#pragma once
// A statement's parameter. Texts and blobs are views: they live as long as the call that takes them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace redflag::store::sql {

struct Blob {
  std::string_view bytes;
};

using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;

inline Value toValue(std::nullptr_t) {
  return nullptr;
}
inline Value toValue(std::int64_t value) {
  return value;
}
inline Value toValue(int value) {
  return static_cast<std::int64_t>(value);
}
inline Value toValue(std::size_t value) {
  return static_cast<std::int64_t>(value);
}
inline Value toValue(bool value) {
  return static_cast<std::int64_t>(value ? 1 : 0);
}
inline Value toValue(double value) {
  return value;
}
inline Value toValue(const char* value) {
  return std::string_view(value);
}
inline Value toValue(const std::string& value) {
  return std::string_view(value);
}
inline Value toValue(std::string_view value) {
  return value;
}
inline Value toValue(Blob value) {
  return value;
}
inline Value toValue(const Value& value) {
  return value;
}
inline Value toValue(const std::optional<std::int64_t>& value) {
  return value ? Value(*value) : Value(nullptr);
}
inline Value toValue(const std::optional<bool>& value) {
  return value ? toValue(*value) : Value(nullptr);
}

// PostgreSQL's texts hold no zero byte; so on both engines U+FFFD stands for one. (Names and keys are refused
// with one long before; what a program printed is not.) nullopt: there was none.
std::optional<std::string> withoutZeroBytes(std::string_view text);

}  // namespace redflag::store::sql
