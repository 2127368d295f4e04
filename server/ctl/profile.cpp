#include "ctl/profile.h"

#include <cstdlib>
#include <stdexcept>

#include "auth/secret_file.h"
#include "base/json.h"

namespace redflag::ctl {
namespace {

constexpr std::size_t kMaxToken = 1024;
constexpr std::size_t kMaxAuthorities = 256U << 10;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::filesystem::path profileFile() {
  const std::string config = environment("XDG_CONFIG_HOME");
  if (!config.empty()) return std::filesystem::path(config) / "redflag" / "redflagctl.json";
  const std::string home = environment("HOME");
  if (home.empty()) throw std::runtime_error("HOME is not set; name the profile with --profile");
  return std::filesystem::path(home) / ".config" / "redflag" / "redflagctl.json";
}

Profile loadProfile(const std::filesystem::path& file) {
  const auto text = auth::readSecretFile(file);
  if (!text) throw std::runtime_error(file.string() + ": not there; `redflagctl login` makes it");
  const auto json = parseJson(*text);
  if (!json) throw std::runtime_error(file.string() + ": " + json.error().text);
  Profile profile;
  JsonReader in(*json, file.string());
  profile.server = in.text("server", 1024);
  profile.authorities = in.optionalText("authorities", kMaxAuthorities);
  profile.token = in.text("token", kMaxToken);
  if (const auto ok = in.finish(); !ok) throw std::runtime_error(ok.error().text);
  checkServer(profile.server);
  return profile;
}

void saveProfile(const std::filesystem::path& file, const Profile& profile) {
  const auto folder = std::filesystem::absolute(file).parent_path();
  if (std::filesystem::create_directories(folder))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  auth::writeSecretFile(
      file,
      dumpJson({{"server", profile.server}, {"authorities", profile.authorities}, {"token", profile.token}}) +
          "\n");
}

void checkServer(const std::string& url) {
  constexpr std::string_view scheme = "https://";
  const std::string rest = url.starts_with(scheme) ? url.substr(scheme.size()) : "";
  if (rest.empty() || rest.find_first_of("/?#@ \t\r\n\\") != std::string::npos)
    throw std::runtime_error("server " + url + ": expected https://HOST or https://HOST:PORT");
}

}  // namespace redflag::ctl
