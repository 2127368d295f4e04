#pragma once
// A server of the run's own: a folder of its own, started, killed and started again. It does not outlive the
// swarm. Threads: one owner.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "swarm/person.h"

namespace redflag::swarm {

struct ServerSettings {
  std::filesystem::path program;  // redflag-server
  std::filesystem::path state;    // its data folder; made if it is not there
  std::string database;           // postgresql://… or "" for the file
};

class ServerProcess {
 public:
  explicit ServerProcess(ServerSettings settings) : settings_(std::move(settings)) {}
  ~ServerProcess();  // SIGKILL
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Makes its data, and a trust root whose offline keys are thrown away.
  Result<> init();
  // Waits until it serves, at most two minutes; later starts take the first one's port.
  Result<> start();
  // Fails once, where it has ended by itself: nobody asked for that.
  Result<> check();
  void kill();
  Result<> stop();  // SIGTERM, and SIGKILL after a minute

  const std::string& url() const { return url_; }
  std::int64_t rssKib() const;  // 0 when it does not run
  std::int64_t cpuNs() const;   // that it has spent since its start, in hundredths of a second
  Result<std::string> bundle(std::int64_t seats);
  Result<> makeUser(const Credentials& credentials);

 private:
  Result<> makeTrustRoot();
  Result<std::string> run(const std::vector<std::string>& arguments, const std::string& input);
  pid_t spawn(const std::vector<std::string>& arguments, int in, int out) const;
  std::filesystem::path log() const { return settings_.state / "swarm-server.log"; }

  const ServerSettings settings_;
  std::string url_;
  std::string port_ = "0";
  pid_t pid_ = -1;
};

}  // namespace redflag::swarm
