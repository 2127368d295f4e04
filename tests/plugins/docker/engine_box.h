#pragma once
// A real engine and a real registry, each a process of this test's own with a socket and folders below /tmp.
// No network but loopback, no rule of a firewall. Needs root, docker.io, docker-registry and busybox-static.

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "http_script.h"

namespace redflag::test {

// Standard output of a program; `status`, if given, takes its exit code, else another than 0 fails the test.
std::string ranWith(const std::vector<std::string>& argv, int* status = nullptr);

class EngineBox {
 public:
  EngineBox();
  ~EngineBox();
  EngineBox(const EngineBox&) = delete;
  EngineBox& operator=(const EngineBox&) = delete;

  // False where there is no root or a program is missing: skip.
  static bool possible();

  const std::filesystem::path& folder() const { return folder_; }
  std::string socket() const { return folder_ / "docker.sock"; }
  std::string registry() const { return "127.0.0.1:" + std::to_string(port_); }

  std::string docker(std::vector<std::string> arguments, int* status = nullptr) const;
  // An image whose /version says `version`; `changes` are lines of a Dockerfile. Its number.
  std::string make(const std::string& name, const std::string& version,
                   const std::vector<std::string>& changes = {}) const;
  // The same, and pushed. The digest that the registry has given it; what was named here before stays named
  // that, as on a machine that pulled it long ago.
  std::string publish(const std::string& name, const std::string& version,
                      const std::vector<std::string>& changes = {}) const;
  // Another registry, for "shop" with the password kPassword only. The engine's client knows it:
  // folder()/client.
  std::string serveWithPassword();
  static constexpr const char* kPassword = "s3cret-word";
  // Another registry, with TLS and a certificate that it made itself: folder()/HOST.pem.
  std::string serveWithTls();
  // The same, which from now on is kProxied, too, for whoever asks the engine's proxy: nobody else finds it.
  std::string serveBehindProxy();
  static constexpr const char* kProxied = "registry.test";
  const HttpScript& proxy() const { return proxy_; }
  Json inspect(const std::string& container) const;
  std::string versionIn(const std::string& container) const;

 private:
  pid_t start(const std::vector<std::string>& argv, const std::string& log) const;
  pid_t startRegistry(const std::string& host, const std::string& name, const std::string& more) const;
  void startEngine();

  ScriptedAnswer tunnel(const ScriptedAsk& ask) const;

  std::atomic<int> proxied_ = 0;  // the port of kProxied
  HttpScript proxy_{[this](const ScriptedAsk& ask) { return tunnel(ask); }};
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t registry_ = -1;
  std::vector<pid_t> more_;
  pid_t engine_ = -1;
};

}  // namespace redflag::test
