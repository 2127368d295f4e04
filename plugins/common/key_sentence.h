#pragma once

#include <string>
#include <vector>

namespace redflag::plugin {

// What an administrator has to do about packages that were refused because rpm's database does not have the
// key that signed them; "" for none.
inline std::string missingKeySentence(const std::vector<std::string>& packages) {
  std::string list;
  for (const auto& name : packages)
    list += (list.empty() ? "" : ", ") + name;
  if (list.empty()) return "";
  return "rpm's database has no key for " + list +
         "; an administrator has to import the repository's key (rpm --import) after looking at it; nothing "
         "was changed";
}

}  // namespace redflag::plugin
