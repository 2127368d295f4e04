#include "api/update_outlook.h"

#include <gmock/gmock.h>

#include "base/time.h"

namespace redflag::api {
namespace {

using store::Update;
using store::UpdateState;
using ::testing::HasSubstr;
using Kind = services::PolicyVerdict::Kind;

Update in(UpdateState state) {
  Update update;
  update.state = state;
  update.agent_mode = "act";
  update.agent_connection = "connected";
  update.has_updater = true;
  update.record.manager = "apt";
  return update;
}

std::string waitingFor(const Update& update, const Prospect& prospect = {}) {
  return outlookOf(update, prospect).waiting_for;
}
std::string next(const Update& update, const Prospect& prospect = {}) {
  return outlookOf(update, prospect).next;
}

TEST(UpdateOutlook, says_in_every_state_what_is_awaited_and_what_follows_or_that_nothing_is) {
  for (int i = 0; i < store::kUpdateStates; ++i) {
    const auto state = static_cast<UpdateState>(i);
    EXPECT_EQ(waitingFor(in(state)).empty(), store::closed(state)) << store::name(state);
    EXPECT_EQ(next(in(state)).empty(), store::closed(state)) << store::name(state);
  }
}

TEST(UpdateOutlook, names_who_holds_it_back) {
  for (const auto& [by, text] : std::map<std::string, std::string>{{"held", "hold"},
                                                                   {"phased", "distributor"},
                                                                   {"kept_back", "keeps it back"},
                                                                   {"excluded", "configuration"},
                                                                   {"other", "other"}}) {
    Update update = in(UpdateState::kAvailable);
    update.record.blocked_by = by;
    EXPECT_THAT(waitingFor(update), HasSubstr(text)) << by;
  }
}

TEST(UpdateOutlook, names_a_machine_on_which_nothing_can_be_installed) {
  Update update = in(UpdateState::kAvailable);
  update.has_updater = false;
  EXPECT_THAT(waitingFor(update), HasSubstr("no plugin"));
  update.agent_mode = "report";
  EXPECT_THAT(waitingFor(update), HasSubstr("report mode"));
}

TEST(UpdateOutlook, says_of_an_accepted_order_what_the_machine_says_that_it_waits_for) {
  Update update = in(UpdateState::kInstalling);
  update.command_state = "accepted";
  EXPECT_THAT(waitingFor(update), HasSubstr("one after the other"));
  update.command_progress =
      "the machine is restarted first, as was ordered, at about 2026-03-01T22:05:00.000Z";
  EXPECT_EQ(waitingFor(update), update.command_progress);
  update.command_state = "running";
  EXPECT_THAT(waitingFor(update), HasSubstr("is installing"));
}

TEST(UpdateOutlook, names_the_policy_and_its_time) {
  const Update update = in(UpdateState::kAvailable);
  EXPECT_EQ(waitingFor(update), "a person to approve it");
  const std::int64_t at = fromRfc3339("2026-03-01T22:00:00Z").value();
  const Prospect waits{0, Kind::kWaits, "Security", true, at};
  EXPECT_THAT(waitingFor(update, waits), HasSubstr("\"Security\" approves it at 2026-03-01T22:00:00"));
  EXPECT_THAT(next(update, waits), HasSubstr("installs"));
  EXPECT_THAT(next(update, {0, Kind::kWaits, "Security", false, at}), HasSubstr("somebody orders"));
  EXPECT_THAT(waitingFor(update, {0, Kind::kExcluded, "Tills", false, 0}), HasSubstr("excludes"));
  EXPECT_EQ(waitingFor(update, {0, Kind::kExcluded, "Tills", false, 0, "Shops"}),
            "a person to approve it: the policy \"Tills\" of the group Shops excludes it");
}

TEST(UpdateOutlook, says_who_ignores_it_why_and_until_when) {
  Update update = in(UpdateState::kIgnored);
  update.ignored_author = "erin";
  update.reason = {"update.ignored", "breaks the till"};
  EXPECT_EQ(waitingFor(update), "erin ignores it: breaks the till");
  EXPECT_THAT(next(update), HasSubstr("until somebody lifts"));
  update.ignored_until = fromRfc3339("2026-03-01T22:00:00Z").value();
  EXPECT_THAT(next(update), HasSubstr("2026-03-01T22:00:00"));
}

TEST(UpdateOutlook, says_since_when_the_machine_is_away_and_how_long_the_order_waits) {
  Update update = in(UpdateState::kApproved);
  update.command_state = "queued";
  update.agent_connection = "silent";
  update.agent_last_seen_at = fromRfc3339("2026-03-01T22:00:00Z").value();
  update.command_expires_at = fromRfc3339("2026-03-08T22:00:00Z").value();
  EXPECT_THAT(waitingFor(update), HasSubstr("not connected since 2026-03-01T22:00:00"));
  EXPECT_THAT(next(update), HasSubstr("2026-03-08T22:00:00"));
  update.command_state = "scheduled";
  update.command_not_before = fromRfc3339("2026-03-02T01:00:00Z").value();
  EXPECT_THAT(waitingFor(update), HasSubstr("2026-03-02T01:00:00"));
}

TEST(UpdateOutlook, names_the_window_that_its_order_waits_for) {
  Update update = in(UpdateState::kPlanned);
  update.command_state = "scheduled";
  update.command_window = "the window \"Night\" of the site Berlin";
  update.command_not_before = fromRfc3339("2026-03-02T01:00:00Z").value();
  update.command_expires_at = fromRfc3339("2026-03-02T05:00:00Z").value();
  update.command_windows_missed = 2;
  EXPECT_THAT(waitingFor(update),
              HasSubstr("\"Night\" of the site Berlin, which opens at 2026-03-02T01:00:00"));
  EXPECT_THAT(waitingFor(update), HasSubstr("missed 2 before"));
  EXPECT_THAT(next(update), ::testing::StartsWith("the machine installs"));
  update.preparation_state = "succeeded";
  EXPECT_THAT(next(update),
              ::testing::StartsWith("its packages are downloaded already; the machine installs"));
  update.preparation_state = "failed";
  update.preparation_reason = "no route to host";
  EXPECT_THAT(next(update), HasSubstr("beforehand, no route to host"));
}

TEST(UpdateOutlook, tells_the_classes_of_failure_apart_and_counts_the_tries) {
  Update update = in(UpdateState::kFailed);
  update.command_attempt = 2;
  update.reason = {"install.apt.dpkg_failed", "dpkg said no"};
  EXPECT_EQ(waitingFor(update, {3}), "a person: the install failed, at try 2 of 3: dpkg said no");
  update.reason = {"refused.policy.denied", "nginx is on the deny list"};
  EXPECT_THAT(waitingFor(update), HasSubstr("the machine refused it, at try 2: nginx is on the deny list"));
  EXPECT_THAT(next(update), HasSubstr("its own policy"));
  update.reason.code = "offline.command_expired";
  EXPECT_THAT(waitingFor(update), HasSubstr("never fetched"));
  update.reason.code = "regression.listed_again";
  EXPECT_THAT(waitingFor(update), HasSubstr("offered again"));
}

}  // namespace
}  // namespace redflag::api
