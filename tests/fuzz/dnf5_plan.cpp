// The table that dnf5 prints of a transaction, and the plan that is made of it.
#include "fuzz.h"
#include "installed.h"
#include "steps.h"
#include "support/fake_host.h"
#include "transaction_table.h"

namespace redflag::fuzz {

namespace {

void claimRows(const std::vector<dnf5::Row>& rows) {
  for (const auto& row : rows) {
    claim(dnf5::isPackageText(row.package.name), "a row has a package");
    for (const auto& gone : row.replaced)
      claim(dnf5::isPackageText(gone.evr), "what goes has a version");
  }
}

}  // namespace

// Parts: the table, repoquery of what is installed and why, repoquery of offers.
REDFLAG_FUZZ(dnf5_plan) {
  auto texts = parts(input, 3);
  texts.resize(3);
  const auto everything = dnf5::parseTable(texts[0], dnf5::LeftOut::kPassedOver);
  if (everything) claimRows(*everything);
  const auto rows = dnf5::parseTable(texts[0]);
  if (!rows) return;
  claimRows(*rows);
  claim(everything && everything->size() == rows->size(), "what leaves nothing out is read the same");
  static test::FakeHost kHost;
  kHost.exec = [&](const std::vector<std::string>&) { return rf::ExecResult{0, std::string(texts[1]), ""}; };
  const auto installed = dnf5::InstalledPackages::read(dnf5::Client(kHost.host()));
  const auto offered = dnf5::parseOffered(texts[2]);
  if (!installed || !offered) return;
  dnf5::Offers offers;
  for (const auto& package : *offered)
    offers.emplace(dnf5::nevraOf(package.name, package.evr, package.arch), package);
  const std::vector<dnf5::Advisory> none;
  const auto plan = dnf5::planOf(*rows, {*installed, offers, none}, {{"tool", "x86_64", "2.0-1"}});
  if (!plan) return;
  for (const auto& step : plan->steps) {
    claim(dnf5::isPackageText(step.name), "a step is about a package");
    claim(!step.from.empty() || !step.to.empty(), "a step changes something");
  }
}

}  // namespace redflag::fuzz
