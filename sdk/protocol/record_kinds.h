#pragma once
// The one table of what a scanner can say: kinds, their fields and types. The host checks every row against
// it, the server every upload. Kinds and fields of third parties have reverse DNS names and are passed on
// with the type they were put as.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace redflag::protocol {

enum class FieldType : std::uint8_t {
  kText,
  kChoice,  // text out of Field::choices
  kInt,
  kReal,  // an integer is one, too
  kFlag,  // put as 0 or 1; a boolean in JSON
  kTime,  // put as epoch nanoseconds; RFC 3339 in UTC in JSON
  kList,  // texts; always an array in JSON, left out when empty
  kAny,   // text, int or real; a text put more than once is an array in JSON
};

struct Field {
  std::string_view name;
  FieldType type = FieldType::kText;
  bool required = false;
  std::span<const std::string_view> choices = {};
  // Of its text, or of all texts of a list together; 0: each up to kMaxTextBytes. What tells rows apart is
  // part of the server's indexes, which hold no more.
  std::size_t max_bytes = 0;
};

struct RecordKind {
  std::string_view name;  // "update/1"
  std::span<const Field> fields;
  const Field* find(std::string_view field) const;  // nullptr: no such field
};

constexpr std::size_t kMaxTextBytes = 64U << 10;  // one text, or one entry of a list
constexpr std::size_t kMaxListItems = 4096;
constexpr std::size_t kMaxRecordBytes = 512U << 10;  // one row as JSON

std::span<const RecordKind> recordKinds();
const RecordKind* findRecordKind(std::string_view name);  // nullptr: not one of ours

// "org.example.flatpak-remote/1": at least two dots before the revision.
bool isForeignKind(std::string_view name);
// "org.example.pinned_by": a third party's field in a kind of ours.
bool isForeignField(std::string_view name);
// [a-z][a-z0-9_]*, at most 64: a field's name in a third party's kind.
bool isFieldName(std::string_view name);
// No control characters but tab and line feed, of ASCII or Latin-1, and none that turn the direction of
// writing: a text can fake no line, no column, no terminal command, and no other text.
bool isCleanText(std::string_view text);

}  // namespace redflag::protocol
