#pragma once
// What this run was granted: the seal leaves it open, and the services ask before they do anything for the
// plugin.
//   read:PATH     reading, with everything below
//   write:PATH    also changing; "~/…" is below the home of the user this process runs as
//   exec:PROGRAM  starting that program, as an absolute path
//   net:any       sockets of its own
//   http:unix:SOCKET  questions to the service at that local socket, asked by whoever started this process
//   root          an action of the executor's: no seal, any program; a scan stays as sealed as without it

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redflag::host {

// True for one of these forms. In a descriptor "{name}" stands for the setting of that name, which the agent
// puts in: read:{root}/etc. One that begins with a condition is wanted only while it holds:
// {refresh=private}net:any.
bool isCapability(std::string_view spec);

// What stands before a capability in a descriptor: the setting has that value, booleans as true and false.
struct Condition {
  std::string setting;
  std::string value;
};
// Takes it off; nullopt: there is none.
std::optional<Condition> takeCondition(std::string& spec);

class Capabilities {
 public:
  explicit Capabilities(const std::vector<std::string>& granted);

  // The very program, as an absolute path.
  bool mayExecute(std::string_view program) const;
  // `real_path` has no links in it. A grant reaches everything below it, and where its own path is a link,
  // its target.
  bool mayRead(std::string_view real_path) const;

  // By the socket's absolute path.
  bool mayAsk(std::string_view socket) const;

  const std::vector<std::string>& sockets() const { return sockets_; }
  const std::vector<std::string>& programs() const { return programs_; }
  const std::vector<std::string>& readable() const { return readable_; }
  const std::vector<std::string>& writable() const { return writable_; }
  bool network() const { return network_; }

 private:
  void addReadable(const std::string& path);

  std::vector<std::string> sockets_;
  std::vector<std::string> programs_;
  std::vector<std::string> readable_;
  std::vector<std::string> writable_;
  bool network_ = false;
  bool root_ = false;
};

}  // namespace redflag::host
