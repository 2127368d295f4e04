#pragma once

namespace redflag::plugin {

// What rf.actions/1's list() writes for a plugin whose one action fetches rpm repositories' metadata.
inline constexpr const char* kRefreshAction = R"({"actions":[
  {"name":"refresh","title":"Refresh package lists","risk":"low",
   "description":"Fetches the metadata of the enabled repositories, as dnf makecache --refresh does.",
   "parameters_schema":{"type":"object","additionalProperties":false,"properties":{}}}
]})";

}  // namespace redflag::plugin
