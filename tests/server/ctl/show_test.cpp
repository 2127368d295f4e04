#include "ctl/show.h"

#include <gtest/gtest.h>

namespace redflag::ctl {
namespace {

TEST(Show, puts_members_of_members_into_columns_and_a_dash_where_there_is_nothing) {
  const Json rows = {
      {{"hostname", "web-1"}, {"client", {{"name", "Main"}}}, {"os_version", "12"}, {"seen", nullptr}},
      {{"hostname", "db"}, {"client", {{"name", "Other"}}}, {"waiting", 3}}};
  EXPECT_EQ(tableOf({"hostname", "client.name", "os_version", "waiting", "seen"}, rows),
            "HOSTNAME  CLIENT  OS VERSION  WAITING  SEEN\n"
            "web-1     Main    12          -        -\n"
            "db        Other   -           3        -\n");
  EXPECT_EQ(tableOf({"hostname"}, Json::array()), "");
}

TEST(Show, indents_what_is_inside) {
  const Json command = {{"id", "01H"},
                        {"log", {{{"seq", 0}, {"text", "one"}}, {{"seq", 1}, {"text", "two"}}}},
                        {"plan", nullptr},
                        {"updates", Json::array()},
                        {"why", {{"code", "a.b"}}}};
  EXPECT_EQ(detailsOf(command),
            "id: 01H\n"
            "log:\n"
            "  - seq: 0\n"
            "    text: one\n"
            "  - seq: 1\n"
            "    text: two\n"
            "plan: -\n"
            "updates: []\n"
            "why:\n"
            "  code: a.b\n");
}

TEST(Show, prints_nothing_that_a_terminal_would_obey) {
  EXPECT_EQ(tableOf({"name"}, {{{"name", "a\x1b[2Jb\nc"}}}), "NAME\na?[2Jb?c\n");
  EXPECT_EQ(detailsOf({{"n\x1b",
                        "v\xc2\x9b"
                        "2J"}}),
            "n?: v?2J\n");
}

}  // namespace
}  // namespace redflag::ctl
