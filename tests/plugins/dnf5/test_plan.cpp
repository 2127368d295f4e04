// Plans, and what is carried out, by dnf5's recorded answers.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "command.h"
#include "plan.h"
#include "recorded_dnf5.h"
#include "support/fake_host.h"
#include "transaction_table.h"

namespace redflag::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Dnf5Table, names_what_comes_and_what_goes_for_it) {
  const auto rows = dnf5::parseTable(recorded("plan_closure.txt"));
  ASSERT_TRUE(rows) << rows.error().text;
  ASSERT_THAT(*rows, SizeIs(4));
  EXPECT_EQ((*rows)[1].package.name, "tool");
  EXPECT_EQ((*rows)[1].package.evr, "2.0-1") << "an epoch of none is not written";
  EXPECT_EQ((*rows)[1].package.repository, "base");
  EXPECT_EQ((*rows)[1].change, dnf5::Change::kUpgrade);
  EXPECT_EQ((*rows)[2].change, dnf5::Change::kInstall);
  ASSERT_THAT((*rows)[2].replaced, SizeIs(1));
  EXPECT_EQ((*rows)[2].replaced[0].name, "old");
  EXPECT_EQ((*rows)[3].change, dnf5::Change::kInstallWeakDependency);
}

TEST(Dnf5Table, is_read_however_wide_it_is) {
  const auto rows = dnf5::parseTable(recorded("plan_long_names.txt"));
  ASSERT_TRUE(rows) << rows.error().text;
  ASSERT_THAT(*rows, SizeIs(2));
  EXPECT_THAT((*rows)[0].package.name, SizeIs(109));
  EXPECT_EQ((*rows)[0].package.evr, "2.0.20260101.git12345-1.fc99.really");
  EXPECT_EQ((*rows)[1].package.evr, "2:0.5-1");
  EXPECT_EQ((*rows)[1].replaced.at(0).evr, "1:1.0-1");
}

TEST(Dnf5Table, of_a_kernel_has_one_that_comes_and_one_that_goes) {
  const auto rows = dnf5::parseTable(recorded("plan_kernel.txt"));
  ASSERT_TRUE(rows);
  ASSERT_THAT(*rows, SizeIs(2));
  EXPECT_EQ((*rows)[0].change, dnf5::Change::kRemove);
  EXPECT_EQ((*rows)[0].package.evr, "6.0-1");
  EXPECT_THAT((*rows)[1].replaced, IsEmpty());
}

TEST(Dnf5Table, that_is_not_understood_to_its_end_is_refused) {
  const auto whole = recorded("plan_closure.txt");
  EXPECT_THAT(*dnf5::parseTable(""), IsEmpty());
  EXPECT_FALSE(dnf5::parseTable(whole.substr(0, whole.find("Transaction Summary"))));
  EXPECT_FALSE(dnf5::parseTable(whole.substr(0, whole.find("replacing tool") + 6)));
  EXPECT_FALSE(dnf5::parseTable(whole.substr(whole.find('\n') + 1)));
  const std::string heading = whole.substr(0, whole.find('\n') + 1);
  for (const auto* odd :
       {"Reinstalling:\n a x 0:1-1 base 0.0 B\n", "Changing reason:\n a x 0:1-1 base 0.0 B\n",
        " a x 0:1-1 base 0.0 B\n", "Upgrading:\n a x 0:1-1\n", "Upgrading:\n a;b x 0:1-1 base 0 B\n",
        "Upgrading:\n   replacing a x 0:1-1 base 0 B\n", "Upgrading:\n   a -> b\n", "nothing"})
    EXPECT_FALSE(dnf5::parseTable(heading + odd + "\nTransaction Summary:\n")) << odd;
}

TEST(Dnf5Table, of_an_upgrade_of_everything_has_no_row_of_what_is_left_out) {
  const auto names = [](const std::string& printed) {
    std::vector<std::string> found;
    const auto rows = dnf5::parseTable(printed, dnf5::LeftOut::kPassedOver);
    EXPECT_TRUE(rows) << printed;
    if (!rows) return found;
    for (const auto& row : *rows)
      found.push_back(row.package.name + " " + row.package.evr);
    return found;
  };
  EXPECT_THAT(names(recorded("upgrade_all.txt")), ElementsAre("epoch 2:0.1-1", "lib 1.1-1", "lib 1.1-1",
                                                              "tool 1.2-1", "kernel-x 6.2-1", "new 2.0-1"));
  EXPECT_THAT(names(recorded("upgrade_conflicts.txt")), ElementsAre("fall 1.1-1", "new 2.0-1"))
      << "of what is left out an older version may come";
  EXPECT_THAT(names(recorded("upgrade_nothing.txt")), IsEmpty());
  EXPECT_THAT(names("Nothing to do.\n"), IsEmpty());
  EXPECT_THAT(names(""), IsEmpty());
}

TEST(Dnf5Table, of_an_upgrade_of_everything_is_refused_where_it_is_not_understood_either) {
  const auto whole = recorded("upgrade_conflicts.txt");
  const auto parse = [](const std::string& printed) {
    return dnf5::parseTable(printed, dnf5::LeftOut::kPassedOver);
  };
  EXPECT_FALSE(dnf5::parseTable(whole)) << "a plan leaves nothing out";
  EXPECT_FALSE(parse(whole.substr(0, whole.find("Transaction Summary"))));
  EXPECT_FALSE(parse(whole.substr(0, whole.find(" sub "))));
  const std::string heading = whole.substr(0, whole.find('\n') + 1);
  const std::string row = " a x 1-1 base 0.0 B\n";
  const std::string skipping = "Skipping packages with conflicts:\n";
  EXPECT_TRUE(parse(heading + skipping + row + "\nNothing to do.\n"));
  EXPECT_FALSE(parse(heading + "Upgrading:\n" + row + "\nNothing to do.\n"));
  for (const auto& odd : {skipping + " a\n", "Skipping packages for another reason:\n" + row,
                          skipping + "   replacing a x 1-1 base 0.0 B\n"})
    EXPECT_FALSE(parse(heading + odd + "\nTransaction Summary:\n")) << odd;
}

class Dnf5Plan : public testing::Test {
 protected:
  Dnf5Plan() {
    fake_.exec = [this](const std::vector<std::string>& argv) { return dnf5_(argv); };
    dnf5_.answers[kAll + "--installed --queryformat"] = recorded("plan_installed.txt");
    offer("tool-0:2.0-1.x86_64", recorded("plan_wanted.txt"));
    dnf5_.answers[kAll +
                  "--available --queryformat lib-0:2.0-1.noarch tool-0:2.0-1.x86_64 new-0:2.0-1.noarch "
                  "extra-0:1.0-1.noarch"] = recorded("plan_brought.txt");
    answer("upgrade tool-0:2.0-1.x86_64", recorded("plan_closure.txt"), "Operation aborted by the user.\n");
  }

  void offer(const std::string& name, const std::string& row) {
    dnf5_.answers[kAll + "--available --queryformat " + name] = row;
    dnf5_.answers["repoquery --available --queryformat " + name] = row;
  }
  void answer(const std::string& question, const std::string& printed, const std::string& words) {
    dnf5_.failures["--assumeno " + question] = {1, printed, words};
  }
  dnf5::Result<dnf5::Plan> plan(const std::string& name, const std::string& version, const std::string& arch,
                                bool rollback = false) {
    const rf_run* run = fake_.newRun();
    EXPECT_NE(run, nullptr);
    dnf5::Request request;
    request.updates.push_back({name, arch, version});
    request.rollback = rollback;
    return dnf5::makePlan(dnf5::Client(fake_.host()), request, plugin::ServicesInUse::ask(fake_.host(), "/"));
  }
  std::string codeOf(const std::string& name, const std::string& version, const std::string& arch,
                     bool rollback = false) {
    const auto made = plan(name, version, arch, rollback);
    return made ? "" : made.error().code;
  }

  const std::string kAll = "--setopt=disable_excludes=* repoquery ";
  RecordedDnf5 dnf5_;
  FakeHost fake_;
};

TEST_F(Dnf5Plan, is_everything_that_changes) {
  const auto made = plan("tool", "2.0-1", "x86_64");
  ASSERT_TRUE(made) << made.error().text;
  std::vector<std::string> steps;
  for (const auto& step : made->steps)
    steps.push_back(step.operation + " " + step.name + " " + step.from + ">" + step.to +
                    (step.requested ? " requested" : ""));
  EXPECT_THAT(steps, ElementsAre("install extra >1.0-1", "upgrade lib 1.0-1>2.0-1", "install new >2.0-1",
                                 "remove old 1.0-1>", "upgrade tool 1.0-1>2.0-1 requested"));
  EXPECT_EQ(made->download_bytes, 5501 + 5493 + 5553 + 5601);
  EXPECT_FALSE(made->needs_reboot);
}

TEST_F(Dnf5Plan, names_running_services_that_use_what_it_replaces_or_removes) {
  const auto group = [](const std::string& unit, const std::string& file) {
    return Json{{"control_group", "/system.slice/" + unit}, {"files", {file}}};
  };
  fake_.local_answers["/in-use"] =
      dumpJson({{"groups",
                 {group("tool.service", "/usr/sbin/toold"), group("web.service", "/usr/lib64/lib.so.1"),
                  group("other.service", "/usr/bin/other")}}});
  const auto question = kAll +
                        "--installed --queryformat lib-0:1.0-1.noarch old-0:1.0-1.noarch "
                        "tool-0:1.0-1.x86_64";
  dnf5_.answers[question] = "/usr/lib64/lib.so.1\n/usr/bin/oldd\n/usr/sbin/toold\n/usr/share/doc/tool\n";
  const auto whole = plan("tool", "2.0-1", "x86_64");
  EXPECT_THAT(whole->restarts, ElementsAre("tool.service", "web.service"));
  EXPECT_FALSE(whole->restarts_incomplete);
  dnf5_.failures[question] = {1, "", "cannot be read"};
  const auto without_files = plan("tool", "2.0-1", "x86_64");
  ASSERT_TRUE(without_files) << without_files.error().text;
  EXPECT_THAT(without_files->restarts, IsEmpty());
  EXPECT_TRUE(without_files->restarts_incomplete) << "others may have to be restarted";
}

TEST_F(Dnf5Plan, says_that_it_may_not_name_every_service_where_the_answer_was_cut) {
  fake_.local_answers["/in-use"] = R"({"groups":[],"is_cut":true})";
  EXPECT_TRUE(plan("tool", "2.0-1", "x86_64")->restarts_incomplete);
  fake_.local_answers["/in-use"] = R"({"groups":[],"is_cut":false})";
  EXPECT_FALSE(plan("tool", "2.0-1", "x86_64")->restarts_incomplete);
}

TEST_F(Dnf5Plan, asks_for_no_files_where_nobody_says_who_uses_them) {
  ASSERT_TRUE(plan("tool", "2.0-1", "x86_64"));
  for (const auto& question : dnf5_.asked)
    EXPECT_THAT(question, testing::Not(HasSubstr("--installed --queryformat lib")));
}

TEST_F(Dnf5Plan, of_a_kernel_that_comes_beside_the_older_ones_says_what_its_advisories_say) {
  offer("kernel-x-0:6.2-1.x86_64", "kernel-x\tx86_64\t6.2-1\tbase\tkernel-x-6.2-1.src.rpm\t5500\t0\n");
  answer("upgrade kernel-x-0:6.2-1.x86_64", recorded("plan_kernel.txt"), "Operation aborted by the user.\n");
  for (const auto& [version, category] :
       std::map<std::string, std::string>{{"6.1-1", "unknown"}, {"6.2-1", "security"}}) {
    auto advisories = Json::parse(recorded("advisory_info.json"));
    advisories[0]["collections"]["packages"] = Json::array({"kernel-x-" + version + ".x86_64"});
    dnf5_.answers["advisory info --available --json"] = dumpJson(advisories);
    const auto made = plan("kernel-x", "6.2-1", "x86_64");
    ASSERT_TRUE(made) << made.error().text;
    ASSERT_THAT(made->steps, SizeIs(2));
    EXPECT_EQ(made->steps[0].operation, "install");
    EXPECT_EQ(made->steps[0].category, category) << version;
  }
}

TEST_F(Dnf5Plan, is_written_down_as_dnf5_itself_would) {
  const auto rowsOf = [](const Json& transaction) {
    std::vector<std::string> rows;
    for (const auto& rpm : transaction.at("rpms")) {
      auto repository = rpm.at("repo_id").get<std::string>();
      if (repository == "@stored_transaction(base)") repository = "base";
      rows.push_back(rpm.at("action").get<std::string>() + " " + rpm.at("nevra").get<std::string>() + " " +
                     rpm.at("reason").get<std::string>() + " " + repository);
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  const auto made = plan("tool", "2.0-1", "x86_64");
  ASSERT_TRUE(made) << made.error().text;
  const auto ours = dnf5::toReplay(*made);
  const auto theirs = Json::parse(recorded("plan_stored.json"));
  EXPECT_EQ(rowsOf(ours), rowsOf(theirs));
  EXPECT_EQ(ours.at("version"), theirs.at("version"));
}

TEST_F(Dnf5Plan, is_refused_with_what_dnf5_says) {
  answer("upgrade tool-0:2.0-1.x86_64", "", recorded("plan_locked.txt"));
  EXPECT_EQ(codeOf("tool", "2.0-1", "x86_64"), "dnf5.held");
  offer("need-0:2.0-1.x86_64", "need\tx86_64\t2.0-1\tbase\tneed-2.0-1.src.rpm\t5000\t0\n");
  answer("upgrade need-0:2.0-1.x86_64", "", recorded("plan_unresolvable.txt"));
  EXPECT_EQ(codeOf("need", "2.0-1", "x86_64"), "dnf5.unresolvable");
  const auto why = plan("need", "2.0-1", "x86_64").error().text;
  EXPECT_THAT(why, HasSubstr("nothing provides nobody-has-this"));
  EXPECT_THAT(why, testing::Not(HasSubstr("command line")));
  offer("stranger-0:1.0-1.x86_64", "stranger\tx86_64\t1.0-1\tbase\tstranger-1.0-1.src.rpm\t5000\t0\n");
  answer("upgrade stranger-0:1.0-1.x86_64", "", recorded("plan_not_installed.txt"));
  EXPECT_EQ(codeOf("stranger", "1.0-1", "x86_64"), "dnf5.not_installed");
  answer("upgrade tool-0:2.0-1.x86_64", "", "cannot open the cache");
  EXPECT_EQ(codeOf("tool", "2.0-1", "x86_64"), "dnf5.failed");
}

TEST_F(Dnf5Plan, is_refused_without_asking_where_the_version_says_it_all) {
  EXPECT_EQ(codeOf("tool", "0.9-1", "x86_64"), "dnf5.newer_installed");
  EXPECT_EQ(codeOf("tool", "2.0-1", "x86_64", true), "dnf5.nothing_to_undo");
  EXPECT_TRUE(plan("tool", "1.0-1", "x86_64")->steps.empty());
  EXPECT_EQ(codeOf("tool", "1.0-1", "x86_64", true), "dnf5.nothing_to_undo");
  offer("tool-0:9.0-1.x86_64", "");
  EXPECT_EQ(codeOf("tool", "9.0-1", "x86_64"), "dnf5.version_gone");
}

TEST_F(Dnf5Plan, does_not_go_back_to_a_kernel_that_is_still_there) {
  const auto made = plan("kernel-x", "6.0-1", "x86_64", true);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, "dnf5.nothing_to_undo");
  EXPECT_EQ(made.error().text, "kernel-x.x86_64 6.0-1: it is installed, and 6.1-1 beside it, which stays");
}

TEST_F(Dnf5Plan, is_refused_where_it_lacks_what_was_ordered) {
  offer("lib-0:3.0-1.noarch", "lib\tnoarch\t3.0-1\tbase\tlib-3.0-1.src.rpm\t5000\t0\n");
  answer("upgrade lib-0:3.0-1.noarch", recorded("plan_closure.txt"), "");
  EXPECT_EQ(codeOf("lib", "3.0-1", "noarch"), "dnf5.unresolvable");
}

TEST(Dnf5Request, has_no_words_that_dnf5_takes_for_something_else) {
  const auto request = [](const std::string& name, const std::string& version) {
    return dnf5::parseRequest(
        dumpJson({{"updates", {{{"name", name}, {"arch", "x86_64"}, {"version", version}}}}}), false);
  };
  EXPECT_TRUE(request("gcc-c++", "2:14.2.1-3.fc41"));
  for (const auto* odd : {"-x", "--nogpgcheck", "a b", "@core", "to*", "./a", ""})
    EXPECT_FALSE(request(odd, "1-1")) << odd;
  EXPECT_FALSE(request("a", "-1"));
}

std::string aboutKeys(const std::string& file) {
  std::istringstream lines(recorded(file));
  std::string about;
  for (std::string line; std::getline(lines, line);)
    if (dnf5::mentionsKeys(line)) about += line + "\n";
  return dnf5::sentenceOnMissingKeys(about);
}

TEST(Dnf5Keys, that_are_missing_are_told_from_signatures_that_are) {
  EXPECT_THAT(aboutKeys("replay_without_key.txt"), HasSubstr("has no key for epoch-2:0.5-1.x86_64"));
  EXPECT_EQ(aboutKeys("replay_unsigned.txt"), "");
  EXPECT_EQ(aboutKeys("replay.txt"), "");
}

TEST(Dnf5Keys, are_found_in_lines_of_any_length) {
  const std::string begin = "OpenPGP check for package \"tool-2-1.x86_64\" ";
  EXPECT_TRUE(
      dnf5::mentionsKeys(begin + std::string(300'000, 'x') + " has failed: Public key is not installed"));
  EXPECT_FALSE(dnf5::mentionsKeys(begin + std::string(300'000, 'x')));
  EXPECT_FALSE(dnf5::mentionsKeys("OpenPGP check for package \"" + std::string(300'000, 'x')));
  EXPECT_EQ(dnf5::sentenceOnMissingKeys(begin + "is fine\nhas failed: Public key is not installed\n"), "");
}

TEST(Dnf5History, has_a_newest_transaction) {
  EXPECT_EQ(dnf5::parseNewestTransaction(Json::parse(recorded("history_list.json"))).value_or(-1), 3);
  EXPECT_EQ(dnf5::parseNewestTransaction(Json::array()).value_or(-1), 0);
  EXPECT_FALSE(dnf5::parseNewestTransaction(Json::object()));
}

}  // namespace
}  // namespace redflag::test
