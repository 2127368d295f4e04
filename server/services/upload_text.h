#pragma once
// An upload's text, cut so that long lists of records can be recognised before they are parsed.
//
// Most scans find what the one before found, byte for byte. Parsing 3,500 rows costs several times more than
// hashing their text; so the text is hashed first, and only parsed when it is new.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace redflag::services {

struct UploadText {
  std::string skeleton;  // the body with [] in place of what was cut out
  // By the item's index: the text of its "records", from '[' to ']'. Views into the body.
  std::map<std::size_t, std::string_view> records;
};

// Cuts out the records of every item that has at least `min_bytes` of them. What is not JSON is left as it
// is: the parser is the one to refuse it.
UploadText cutRecords(std::string_view body, std::size_t min_bytes);

}  // namespace redflag::services
