#include "http/lot.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace redflag::http {
namespace {

// A connection that nothing ever happens to, and that does something when it is ended.
class Sleeper : public Guest {
 public:
  explicit Sleeper(std::function<void()> ended) : ended_(std::move(ended)) {}
  ~Sleeper() override {
    ended_();
    ::close(fd_);
  }
  int fd() const override { return fd_; }
  Wait advance(Wake, std::int64_t) override { return {Wait::For::kRead, monotonicNow() + 3'600 * kSecondNs}; }

 private:
  const std::function<void()> ended_;
  const int fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
};

// As who leaves makes news that everybody who listens is called for.
TEST(ConnectionLot, takes_up_nobody_any_more_while_it_ends_who_is_left) {
  std::atomic<int> here{0};
  std::vector<std::uint64_t> ids;
  bool called = false;
  ConnectionLot lot(2);
  const auto end = [&](std::uint64_t id) {
    --here;
    if (std::exchange(called, true)) return;
    for (const std::uint64_t other : ids)
      if (other != id) lot.call(other);
  };
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t id = lot.newId();
    ids.push_back(id);
    ++here;
    lot.admit(id, std::make_unique<Sleeper>([&end, id] { end(id); }),
              {Wait::For::kRead, monotonicNow() + 3'600 * kSecondNs});
  }
  lot.stop(std::chrono::milliseconds(300));
  EXPECT_EQ(here, 0) << "somebody waits for a worker that has gone home";
}

}  // namespace
}  // namespace redflag::http
