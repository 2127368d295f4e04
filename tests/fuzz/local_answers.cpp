// What whoever started the host answers about units, processes and disks, and the rows that are made of it.
#include "common/package_text.h"
#include "common/services_in_use.h"
#include "disks.h"
#include "failed_units.h"
#include "fuzz.h"
#include "outdated_services.h"
#include "protocol/record_kinds.h"
#include "support/fake_host.h"

namespace redflag::fuzz {
namespace {

// The real host refuses a row that is not so, and with it the whole scan.
void claimTellable(const test::FakeHost& host) {
  const auto isTellable = [](const Json& value) {
    return !value.is_string() || (value.get_ref<const std::string&>().size() <= protocol::kMaxTextBytes &&
                                  protocol::isCleanText(value.get_ref<const std::string&>()));
  };
  for (const auto& row : host.records) {
    claim(row.at("name").get_ref<const std::string&>().size() <= 256, "a row has a name of some length");
    for (const auto& [field, value] : row.items()) {
      claim(isTellable(value), "a text is one");
      if (!value.is_array()) continue;
      for (const auto& entry : value)
        claim(isTellable(entry), "an entry of a list is a text");
    }
  }
  for (const auto& scope : host.scopes)
    claim(scope.status == RF_OK || !host.reports.empty(), "a source that fails says why");
}

}  // namespace

REDFLAG_FUZZ(local_answers) {
  static test::FakeHost kHost;
  kHost.files = "/nonexistent";  // no lists of dpkg's
  for (const auto* target : {"/failed", "/in-use", "/outdated", "/smart"})
    kHost.local_answers[target] = input;
  rf::Run run(kHost.newRun());
  system::FailedUnits(kHost.host(), run).report();
  system::OutdatedServices(kHost.host(), run).report();
  storage::Disks(kHost.host(), run).reportHealth();
  claimTellable(kHost);
  std::set<std::string> units;
  const auto in_use = plugin::ServicesInUse::ask(kHost.host(), "/");
  claim(in_use.isCut() || parseJson(input).has_value(), "what cannot be read may have named more");
  in_use.addUsersOf("/usr/sbin/toold", units);
  for (const auto& unit : units)
    claim(plugin::isPrintableText(unit), "a service has a name that deceives nobody");
}

}  // namespace redflag::fuzz
