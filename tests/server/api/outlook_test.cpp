#include "api/outlook.h"

#include <gmock/gmock.h>

#include "base/time.h"

namespace redflag::api {
namespace {

using store::CommandState;
using ::testing::HasSubstr;

store::Command in(CommandState state) {
  store::Command command;
  command.state = state;
  command.not_before = fromRfc3339("2026-03-01T22:00:00Z").value();
  command.expires_at = fromRfc3339("2026-03-02T22:00:00Z").value();
  return command;
}

TEST(Outlook, says_in_every_state_what_is_awaited_and_what_follows_or_that_nothing_is) {
  for (int i = 0; i < store::kCommandStates; ++i) {
    const auto state = static_cast<CommandState>(i);
    for (const char* connection : {"connected", "silent", "never"}) {
      const Outlook outlook = outlookOf(in(state), connection);
      EXPECT_EQ(outlook.waiting_for.empty(), store::finished(state)) << store::name(state);
      EXPECT_EQ(outlook.next.empty(), store::finished(state)) << store::name(state);
    }
  }
}

TEST(Outlook, names_the_time_that_is_waited_for_and_the_one_the_order_ends_at) {
  EXPECT_THAT(outlookOf(in(CommandState::kScheduled), "connected").waiting_for,
              HasSubstr("2026-03-01T22:00:00"));
  EXPECT_THAT(outlookOf(in(CommandState::kQueued), "never").next, HasSubstr("2026-03-02T22:00:00"));
}

TEST(Outlook, names_the_window_that_is_waited_for_and_what_comes_when_it_is_missed) {
  store::Command command = in(CommandState::kScheduled);
  command.window = "the window \"Night\" of the site Berlin";
  command.windows_missed = 1;
  command.gives_up_at = fromRfc3339("2026-03-05T22:00:00Z").value();
  const Outlook outlook = outlookOf(command, "connected");
  EXPECT_THAT(outlook.waiting_for,
              HasSubstr("\"Night\" of the site Berlin, which opens at 2026-03-01T22:00:00"));
  EXPECT_THAT(outlook.waiting_for, HasSubstr("it has missed 1 window before"));
  EXPECT_THAT(outlook.next, HasSubstr("until 2026-03-05T22:00:00"));
  command.state = CommandState::kQueued;
  EXPECT_THAT(outlookOf(command, "never").next, HasSubstr("closes, at 2026-03-02T22:00:00"));
  command.state = CommandState::kScheduled;
  command.window = "a window: none of the site Berlin opens again";
  command.not_before = command.expires_at;
  EXPECT_EQ(outlookOf(command, "never").waiting_for, command.window);
}

TEST(Outlook, has_the_time_at_which_a_window_opens_as_long_as_that_is_waited_for) {
  store::Command command = in(CommandState::kScheduled);
  EXPECT_EQ(opensAt(command), 0) << "it waits for its own time";
  command.window = "the window \"Night\" of the site Berlin";
  EXPECT_EQ(opensAt(command), command.not_before);
  command.state = CommandState::kQueued;
  EXPECT_EQ(opensAt(command), 0);
  command.state = CommandState::kScheduled;
  command.not_before = command.expires_at;
  EXPECT_EQ(opensAt(command), 0) << "none opens again";
}

TEST(Outlook, says_how_far_the_packages_are_that_a_windowed_install_needs) {
  store::Command install = in(CommandState::kScheduled);
  install.window = "the window \"Night\" of the site Berlin";
  const auto next = [&](CommandState state, const std::string& why = "") {
    store::Command download = in(state);
    download.reason.text = why;
    return outlookOf(install, "connected", &download).next;
  };
  EXPECT_THAT(next(CommandState::kQueued), HasSubstr("asked to download its packages beforehand"));
  EXPECT_THAT(next(CommandState::kRunning), HasSubstr("being downloaded beforehand"));
  EXPECT_THAT(next(CommandState::kSucceeded),
              ::testing::StartsWith("its packages are downloaded already; the"));
  EXPECT_THAT(next(CommandState::kFailed, "no route to host"),
              HasSubstr("could not be downloaded beforehand, no route to host: the install downloads"));
  EXPECT_THAT(outlookOf(install, "connected").next, ::testing::StartsWith("the machine is told"));
}

TEST(Outlook, tells_a_machine_that_is_away_from_one_that_is_busy) {
  for (const auto state :
       {CommandState::kQueued, CommandState::kDelivered, CommandState::kAccepted, CommandState::kRunning}) {
    EXPECT_THAT(outlookOf(in(state), "silent").waiting_for, HasSubstr("not connected")) << store::name(state);
    EXPECT_THAT(outlookOf(in(state), "connected").waiting_for, ::testing::Not(HasSubstr("not connected")));
  }
}

TEST(Outlook, says_of_an_accepted_order_what_the_machine_says_that_it_waits_for) {
  auto command = in(CommandState::kAccepted);
  command.progress = "the machine is restarted first, as was ordered, at about 2026-03-01T22:05:00.000Z";
  for (const char* connection : {"connected", "silent"})
    EXPECT_EQ(outlookOf(command, connection).waiting_for, command.progress);
  command.state = CommandState::kRunning;
  EXPECT_EQ(outlookOf(command, "connected").waiting_for, "the machine is carrying it out");
}

TEST(Outlook, a_plan_that_is_held_back_waits_for_a_person_although_its_command_has_ended) {
  auto command = in(CommandState::kSucceeded);
  command.held = "{}";
  EXPECT_THAT(outlookOf(command, "connected").waiting_for, HasSubstr("a person must confirm"));
}

}  // namespace
}  // namespace redflag::api
