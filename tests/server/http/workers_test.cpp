#include "http/workers.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace redflag::http {
namespace {

class Queuer : public Guest {
 public:
  explicit Queuer(Lane lane) : lane_(lane) {}
  int fd() const override { return -1; }
  Lane lane() const override { return lane_; }
  Wait advance(Wake, std::int64_t) override { return {}; }

 private:
  const Lane lane_;
};

TEST(Workers, serve_lane_after_lane_however_long_one_is) {
  constexpr std::size_t kQueued = 9;
  std::promise<void> begun;
  std::promise<void> go;
  std::promise<void> done;
  std::string order;
  Workers workers(1, [&](const Job& job) {
    if (job.id == 1) {
      begun.set_value();
      go.get_future().wait();
      return;
    }
    order += std::string("psa").at(static_cast<std::size_t>(job.guest->lane()));
    if (order.size() == kQueued) done.set_value();
  });
  const auto push = [&](std::uint64_t id, Lane lane) {
    workers.push({id, std::make_unique<Queuer>(lane), Wake::kReady});
  };
  push(1, Lane::kStrangers);
  begun.get_future().wait();
  for (std::uint64_t id = 2; id < 8; ++id)
    push(id, Lane::kAgents);
  push(8, Lane::kPeople);
  push(9, Lane::kPeople);
  push(10, Lane::kStrangers);
  EXPECT_EQ(workers.queued(), kQueued);
  go.set_value();
  done.get_future().wait();
  EXPECT_EQ(order, "apsapaaaa");
  EXPECT_EQ(workers.queued(), 0U);
}

}  // namespace
}  // namespace redflag::http
