#pragma once
// Answers the questions of one sealed host (host/reads.h): only those of a fixed list, only at sockets that
// the plugin was granted. A thread of its own, because an engine may take its time.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "host/reads.h"
#include "platform/descriptor.h"
#include "platform/local_socket.h"
#include "platform/process.h"
#include "reads/smart_questions.h"
#include "reads/unit_questions.h"

namespace redflag::kernel {

class ReadDesk {
 public:
  // Null for a plugin that was granted no socket. `smart`, `units`: where disks' health and failed units are
  // asked for.
  static Result<std::unique_ptr<ReadDesk>> open(const std::vector<std::string>& capabilities,
                                                SmartPlaces smart = {}, UnitPlaces units = {});
  ~ReadDesk();  // ends its questions
  ReadDesk(const ReadDesk&) = delete;
  ReadDesk& operator=(const ReadDesk&) = delete;

  // Before the host is started: its end.
  void giveTo(platform::SpawnOptions& options) const;
  // Once it is started. kUnavailable: the system has no room for another thread.
  Result<> begin();

 private:
  ReadDesk(std::vector<std::string> sockets, SmartPlaces smart, UnitPlaces units, platform::Descriptor own,
           platform::Descriptor child)
      : sockets_(std::move(sockets)),
        smart_(std::move(smart)),
        units_(std::move(units)),
        stream_(std::move(own)),
        child_(std::move(child)) {}
  void serve();
  bool say(std::string_view text);
  bool sayBody(const host::Question& question, const std::string& body);
  bool answerOnProcesses(const host::Question& question);
  bool answerOnDisks(const host::Question& question);
  bool answerOnUnits(const host::Question& question);
  // False when the host is gone, or does not keep to the protocol.
  bool answer(std::string_view message);

  const std::vector<std::string> sockets_;
  const SmartPlaces smart_;
  const UnitPlaces units_;
  platform::LocalStream stream_;
  platform::Descriptor child_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace redflag::kernel
