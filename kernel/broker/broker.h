#pragma once
// The broker's work: a host for a plugin that root's agent.yaml names, from the folder that only root can
// write, with the capabilities and limits written there. Whoever asks chooses the plugin and nothing else.

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/json.h"
#include "config/store.h"
#include "platform/duplex_pipe.h"
#include "platform/local_socket.h"
#include "platform/process.h"
#include "platform/run_group.h"
#include "platform/user.h"
#include "reads/read_desk.h"
#include "supervisor/plugin_catalog.h"

namespace redflag::kernel {

class Broker {
 public:
  struct Settings {
    std::filesystem::path host;     // redflag-host
    std::filesystem::path plugins;  // libraries and manifests
    std::filesystem::path config;   // agent.yaml
    std::filesystem::path scratch;  // that user's, for temporary files
    platform::User scan_user;       // whom hosts run as; never root
  };
  // What a connection asks for. `command_id`: of the order behind it, as the kernel says, or "".
  struct Wanted {
    std::string plugin;
    std::string command_id;
  };
  // `groups`: null where this system offers none.
  Broker(Settings settings, ConfigStore& config, const platform::RunGroups* groups)
      : settings_(std::move(settings)), config_(config), groups_(groups) {}

  // Whether root's agent.yaml lets a plugin ask for the disks' health. What that needs is decided on once,
  // when the broker starts.
  static bool asksDisks(const Config& config);
  // One connection from its request to its host's end. The answer: why it was cut off, or "". Threads: any.
  std::string serve(platform::LocalStream& stream, const std::atomic<bool>& stopping);
  // True once after each piece of work, starting included.
  bool workedSinceAsked() { return worked_.exchange(false); }

 private:
  struct Host {
    std::unique_ptr<ReadDesk> desk;  // ends after the process
    platform::DuplexPipe pipe;
    platform::Process process;
    platform::RunGroup group;  // ends before the process is waited for
    std::int64_t end_by = 0;   // monotonic: the kernel ends it long before
  };
  // One host a plugin at a time: from construction to destruction, or refused.
  class Place {
   public:
    Place(Broker& broker, const std::string& plugin);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    bool taken() const { return taken_; }

   private:
    Broker& broker_;
    const std::string plugin_;
    bool taken_ = false;
  };
  std::string run(platform::LocalStream& stream, const Wanted& wanted, const std::atomic<bool>& stopping);
  tl::expected<Host, PluginRefusal> start(const std::string& plugin);
  tl::expected<ReadyPlugin, PluginRefusal> prepare(const std::string& plugin);
  std::string keep(platform::LocalStream& stream, Host host, const std::atomic<bool>& stopping);

  const Settings settings_;
  ConfigStore& config_;
  const platform::RunGroups* const groups_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::set<std::string> running_;
  std::atomic<bool> worked_ = true;
};

}  // namespace redflag::kernel
