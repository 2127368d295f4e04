// What dnf5 prints for machines: JSON, and lines with tabs; and what was kept of it.
#include "answers.h"

#include "advice.h"
#include "fuzz.h"
#include "picture.h"
#include "rpm_version.h"

namespace redflag::fuzz {
namespace {

Json jsonOf(std::string_view text) {
  auto parsed = parseJson(text, {.bytes = 64U << 10U, .depth = 12, .values = 10'000});
  return parsed ? std::move(*parsed) : Json();
}

void claimPackages(const dnf5::Result<std::vector<dnf5::Package>>& packages) {
  if (!packages) return;
  for (const auto& package : *packages) {
    for (const auto& text : {package.name, package.arch, package.evr})
      claim(dnf5::isPackageText(text), "a package has a name, an architecture and a version");
    claim(package.download_bytes >= 0 && package.installed_bytes >= 0, "a size is one");
  }
}

void claimOrder(std::string_view one, std::string_view other) {
  claim(dnf5::compareEvr(one, one) == 0, "a version is not newer than itself");
  claim(dnf5::compareEvr(one, other) == -dnf5::compareEvr(other, one), "of two versions one is the newer");
}

}  // namespace

// Parts: repo info, a list of packages, advisories, history, repoquery of offers, of what is installed, of
// its reasons.
REDFLAG_FUZZ(dnf5_answers) {
  auto texts = parts(input, 7);
  texts.resize(7);
  if (const auto repositories = dnf5::parseRepositories(jsonOf(texts[0])))
    for (const auto& repository : *repositories)
      claim(!repository.id.empty() && repository.refreshed_at >= 0, "a repository has a name and a time");
  const auto listed = jsonOf(texts[1]);
  for (const auto* key : {"available", "obsoleting_packages"})
    claimPackages(dnf5::parsePackages(listed, key));
  if (const auto advisories = dnf5::parseAdvisories(jsonOf(texts[2])))
    for (const auto& advisory : *advisories)
      claimPackages(advisory.packages);
  if (const auto newest = dnf5::parseNewestTransaction(jsonOf(texts[3])))
    claim(*newest >= 0, "a transaction has a number");
  claimPackages(dnf5::parseOffered(texts[4]));
  claimPackages(dnf5::parseInstalled(texts[5]));
  claimPackages(dnf5::parseReasons(texts[6]));
  const auto nevra = dnf5::parseNevra(texts[4]);
  claim(nevra.name.empty() || dnf5::isPackageText(nevra.evr), "a name has a version with it");
  claimOrder(texts[4], texts[5]);
  if (const auto kept = dnf5::decodePicture(input)) {
    const auto text = dnf5::encodePicture(*kept);
    const auto again = dnf5::decodePicture(text);
    claim(again && dnf5::encodePicture(*again) == text, "what is kept reads back");
  }
}

}  // namespace redflag::fuzz
