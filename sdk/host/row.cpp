#include "host/row.h"

#include <algorithm>
#include <cmath>

#include "base/encoding.h"
#include "base/time.h"
#include "host/json_text.h"

namespace redflag::host {

using protocol::FieldType;

Result<> Row::begin(std::string_view kind) {
  cells_.clear();
  bytes_ = 0;
  kind_ = protocol::findRecordKind(kind);
  kind_name_ = readable(kind, 160);
  if (kind_ == nullptr && !protocol::isForeignKind(kind)) {
    return fail(Code::kInvalid,
                "\"" + kind_name_ + "\" is no kind of record; third parties' have reverse DNS names");
  }
  return {};
}

tl::unexpected<Error> Row::refuse(std::string_view field, std::string_view expected) const {
  return fail(Code::kInvalid,
              kind_name_ + ": field \"" + readable(field, 64) + "\": expected " + std::string(expected));
}

Result<FieldType> Row::typeOf(std::string_view field) const {
  if (kind_ != nullptr) {
    if (const auto* known = kind_->find(field)) return known->type;
    if (protocol::isForeignField(field)) return FieldType::kAny;
    return refuse(field, "one of the kind's fields, or a reverse DNS name");
  }
  if (field == "record" || field == "scope")
    return refuse(field, "another name: this one is every record's own");
  if (protocol::isFieldName(field) || protocol::isForeignField(field)) return FieldType::kAny;
  return refuse(field, "a name of a-z, 0-9 and _");
}

std::size_t Row::mostBytes(std::string_view field) const {
  const auto* known = kind_ == nullptr ? nullptr : kind_->find(field);
  return known == nullptr ? 0 : known->max_bytes;
}

Row::Cell* Row::find(std::string_view field) {
  const auto it =
      std::find_if(cells_.begin(), cells_.end(), [&](const Cell& cell) { return cell.name == field; });
  return it == cells_.end() ? nullptr : &*it;
}

Result<std::string*> Row::add(std::string_view field) {
  if (find(field) != nullptr) return refuse(field, "one value; it was put twice");
  cells_.push_back({std::string(field), false, 1, {}, 0});
  return &cells_.back().json;
}

Result<> Row::putText(std::string_view field, std::string_view value) {
  const auto type = typeOf(field);
  if (!type) return tl::unexpected<Error>(type.error());
  if (*type != FieldType::kText && *type != FieldType::kChoice && *type != FieldType::kList &&
      *type != FieldType::kAny) {
    return refuse(field, "no text");
  }
  if (value.size() > protocol::kMaxTextBytes) return refuse(field, "at most 65536 bytes");
  const std::size_t most = mostBytes(field);
  Cell* before = find(field);
  if (most != 0 && value.size() + (before == nullptr ? 0 : before->bytes) > most)
    return refuse(field, "at most " + std::to_string(most) + " bytes");
  if (!isUtf8(value) || !protocol::isCleanText(value))
    return refuse(field, "UTF-8 without control characters");
  if (*type == FieldType::kChoice) {
    const auto choices = kind_->find(field)->choices;
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      return refuse(field, "one of the values the contract lists, not \"" + readable(value, 40) + "\"");
    }
  }
  const bool repeats = *type == FieldType::kList || *type == FieldType::kAny;
  bytes_ += value.size();
  if (Cell* cell = repeats ? before : nullptr) {
    if (cell->json.empty() || cell->json.front() != '"') return refuse(field, "texts only, or one number");
    if (++cell->count > protocol::kMaxListItems) return refuse(field, "at most 4096 entries");
    cell->is_list = true;
    cell->bytes += value.size();
    cell->json.push_back(',');
    appendJsonText(cell->json, value);
    return {};
  }
  auto json = add(field);
  if (!json) return tl::unexpected<Error>(json.error());
  appendJsonText(**json, value);
  cells_.back().is_list = *type == FieldType::kList;
  cells_.back().bytes = value.size();
  return {};
}

Result<> Row::putInt(std::string_view field, std::int64_t value) {
  const auto type = typeOf(field);
  if (!type) return tl::unexpected<Error>(type.error());
  const bool is_flag = *type == FieldType::kFlag;
  if (is_flag && value != 0 && value != 1) return refuse(field, "0 or 1");
  if (!is_flag && *type != FieldType::kInt && *type != FieldType::kReal && *type != FieldType::kAny) {
    return refuse(field, "no whole number");
  }
  auto json = add(field);
  if (!json) return tl::unexpected<Error>(json.error());
  if (is_flag) {
    (*json)->assign(value == 1 ? "true" : "false");
  } else {
    appendJsonInt(**json, value);
  }
  return {};
}

Result<> Row::putReal(std::string_view field, double value) {
  const auto type = typeOf(field);
  if (!type) return tl::unexpected<Error>(type.error());
  if (*type != FieldType::kReal && *type != FieldType::kAny) return refuse(field, "no real number");
  if (!std::isfinite(value)) return refuse(field, "a finite number");
  auto json = add(field);
  if (!json) return tl::unexpected<Error>(json.error());
  appendJsonReal(**json, value);
  return {};
}

Result<> Row::putTime(std::string_view field, std::int64_t epoch_ns) {
  const auto type = typeOf(field);
  if (!type) return tl::unexpected<Error>(type.error());
  // In a third party's field a time would read like any other text: only its own type says what it is.
  if (*type != FieldType::kTime && (*type != FieldType::kAny || kind_ != nullptr))
    return refuse(field, "no time");
  const auto text = toRfc3339(epoch_ns);
  if (!fromRfc3339(text)) return refuse(field, "a time from 1678 to 2261");
  auto json = add(field);
  if (!json) return tl::unexpected<Error>(json.error());
  appendJsonText(**json, text);
  return {};
}

void Row::fillInUnknown() {
  constexpr std::string_view kUnknown = "unknown";
  for (const auto& field : kind_->fields) {
    const bool may_be =
        std::find(field.choices.begin(), field.choices.end(), kUnknown) != field.choices.end();
    if (field.required && may_be && find(field.name) == nullptr) {
      cells_.push_back({std::string(field.name), false, 1, {}, 0});
      appendJsonText(cells_.back().json, kUnknown);
    }
  }
}

Result<std::string> Row::finish(std::string_view manager) {
  if (bytes_ > protocol::kMaxRecordBytes)
    return fail(Code::kLimit, kind_name_ + ": the row is longer than 512 KiB");
  if (kind_ != nullptr) {
    if (kind_->find("manager") != nullptr && find("manager") == nullptr) {
      if (auto put = putText("manager", manager); !put) return tl::unexpected<Error>(put.error());
    }
    fillInUnknown();
    for (const auto& field : kind_->fields) {
      if (field.required && find(field.name) == nullptr) return refuse(field.name, "a value; it is missing");
    }
  }
  std::string out = R"({"record":)";
  appendJsonText(out, kind_name_);
  for (const auto& cell : cells_) {
    out.push_back(',');
    appendJsonText(out, cell.name);
    out.push_back(':');
    if (cell.is_list) out.push_back('[');
    out.append(cell.json);
    if (cell.is_list) out.push_back(']');
  }
  out.push_back('}');
  return out;
}

}  // namespace redflag::host
