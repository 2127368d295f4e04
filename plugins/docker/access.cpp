#include "access.h"

namespace redflag::docker {

Result<Credentials> readCredentials(const rf::File& files, const Settings& settings) {
  if (settings.credentials_file.empty()) return Credentials();
  const auto content = files.read(settings.credentials_file, 256U << 10U);
  if (!content)
    return fail(RF_MISCONFIGURED, "docker.bad_credentials",
                "the file with the registries' passwords could not be read: " + content.text());
  return Credentials::parse(*content);
}

Registry::Access accessTo(const std::string& registry, const Credentials& credentials, const rf::File& files,
                          const Settings& settings) {
  Registry::Access out{credentials.of(registry), {}, credentials.areWithHelper(registry)};
  const auto folder = settings.certificates + "/" + registry;
  const auto names = files.list(folder);
  if (!names) return out;
  for (const auto& name : names) {
    if (!name.ends_with(".crt")) continue;
    if (const auto pem = files.read(folder + "/" + name, 1U << 20U)) out.certificates += *pem + "\n";
  }
  return out;
}

}  // namespace redflag::docker
