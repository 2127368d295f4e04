#pragma once
// One request after the other, each waited for. Threads: one.

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "swarm/connection.h"

namespace redflag::swarm {

class Exchange : public Connection::User {
 public:
  // `target` outlives it.
  explicit Exchange(const Target& target) : target_(target) {}

  // The answer, whatever its status. `headers`: besides Host; each with its line's end before it.
  // kUnavailable names the request and says how the connection ended.
  Result<Reply> ask(const std::string& method, const std::string& path, const std::string& headers = "",
                    const std::string& body = "");

  // The answer to the next request is thrown away, as if the connection had broken.
  void loseNextReply() { lose_reply_ = true; }

 private:
  void sent(Connection&) override;
  void replied(Connection&, Reply& reply) override;
  void closed(Connection&, const std::string& why) override;

  const Target& target_;
  Reactor reactor_;
  std::unique_ptr<Connection> connection_;
  std::optional<Reply> reply_;
  std::string closed_;
  bool lose_reply_ = false;
};

}  // namespace redflag::swarm
