#pragma once
// A scan as an agent uploads it: head and rows, grouped by scope, with a digest for each scope's rows.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "store/scans.h"

namespace redflag::services {

struct ScopeRows {
  std::string status;
  std::vector<const Json*> rows;     // into the item that was read
  std::vector<std::string> digests;  // of each row
  std::string digest;                // of all rows, whatever their order
};

struct ScanItem {
  store::Scan scan;
  std::map<std::string, ScopeRows> scopes;
};

// kInvalid or kLimit with the place. The scopes have no rows yet.
Result<ScanItem> readScanItem(const Json& item, std::int64_t now);

// Gives each scope its rows. They are counted and digested, not yet checked: an unchanged scope was checked
// when it was new. `records` outlives the item.
Result<> addRows(ScanItem& item, const Json& records);

// A digest that is only ever compared with its own kind.
std::string digestOf(std::string_view bytes);

}  // namespace redflag::services
