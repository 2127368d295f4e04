// More is asked than can be done.

#include <algorithm>

#include "front_fixture.h"

namespace redflag::http {
namespace {

using testing::request;
using testing::TlsClient;

class BusyFront : public FrontTest {
 protected:
  BusyFront() { options_.workers = 1; }

  // The one worker, until release().
  void holdUp() {
    presence_.stalls = true;
    bell_ = std::make_unique<TlsClient>(front_->port());
    bell_->send(request("GET", "/agent/v1/doorbell", "X-Agent: bell\r\n"));
    ASSERT_TRUE(soon([&] { return presence_.waiting == 1; }));
  }
  bool waiting(std::size_t count) {
    return soon([&] { return front_->load().queued == count; });
  }
  void release() { presence_.stalls = false; }

  std::unique_ptr<TlsClient> bell_;
};

TEST_F(BusyFront, lets_no_person_wait_behind_a_crowd_of_agents) {
  const auto known = [this](const std::string& header) {
    auto client = std::make_unique<TlsClient>(front_->port());
    client->send(request("GET", "/api/me", header));
    EXPECT_EQ(client->reply().status, 200);
    return client;
  };
  std::vector<std::unique_ptr<TlsClient>> agents;
  for (int i = 0; i < 20; ++i)
    agents.push_back(known("X-Agent: a\r\n"));
  const auto person = known("X-User: u\r\n");
  holdUp();
  const auto before = static_cast<std::ptrdiff_t>(believer_.came().size());
  for (auto& agent : agents)
    agent->send(request("GET", "/api/me", "X-Agent: a\r\n"));
  ASSERT_TRUE(waiting(agents.size()));
  person->send(request("GET", "/api/me", "X-User: u\r\n"));
  ASSERT_TRUE(waiting(agents.size() + 1));
  release();
  EXPECT_EQ(person->reply().status, 200);
  for (auto& agent : agents)
    EXPECT_EQ(agent->reply().status, 200);
  const auto came = believer_.came();
  const auto first = came.begin() + before;
  EXPECT_LT(std::find(first, came.end(), "u") - first, static_cast<std::ptrdiff_t>(kLanes));
}

}  // namespace
}  // namespace redflag::http
