#pragma once
// A socket in front of PostgreSQL's that passes everything on, until it is told to cut the line: what the
// client said last still arrives, the answer does not.

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/folder.h"

namespace redflag::testing {

class SeveredSocket {
 public:
  explicit SeveredSocket(const std::string& target);
  ~SeveredSocket();
  SeveredSocket(const SeveredSocket&) = delete;
  SeveredSocket& operator=(const SeveredSocket&) = delete;

  // The same database by this way.
  std::string through(const std::string& url) const;
  // From now on each connection ends behind the client's bytes that hold `text`.
  void severBehind(const std::string& text);
  void mend() { severBehind(""); }

 private:
  void accept();
  void pass(int client);
  bool cutsHere(const std::string& bytes);

  Folder folder_;
  const std::string target_;
  int listener_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::string cut_;
  std::vector<std::thread> lines_;
  std::thread acceptor_;
};

}  // namespace redflag::testing
