#pragma once
// Requests to the server: HTTPS only, its certificate and name always checked, no redirect followed.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/profile.h"

namespace redflag::ctl {

struct Request {
  std::string method = "GET";
  std::string target;  // path and query, encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct Answer {
  int status = 0;
  std::string content_type;
  std::string body;
};

// Whoever cannot be reached, or is not who was expected: what() says why.
struct Unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Client {
 public:
  explicit Client(const Profile& profile);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is an answer. Bodies over 64 MiB end it. Throws Unreachable.
  Answer ask(const Request& request);
  // The body goes to `sink` as it comes when the status is 200; any other answer is handed back whole.
  Answer stream(const Request& request, const std::function<void(std::string_view)>& sink);

 private:
  struct Exchange;
  Answer perform(const Request& request, Exchange& exchange, long timeout_s);

  const Profile& profile_;
  void* curl_;
};

}  // namespace redflag::ctl
