#include "kept_back.h"

#include "steps.h"
#include "transaction_table.h"

namespace redflag::dnf5 {
namespace {

tl::unexpected<Problem> keptBackUnknown(rf_status status, const std::string& why) {
  return fail(status, "dnf5.kept_back_unknown",
              "which updates dnf5 would keep back is not known, and none is marked as such: " + why);
}

}  // namespace

Result<std::set<std::string>> chosenBySolver(const Client& client) {
  // With the best of everything or nothing, one update that has no way would keep back all.
  const auto answer = client.solve({"--setopt=best=False", "--assumeno", "upgrade"});
  if (!answer) return keptBackUnknown(answer.error().status, answer.error().text);
  const auto rows = parseTable(answer->out, LeftOut::kPassedOver);
  if (!rows) return keptBackUnknown(rows.error().status, rows.error().text);
  // Where there is something to be asked about it ends badly, for the answer is no.
  if (rows->empty() && answer->exit_code != 0)
    return keptBackUnknown(RF_TRANSIENT,
                           "dnf5 ended with " + std::to_string(answer->exit_code) + ": " + answer->words);
  std::set<std::string> chosen;
  for (const auto& row : *rows)
    if (row.change != Change::kRemove)
      chosen.insert(nevraOf(row.package.name, row.package.evr, row.package.arch));
  return chosen;
}

}  // namespace redflag::dnf5
