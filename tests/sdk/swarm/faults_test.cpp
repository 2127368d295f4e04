#include "swarm/faults.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>

#include "base/time.h"
#include "swarm/agent.h"
#include "swarm/text.h"

namespace redflag::swarm {
namespace {

TEST(Faults, are_read_by_name_and_share) {
  Faults faults;
  ASSERT_TRUE(addFaults("flapping=0.25,lost-reply=1", faults));
  EXPECT_EQ(faults.flapping, 0.25);
  EXPECT_EQ(faults.lost_reply, 1);
  ASSERT_TRUE(addKills("server,agent", faults));
  EXPECT_TRUE(faults.kill_server);
  EXPECT_GT(faults.kill_agent, 0);
}

TEST(Faults, that_are_none_are_refused_by_name) {
  for (const char* text : {"", "flap=0.1", "flapping", "flapping=", "flapping=2", "skew=-1", "skew=nan",
                           "clone=0.1,", "clone=0.1x"}) {
    Faults faults;
    const auto read = addFaults(text, faults);
    ASSERT_FALSE(read) << text;
    EXPECT_TRUE(read.error().text.starts_with("--faults ")) << read.error().text;
  }
  Faults faults;
  EXPECT_FALSE(addKills("server,", faults));
  EXPECT_FALSE(addKills("client", faults));
}

TEST(Faults, meet_about_as_many_agents_as_was_asked_for) {
  Faults faults;
  faults.skew = 0.5;
  Random random(3);
  int skewed = 0;
  int far = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto ailments = drawAilments(faults, random);
    EXPECT_FALSE(ailments.flapping || ailments.cloned || ailments.slow_reader);
    skewed += ailments.skew_ns != 0 ? 1 : 0;
    far += std::abs(ailments.skew_ns) > 300 * kSecondNs ? 1 : 0;
  }
  EXPECT_NEAR(skewed, 500, 80);
  EXPECT_NEAR(far, 250, 80);
}

TEST(Backoff, grows_and_stays_within_fifteen_seconds) {
  Random random(1);
  std::int64_t longest = 0;
  for (int i = 0; i < 200; ++i) {
    EXPECT_LE(backoffNs(1, random), 2 * kSecondNs);
    longest = std::max(longest, backoffNs(40, random));
  }
  EXPECT_GT(longest, 13 * kSecondNs);
  EXPECT_LE(longest, 15 * kSecondNs);
}

TEST(Backoff, of_who_is_put_off_grows_to_a_minute_as_an_agents_does) {
  Random random(1);
  std::int64_t longest = 0;
  for (int i = 0; i < 200; ++i) {
    EXPECT_LE(backoffNs(1, random, true), 2 * kSecondNs);
    longest = std::max(longest, backoffNs(40, random, true));
  }
  EXPECT_GT(longest, 52 * kSecondNs);
  EXPECT_LE(longest, 60 * kSecondNs);
}

std::string outputOf(const std::string& command, int& status) {
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string out;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe))
    out.append(buffer, count);
  const int ended = ::pclose(pipe);
  status = WEXITSTATUS(ended);
  return out;
}

const std::string kProgram = std::string(REDFLAG_BUILD) + "/bin/redflag-swarm ";

TEST(Manual, fits_eighty_columns_and_names_every_option) {
  int status = 0;
  const std::string manual = outputOf(kProgram + "--help", status);
  EXPECT_EQ(status, 0);
  std::istringstream lines(manual);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 80U) << line;
  for (const char* option : {"--agents ",
                             "--duration ",
                             "--ramp ",
                             "--settle ",
                             "--every ",
                             "--check-in ",
                             "--packages ",
                             "--updates ",
                             "--inventories ",
                             "--command ",
                             "--order-every ",
                             "--steady ",
                             "--broadcast ",
                             "--storm ",
                             "--restart ",
                             "--faults ",
                             "--kill ",
                             "--kill-every ",
                             "--seed ",
                             "--threads ",
                             "--format ",
                             "--bundle-file ",
                             "--server-bundle-stdin ",
                             "--server-program ",
                             "--server-state ",
                             "--database ",
                             "--user ",
                             "--password-file "}) {
    EXPECT_NE(manual.find(option), std::string::npos) << option;
  }
}

TEST(Manual, wrong_usage_is_named_and_starts_nothing) {
  for (const auto& [arguments, named] :
       {std::pair<std::string, std::string>{"--faults x=1", "--faults x=1"},
        {"--packages 10", "--packages 10"},
        {"--bundle-file /nowhere", "/nowhere"},
        {"--bundle-file /dev/null --kill server", "--kill server"},
        {"--user ada", "--password-file"},
        {"--duration nan", "--duration"},
        {"--inventories nan", "--inventories"},
        {"--ramp -1", "--ramp"},
        {"--steady x", "--steady"},
        {"--updates 20001", "--updates"},
        {"--packages 9-8", "--packages 9-8"},
        {"--kill client", "--kill client"},
        {"--kill ''", "--kill"},
        {"--faults ''", "--faults"},
        {"--command ''", "--command"},
        {"--kill-every 0", "--kill-every"},
        {"--seed -1", "--seed"},
        {"--seed 99999999999999999999", "--seed"},
        {"--threads 0", "--threads"},
        {"--format xml", "--format"},
        {"--database here", "--database"},
        {"--server-program /nowhere", "--server-program /nowhere"},
        {"--bundle-file /dev/null --user a --password-file /dev/null", "--password-file /dev/null"},
        {"--storm --faults skew=1", "--storm"},
        {"--bundle-file /dev/null --restart", "--restart"},
        {"--agents 0", "--agents"}}) {
    int status = 0;
    const std::string said = outputOf(kProgram + arguments + " 2>&1", status);
    EXPECT_EQ(status, 2) << arguments;
    EXPECT_NE(said.find(named), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace redflag::swarm
