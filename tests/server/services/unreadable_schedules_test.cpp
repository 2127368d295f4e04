// Schedules that another version stored, or that a fault of the disk damaged.
#include <spdlog/sinks/ostream_sink.h>

#include <set>
#include <sstream>

#include "api/views.h"
#include "base/encoding.h"
#include "base/log.h"
#include "scheduled.h"

namespace redflag::testing {
namespace {

// What is logged while it exists.
class LogOfSchedules {
 public:
  LogOfSchedules() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~LogOfSchedules() { spdlog::set_default_logger(before_); }

  std::size_t linesWith(const std::string& part) const {
    std::istringstream lines(text_.str());
    std::size_t found = 0;
    for (std::string line; std::getline(lines, line);)
      if (line.find(part) != std::string::npos) ++found;
    return found;
  }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

class UnreadableSchedules : public Scheduled {
 protected:
  void storeRule(store::Schedule schedule, const std::string& rule) {
    schedule.rule = rule;
    world_.store.write([&](store::WriteTransaction& tx) { tx.schedules().change(schedule); });
  }
  void loseZone(const std::string& site_id) {
    world_.store.write(
        [&](store::WriteTransaction& tx) { tx.agents().setTimeZone(site_id, "Mars/Olympus"); });
  }
};

TEST_F(UnreadableSchedules, one_that_cannot_be_read_is_listed_holds_up_nothing_else_and_can_be_removed) {
  const auto damaged = schedules_.add(wish(), tess_);
  const auto other = schedules_.add(wish({{"repeat", "daily"}, {"time", "08:00"}}), tess_);
  storeRule(damaged, "{");
  std::set<std::string> when;
  for (const auto& schedule : schedules_.list(tess_, {100, ""}).items)
    when.insert(api::view(schedule)["when"].get<std::string>());
  EXPECT_EQ(when.size(), 2U);
  EXPECT_TRUE(when.contains("a rule that this version cannot read"));
  EXPECT_TRUE(api::view(schedules_.find(damaged.id, tess_))["rule"].is_null())
      << "so that a form begins as for a new one";
  world_.services.places.setTimeZone(site_, "Asia/Tokyo", world_.admin);
  EXPECT_EQ(toRfc3339(schedules_.find(other.id, tess_).next_at), "2023-11-14T23:00:00.000Z");
  runAfter_s(50 * 60);
  EXPECT_EQ(runs(other).size(), 1U);
  EXPECT_EQ(refusal([&] { schedules_.remove(damaged.id, tess_); }), "done");
  EXPECT_EQ(schedules_.list(tess_, {100, ""}).items.size(), 1U);
}

TEST_F(UnreadableSchedules, one_that_cannot_be_read_is_told_once_until_it_is_changed) {
  const auto damaged = schedules_.add(wish(), tess_);
  storeRule(damaged, "{");
  const LogOfSchedules log;
  runAfter_s(50 * 60);
  runAfter_s(5);
  runAfter_s(5);
  EXPECT_EQ(log.linesWith("change it, or remove it"), 1U);
  auto again = schedules_.find(damaged.id, tess_);
  again.changed_at += kSecondNs;
  storeRule(again, "[]");
  runAfter_s(5);
  runAfter_s(5);
  EXPECT_EQ(log.linesWith("change it, or remove it"), 2U);
  schedules_.change(damaged.id, wish(), tess_);
  runAfter_s(kDay - 60);
  EXPECT_EQ(runs(damaged).size(), 1U);
  EXPECT_EQ(log.linesWith("change it, or remove it"), 2U);
}

TEST_F(UnreadableSchedules, one_that_cannot_be_read_can_be_paused_and_is_resumed_once_it_was_changed) {
  const auto damaged = schedules_.add(wish(), tess_);
  storeRule(damaged, "{");
  EXPECT_EQ(refusal([&] { schedules_.pause(damaged.id, tess_); }), "done");
  EXPECT_EQ(schedules_.find(damaged.id, tess_).state, "paused");
  EXPECT_EQ(refusal([&] { schedules_.resume(damaged.id, tess_); }), "409 schedule.unreadable ");
  schedules_.change(damaged.id, wish(), tess_);
  EXPECT_EQ(schedules_.resume(damaged.id, tess_).state, "active");
}

TEST_F(UnreadableSchedules, one_of_a_zone_that_is_no_longer_known_holds_up_no_machine_and_can_be_paused) {
  auto lost = schedules_.add(wish(), tess_);
  const auto other = schedules_.add(wish({{"repeat", "daily"}, {"time", "08:00"}}), tess_);
  lost.time_zone = "Mars/Olympus";
  storeRule(lost, lost.rule);
  EXPECT_EQ(refusal([&] { world_.services.places.setTimeZone(site_, "Asia/Tokyo", world_.admin); }), "done");
  runAfter_s(50 * 60);
  EXPECT_EQ(runs(other).size(), 1U);
  EXPECT_EQ(refusal([&] { schedules_.pause(lost.id, tess_); }), "done");
}

TEST_F(UnreadableSchedules, a_site_whose_zone_is_no_longer_known_is_refused_by_name_and_the_others_go_on) {
  loseZone(world_.services.places.addSite(agent_.client_id, "Far", world_.admin).id);
  const auto schedule = schedules_.add(wish(), tess_);
  runAfter_s(50 * 60);
  runAfter_s(5);
  const auto found = runs(schedule);
  ASSERT_EQ(found.size(), 2U);
  const bool lost_first = found[0].time_zone == "Mars/Olympus";
  const auto& lost = found[lost_first ? 0 : 1];
  EXPECT_EQ(lost.outcome, "refused");
  EXPECT_EQ(lost.reason.code, "time_zone.unknown");
  EXPECT_NE(lost.reason.text.find("Mars/Olympus, the time zone of the site Far"), std::string::npos)
      << lost.reason.text;
  EXPECT_EQ(found[lost_first ? 1 : 0].outcome, "ordered");
  EXPECT_EQ(commands(), 1U);
  EXPECT_EQ(toRfc3339(schedules_.find(schedule.id, tess_).next_at), "2023-11-15T23:00:00.000Z");
}

TEST_F(UnreadableSchedules, a_site_whose_zone_is_no_longer_known_is_named_before_anything_is_saved) {
  loseZone(world_.services.places.addSite(agent_.client_id, "Far", world_.admin).id);
  const auto forecast = schedules_.preview(wish(), 3, tess_);
  ASSERT_EQ(forecast.zones.size(), 2U);
  EXPECT_TRUE(forecast.zones[0].next.empty());
  EXPECT_NE(forecast.zones[0].problem.find("the site Far"), std::string::npos) << forecast.zones[0].problem;
  EXPECT_EQ(forecast.zones[1].next.size(), 3U);
  EXPECT_EQ(forecast.zones[1].problem, "");
  EXPECT_EQ(forecast.agents, 1);
  const auto schedule = schedules_.add(wish(), tess_);
  schedules_.pause(schedule.id, tess_);
  EXPECT_EQ(schedules_.resume(schedule.id, tess_).state, "active");
  schedules_.pause(schedule.id, tess_);
  loseZone(site_);
  EXPECT_EQ(refusal([&] { schedules_.resume(schedule.id, tess_); }), "409 time_zone.unknown ");
  EXPECT_EQ(refusal([&] { schedules_.add(wish(), tess_); }), "409 time_zone.unknown ");
  EXPECT_EQ(schedules_.preview(wish(), 3, tess_).agents, 0);
}

TEST_F(UnreadableSchedules, however_many_cannot_be_read_the_others_run) {
  const auto model = schedules_.add(wish(), tess_);
  auto damaged = model;
  damaged.rule = "{";
  world_.store.write([&](store::WriteTransaction& tx) {
    for (int i = 0; i < 200; ++i) {
      damaged.id = newId();
      tx.schedules().add(damaged);
    }
  });
  auto later = wish({{"repeat", "daily"}, {"time", "23:01"}});
  later.parameters = {{"purpose", "inventory"}};
  const auto readable = schedules_.add(later, tess_);
  runAfter_s(50 * 60);
  EXPECT_EQ(runs(model).size(), 1U);
  EXPECT_EQ(runs(readable).size(), 1U);
}

TEST_F(UnreadableSchedules, one_whose_parameters_cannot_be_read_says_so_in_its_runs) {
  auto damaged = schedules_.add(wish(), tess_);
  damaged.parameters = "{";
  world_.store.write([&](store::WriteTransaction& tx) { tx.schedules().change(damaged); });
  runAfter_s(50 * 60);
  ASSERT_EQ(runs(damaged).size(), 1U);
  EXPECT_EQ(runs(damaged)[0].reason.code, "schedule.unreadable");
  EXPECT_EQ(toRfc3339(schedules_.find(damaged.id, tess_).next_at), "2023-11-15T23:00:00.000Z");
}

}  // namespace
}  // namespace redflag::testing
