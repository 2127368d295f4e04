#pragma once
// A local service that answers each connection with the next of its texts, and keeps what it was asked.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/time.h"
#include "platform/local_socket.h"

namespace redflag::kernel::test {

struct Scripted {
  std::string text;
  bool stay = false;  // keeps the connection open afterwards
};

class ScriptedService {
 public:
  ScriptedService(const std::string& path, std::vector<Scripted> answers)
      : listener_(platform::LocalListener::listen(path, 0600, "").value()),
        thread_([this, answers = std::move(answers)] { serve(answers); }) {}
  ~ScriptedService() {
    listener_.wake();
    thread_.join();
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void serve(const std::vector<Scripted>& answers) {
    for (const auto& answer : answers) {
      auto stream = listener_.accept(20 * kSecondNs);
      if (!stream || !*stream) return;
      auto descriptor = (*stream)->leave();
      std::array<char, 4096> request{};
      ssize_t got = -1;
      while ((got = ::recv(descriptor.get(), request.data(), request.size(), 0)) < 0)
        ::usleep(1000);
      {
        const std::lock_guard lock(mutex_);
        asked_.emplace_back(request.data(), static_cast<std::size_t>(got));
      }
      for (std::string_view rest = answer.text; !rest.empty();) {
        const auto sent = ::send(descriptor.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
        if (sent < 0 && errno != EAGAIN) break;
        if (sent < 0) ::usleep(1000);
      }
      if (answer.stay) open_.push_back(std::move(descriptor));
    }
  }

  platform::LocalListener listener_;
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<platform::Descriptor> open_;
  std::thread thread_;
};

}  // namespace redflag::kernel::test
