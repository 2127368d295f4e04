#pragma once
// Starts redflag-host as the supervisor does, and keeps what it said.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "host/frame.h"

namespace redflag::test {

struct Outcome {
  std::vector<host::Frame> frames;
  std::string broken;         // what the decoder said when the stream was not made of frames
  std::optional<int> code;    // the host's exit code
  std::optional<int> signal;  // or what killed it

  std::vector<Json> all(host::FrameType type) const;  // payloads
  std::string status() const;                         // of kDone; "" without one
  std::vector<std::string> codes() const;             // of the reports
  std::vector<std::string> scopes() const;            // each ended one as "key=status"
  std::string reportText(const std::string& code) const;
  Json fact(const std::string& name) const;  // the value of that fact/1; null without one
};

class HostProcess {
 public:
  // `output_file`: where fd 4 leads instead of the socket.
  explicit HostProcess(const std::string& output_file = {});
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  void send(host::FrameType type, const std::string& payload);
  void sendBytes(const std::string& bytes);
  // The two halves of what startOf() makes.
  void load(const Json& start);
  void begin(const Json& start);
  void start(const Json& start) {
    load(start);
    begin(start);
  }
  void closeInput();
  // Until the first frame of that type came.
  void waitFor(host::FrameType type);
  void killGroup() const;
  Outcome finish();

 private:
  bool readSome();
  void cut();

  int socket_ = -1;
  pid_t pid_ = -1;
  std::string output_file_;
  host::FrameDecoder decoder_;
  Outcome outcome_;
};

std::string fixture(const std::string& id);  // path of a fixture's library
Json startOf(const std::string& id, const Json& more = Json::object());
Outcome runFixture(const std::string& id, const Json& more = Json::object());
// test.moody with that mode.
Outcome runMoody(const std::string& mode, const std::string& argument = {},
                 const Json& more = Json::object());

}  // namespace redflag::test
