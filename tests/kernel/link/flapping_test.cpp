// Faults F2: hours of a network that comes and goes, by a clock that is turned by hand.
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <random>
#include <set>
#include <sstream>
#include <utility>

#include "doubles.h"
#include "link/backoff.h"
#include "link/contact.h"
#include "link/link.h"

namespace redflag::kernel {
namespace {

constexpr const char* kUrl = "https://redflag.example.net:8443";
constexpr std::int64_t kStepNs = kSecondNs / 20;

// What is logged while it lives, as the agent writes it.
class Logged {
 public:
  Logged() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "flapping", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~Logged() { spdlog::set_default_logger(before_); }
  std::size_t bytes() const { return text_.str().size(); }
  std::size_t count(const std::string& what) const {
    const std::string all = text_.str();
    std::size_t found = 0;
    for (auto at = all.find(what); at != std::string::npos; at = all.find(what, at + 1))
      ++found;
    return found;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

// The two threads that talk, as Uplink and Doorbell do it, with something to send at every moment.
class Flapping : public testing::Test {
 protected:
  bool up() const { return clock_.now_ns / kSecondNs % 2 == 0; }

  void upload() {
    if (!uplink_.mayTry(clock_.now_ns)) return;
    ++attempts_;
    tried_at_.push_back(clock_.now_ns);
    if (up()) {
      uplink_.succeeded();
      return contact_.succeeded(kUrl);
    }
    uplink_.failed(clock_.now_ns);
    contact_.failed(kUrl, {Failure::Kind::kUnreachable, 0, "", error_, 0}, uplink_.failures(), uplink_.open(),
                    uplink_.nextNs());
  }
  void listen() {
    if (listening_ && up()) return;
    if (!listening_ && (!doorbell_.mayTry(clock_.now_ns) || !cut_.mayTry(clock_.now_ns))) return;
    if (!listening_ && up()) {
      listening_ = true;
      contact_.doorbell(true);
      contact_.succeeded(kUrl);
      return uplink_.tryNow();
    }
    ++rings_;
    if (std::exchange(listening_, false)) {
      doorbell_.succeeded();
      return cut_.failed(clock_.now_ns);
    }
    doorbell_.failed(clock_.now_ns);
    contact_.failed(kUrl, {Failure::Kind::kUnreachable, 0, "", error_, 0}, doorbell_.failures(),
                    doorbell_.open(), doorbell_.nextNs());
  }
  // `every_ns`: between two things to send.
  void run(std::int64_t how_long_ns, std::int64_t every_ns) {
    std::int64_t next = 0;
    for (const std::int64_t end = clock_.now_ns + how_long_ns; clock_.now_ns < end;
         clock_.now_ns += kStepNs) {
      listen();
      if (clock_.now_ns < next) continue;
      const auto before = attempts_;
      upload();
      if (attempts_ > before) next = clock_.now_ns + every_ns;
    }
  }

  test::HandClock clock_;
  std::mt19937_64 random_{4711};
  Backoff::Random chance_ = [this](std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound)(random_);
  };
  Backoff uplink_{{}, chance_};
  Backoff doorbell_{{}, chance_};
  Backoff cut_{LinkSettings().doorbell_cut, chance_};
  Contact contact_{clock_};
  std::string error_ = "Connection refused: redflag.example.net:8443, and not one of its three addresses";
  std::size_t attempts_ = 0;
  std::size_t rings_ = 0;
  std::vector<std::int64_t> tried_at_;
  bool listening_ = false;
};

TEST_F(Flapping, F2_ten_minutes_of_a_second_up_and_a_second_down_are_a_few_lines) {
  const Logged logged;
  run(600 * kSecondNs, kSecondNs / 2);
  EXPECT_LT(logged.bytes(), (1U << 20) / 6);
  EXPECT_LT(logged.count("\n"), 16U);
  EXPECT_EQ(logged.count("comes and goes"), 1U);
  EXPECT_LT(rings_, 100U) << "a doorbell that never lasts is hung up ever more seldom";
}

TEST_F(Flapping, F2_a_day_of_it_writes_less_than_a_megabyte_an_hour_and_stays_useful) {
  const Logged logged;
  for (int hour = 1; hour <= 24; ++hour) {
    run(3600 * kSecondNs, 3 * kSecondNs / 2);
    ASSERT_LT(logged.bytes(), static_cast<std::size_t>(hour) * 10'000) << "far below the megabyte";
  }
  EXPECT_GE(logged.count("comes and goes"), 24U) << "and it is still said";
  EXPECT_LE(attempts_, 24U * 3600 * 2 / 3 + 1);
}

TEST_F(Flapping, F2_a_server_that_stays_away_is_probed_slowly_at_no_regular_time) {
  const Logged logged;
  while (up())
    clock_.now_ns += kStepNs;
  for (const std::int64_t end = clock_.now_ns + 3600 * kSecondNs; clock_.now_ns < end;
       clock_.now_ns += 2 * kSecondNs)
    upload();  // each time in a second in which it is down
  EXPECT_LT(attempts_, 32U);
  EXPECT_LT(logged.count("\n"), 3U);
  std::set<std::int64_t> gaps;
  for (std::size_t i = 9; i < tried_at_.size(); ++i) {
    gaps.insert(tried_at_[i] - tried_at_[i - 1]);
    EXPECT_GE(tried_at_[i] - tried_at_[i - 1], 149 * kSecondNs);
    EXPECT_LE(tried_at_[i] - tried_at_[i - 1], 303 * kSecondNs);
  }
  EXPECT_GT(gaps.size(), 5U);
}

}  // namespace
}  // namespace redflag::kernel
