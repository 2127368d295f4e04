#include "protocol/record_check.h"

#include <algorithm>
#include <numeric>

#include "base/time.h"
#include "protocol/record_kinds.h"

namespace redflag::protocol {
namespace {

constexpr std::size_t kMaxFields = 256;
constexpr std::size_t kMaxScopeKeyBytes = 1024;

bool isText(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= kMaxTextBytes && isCleanText(text);
}

bool isWhole(const Json& value) {
  return value.is_number_integer() &&
         !(value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
}

bool isList(const Json& value) {
  return value.is_array() && !value.empty() && value.size() <= kMaxListItems &&
         std::all_of(value.begin(), value.end(), isText);
}

bool isOneOf(const Json& value, std::span<const std::string_view> choices) {
  return value.is_string() &&
         std::find(choices.begin(), choices.end(), value.get_ref<const std::string&>()) != choices.end();
}

// nullptr when it fits, else what was expected.
const char* mismatch(const Json& value, FieldType type, std::span<const std::string_view> choices) {
  switch (type) {
    case FieldType::kText:
      return isText(value) ? nullptr : "a text";
    case FieldType::kChoice:
      return isOneOf(value, choices) ? nullptr : "one of the values the contract lists";
    case FieldType::kInt:
      return isWhole(value) ? nullptr : "a whole number";
    case FieldType::kReal:
      return value.is_number() ? nullptr : "a number";
    case FieldType::kFlag:
      return value.is_boolean() ? nullptr : "true or false";
    case FieldType::kTime:
      return value.is_string() && fromRfc3339(value.get_ref<const std::string&>()) ? nullptr
                                                                                   : "a time in UTC";
    case FieldType::kList:
      return isList(value) ? nullptr : "a list of texts";
    case FieldType::kAny:
      return isText(value) || isWhole(value) || value.is_number_float() || isList(value)
                 ? nullptr
                 : "a text, a number or a list of texts";
  }
  return "a known type";
}

std::size_t bytesOf(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  if (!value.is_array()) return 0;
  return std::accumulate(value.begin(), value.end(), std::size_t{0},
                         [](std::size_t sum, const Json& one) { return sum + bytesOf(one); });
}

// The field's entry in the table; one of kAny for third parties' names; nullptr for a name nobody owns.
const Field* fieldOf(const RecordKind* kind, std::string_view name) {
  static constexpr Field kForeign{"", FieldType::kAny};
  if (const Field* known = kind == nullptr ? nullptr : kind->find(name)) return known;
  const bool foreign = isForeignField(name) || (kind == nullptr && isFieldName(name));
  return foreign ? &kForeign : nullptr;
}

Result<> checkFields(const Json& record, const RecordKind* kind, const std::string& place) {
  for (const auto& [name, value] : record.items()) {
    if (name == "record") continue;
    const std::string at = place + "." + name.substr(0, 64) + ": expected ";
    if (name == "scope") {
      if (!isText(value) || value.get_ref<const std::string&>().size() > kMaxScopeKeyBytes) {
        return fail(Code::kInvalid, at + "a text of at most 1024 bytes");
      }
      continue;
    }
    const Field* field = fieldOf(kind, name);
    if (field == nullptr) return fail(Code::kInvalid, at + "no field of this name");
    if (const char* expected = mismatch(value, field->type, field->choices))
      return fail(Code::kInvalid, at + expected);
    if (field->max_bytes != 0 && bytesOf(value) > field->max_bytes)
      return fail(Code::kInvalid, at + "at most " + std::to_string(field->max_bytes) + " bytes");
  }
  return {};
}

}  // namespace

Result<> checkRecord(const Json& record, const std::string& place) {
  if (!record.is_object() || record.size() > kMaxFields) {
    return fail(Code::kInvalid, place + ": expected an object of at most 256 members");
  }
  const auto name = record.find("record");
  if (name == record.end() || !name->is_string())
    return fail(Code::kInvalid, place + ".record: expected a kind");
  const RecordKind* kind = findRecordKind(name->get_ref<const std::string&>());
  if (kind == nullptr && !isForeignKind(name->get_ref<const std::string&>())) {
    return fail(Code::kInvalid,
                place + ".record: expected a known kind, or a third party's with a reverse DNS name");
  }
  if (auto fields = checkFields(record, kind, place); !fields) return fields;
  if (kind == nullptr) return {};
  for (const auto& field : kind->fields) {
    if (field.required && !record.contains(std::string(field.name))) {
      return fail(Code::kInvalid,
                  place + "." + std::string(field.name) + ": expected a value; it is missing");
    }
  }
  return {};
}

}  // namespace redflag::protocol
