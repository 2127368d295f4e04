#pragma once
// A world with one machine, and schedules that come to it.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "http/message.h"
#include "services/schedules.h"
#include "store/schedules.h"
#include "support/world.h"

namespace redflag::testing {

inline calendar::Rule ruleFrom(const Json& json) {
  JsonReader in(json, "rule");
  const auto rule = calendar::readRule(in);
  EXPECT_TRUE(in.finish()) << json;
  return rule;
}

// The world's clock stands at 2023-11-14T22:13:20Z, a Tuesday.
class Scheduled : public ::testing::Test {
 protected:
  Scheduled() : agent_(world_.enrol()) {
    site_ = agent_.site_id;
    tess_ = actor("tess", http::Grants::everywhere("technician"));
  }

  services::Actor actor(const std::string& name, const http::Grants& grants) {
    const auto account = world_.services.users.add("person", name, "hash", grants, world_.admin);
    return {name, grants, false, account.id};
  }

  services::ScheduleWish wish(const Json& rule = {{"repeat", "daily"}, {"time", "23:00"}}) {
    services::ScheduleWish wish;
    wish.name = "Nightly";
    wish.type = "scan";
    wish.client_id = agent_.client_id;
    wish.rule = ruleFrom(rule);
    return wish;
  }

  std::string refusal(const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code + " " + problem.field;
    }
    return "done";
  }

  std::vector<store::ScheduleRun> runs(const store::Schedule& schedule) {
    return schedules_.runs(schedule.id, world_.admin, {100, ""}).items;
  }

  std::size_t commands(const std::string& type = "scan") {
    store::CommandFilter filter;
    filter.type = type;
    return world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.commands().list(filter, http::Visible::everything(), {500, ""}).items.size();
    });
  }

  void runAfter_s(std::int64_t seconds) {
    world_.clock.advance_s(seconds);
    // In this order, as the upkeep does: what has expired must not stand for what is due.
    world_.services.orders.sweep();
    world_.services.schedule_runner.run();
  }

  World world_;
  services::Schedules& schedules_ = world_.services.schedules;
  store::AgentKey agent_;
  std::string site_;
  services::Actor tess_;
};

}  // namespace redflag::testing
