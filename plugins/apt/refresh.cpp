#include "refresh.h"

#include <apt-pkg/sourcelist.h>

#include "base/json.h"
#include "fetch.h"
#include "installer.h"
#include "session.h"
#include "source_list.h"

namespace redflag::apt {
namespace {

constexpr const char* kRefreshActions = R"({"actions":[
  {"name":"refresh","title":"Refresh package lists","risk":"low",
   "description":"Fetches the lists of the configured sources, as apt-get update does.",
   "parameters_schema":{"type":"object","additionalProperties":false,"properties":{}}}
]})";

}  // namespace

const char* AptRefresh::list() {
  return kRefreshActions;
}

rf::Status AptRefresh::run(rf::Output& result) {
  if (auto ok = becomeInstaller(settings_); !ok)
    return run_.fail(rf::toStatus(ok.error().status), ok.error().code, ok.error().text);
  std::vector<BrokenSource> broken;
  const auto sources = readSources(broken);
  // Hooks of the machine's own belong to the machine's own root.
  const FetchOptions options{settings_.root == "/", run_.deadlineNs()};
  const auto fetched = fetchLists(*sources, options, run_, clock_, progress_);
  if (!fetched)
    return run_.fail(rf::toStatus(fetched.error().status), fetched.error().code, fetched.error().text);
  std::string failed;
  for (const auto& source : broken)
    failed += (failed.empty() ? "" : "; ") + source.problem.text;
  Json rows = Json::array();
  for (const auto& [name, word] : fetched->sources) {
    rows.push_back({{"source", name}, {"status", word.status}, {"text", word.text}});
    if (word.status == "failed") failed += (failed.empty() ? "" : "; ") + name + ": " + word.text;
  }
  const auto written =
      result.write(dumpJson({{"fetched_bytes", fetched->bytes}, {"sources", std::move(rows)}}));
  if (fetched->out_of_time)
    return run_.fail(rf::Status::kLimit, "apt.deadline", "the time was over while fetching");
  if (fetched->complete && failed.empty()) return written;
  if (failed.empty()) failed = fetched->errors.empty() ? "not every list could be fetched" : fetched->errors;
  return run_.fail(rf::Status::kTransient, "apt.refresh_failed", failed);
}

}  // namespace redflag::apt
