#pragma once
// Where the server is and what shows who we are: one file of the person's own, because neither arguments nor
// the environment are a place for a token.

#include <filesystem>
#include <string>

namespace redflag::ctl {

struct Profile {
  std::string server;       // "https://host[:port]"
  std::string authorities;  // PEM: what TLS believes; "" for those of this machine
  std::string token;        // of a service account
};

// $XDG_CONFIG_HOME/redflag/redflagctl.json, or the one in ~/.config.
std::filesystem::path profileFile();

// Throw std::runtime_error that names the file and what was expected: missing, readable by others, malformed.
Profile loadProfile(const std::filesystem::path& file);
// Mode 0600 from its first byte, in a folder of mode 0700.
void saveProfile(const std::filesystem::path& file, const Profile& profile);

// Throws std::runtime_error unless it is https, a host, perhaps a port, and nothing more.
void checkServer(const std::string& url);

}  // namespace redflag::ctl
