#pragma once
// The row a plugin is putting together, checked field by field against the table of record kinds.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/record_kinds.h"

namespace redflag::host {

class Row {
 public:
  // kInvalid: no kind of ours and none of a third party's.
  Result<> begin(std::string_view kind);

  // kInvalid names the field and what was expected.
  Result<> putText(std::string_view field, std::string_view value);
  Result<> putInt(std::string_view field, std::int64_t value);
  Result<> putReal(std::string_view field, double value);
  Result<> putTime(std::string_view field, std::int64_t epoch_ns);

  // The row as one JSON object. `manager` fills in a "manager" that was not put. kInvalid: a required field
  // is missing. kLimit: the row is too long.
  Result<std::string> finish(std::string_view manager);

 private:
  struct Cell {
    std::string name;
    bool is_list = false;
    std::size_t count = 0;
    std::string json;       // of a list: its items with commas
    std::size_t bytes = 0;  // of its texts
  };

  // The type a value has to have, or the error. kAny for fields that are not in our table.
  Result<protocol::FieldType> typeOf(std::string_view field) const;
  std::size_t mostBytes(std::string_view field) const;  // 0: as many as any text
  Cell* find(std::string_view field);
  // Required choices that were not put and may be "unknown" are just that; nothing is guessed.
  void fillInUnknown();
  // A new cell for a single value.
  Result<std::string*> add(std::string_view field);
  tl::unexpected<Error> refuse(std::string_view field, std::string_view expected) const;

  std::string kind_name_;
  const protocol::RecordKind* kind_ = nullptr;  // nullptr: a third party's
  std::vector<Cell> cells_;
  std::size_t bytes_ = 0;
};

}  // namespace redflag::host
