// A sealed host of a real plugin asks; a scripted service stands for the engine.
#include "reads/read_desk.h"

#include <gmock/gmock.h>
#include <pthread.h>

#include "scripted_service.h"
#include "supervisor/plugin_catalog.h"
#include "supervisor/supervisor.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

class Desk : public testing::Test {
 protected:
  std::string socket() const { return (folder.path() / "engine.sock").string(); }

  // `question`: "SOCKET TARGET".
  RunOutcome ask(const std::string& question, std::vector<std::string> capabilities) const {
    RunRequest request;
    request.manifest = host::loadManifest(REDFLAG_BUILD "/test_plugins", "test.moody").value();
    request.interface_id = kScannerInterface;
    request.operation = "scan";
    request.settings = {{"mode", "ask"}, {"argument", question}};
    request.capabilities = std::move(capabilities);
    request.limits = defaultConfig().limits;
    request.limits.time_ns = 2 * kSecondNs;
    return Supervisor(std::make_shared<DirectStarter>(REDFLAG_BUILD "/bin/redflag-host"), 5 * kSecondNs)
        .run(request);
  }
  RunOutcome ask(const std::string& target) const {
    return ask(socket() + " " + target, {"http:unix:" + socket()});
  }
  static std::string denial(const RunOutcome& outcome) {
    for (const auto& report : outcome.reports)
      if (report.code == "service.denied") return report.text;
    return "no denial";
  }
  static Json fact(const RunOutcome& outcome, std::size_t index) {
    return outcome.records.size() > index ? Json::parse(outcome.records[index]).at("value")
                                          : Json(outcome.status + ": " + outcome.end().text);
  }

  test::TemporaryFolder folder;
};

TEST_F(Desk, asks_the_engine_for_a_plugin_that_has_no_sockets) {
  test::ScriptedService engine(socket(),
                               {{"HTTP/1.0 200 OK\r\n\r\n{\"Config\":{\"Env\":[\"P=1\"],\"X\":1}}"}});
  const auto outcome = ask("/containers/web/json");
  EXPECT_EQ(fact(outcome, 0), 200);
  EXPECT_EQ(fact(outcome, 1), R"({"Config":{"X":1}})");
  EXPECT_TRUE(outcome.walls.at("network"));
}

TEST_F(Desk, hands_on_that_something_is_not_there) {
  test::ScriptedService engine(socket(), {{"HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"no such image\"}"}});
  EXPECT_EQ(fact(ask("/images/x/json"), 0), 404);
}

TEST_F(Desk, answers_only_at_sockets_that_were_granted) {
  test::ScriptedService engine(socket(), {});
  const auto outcome = ask(socket() + " /version", {"http:unix:/run/other.sock"});
  EXPECT_EQ(outcome.status, "denied");
  EXPECT_THAT(denial(outcome), HasSubstr("http:unix:" + socket()));
  EXPECT_EQ(ask(socket() + " /version", {}).status, "denied");
  EXPECT_TRUE(engine.asked().empty());
}

TEST_F(Desk, says_which_processes_run_replaced_code_what_is_executed_and_nothing_else_about_processes) {
  const auto outcome = ask("/proc /outdated", {"http:unix:/proc"});
  EXPECT_EQ(fact(outcome, 0), 200);
  const Json said = Json::parse(fact(outcome, 1).get<std::string>(), nullptr, false);
  EXPECT_TRUE(said.is_object() && said.at("processes").is_array() && said.at("is_cut") == false) << said;
  const auto used = ask("/proc /in-use", {"http:unix:/proc"});
  const Json groups = Json::parse(fact(used, 1).get<std::string>(), nullptr, false);
  EXPECT_TRUE(groups.is_object() && groups.at("groups").is_array() && groups.at("is_cut") == false) << groups;
  for (const char* other : {"/1/environ", "/self/mem", "/outdated/", "/outdated?pid=1", "/version"})
    EXPECT_EQ(ask(std::string("/proc ") + other, {"http:unix:/proc"}).status, "denied") << other;
  EXPECT_EQ(ask("/proc /outdated", {"http:unix:" + socket()}).status, "denied");
}

TEST_F(Desk, asks_nothing_that_is_not_on_its_list) {
  test::ScriptedService engine(socket(), {});
  const auto outcome = ask("/containers/web/export");
  EXPECT_EQ(outcome.status, "denied");
  EXPECT_THAT(denial(outcome), HasSubstr("GET /containers/web/export is not among the reads"));
  EXPECT_TRUE(engine.asked().empty());
}

TEST_F(Desk, says_what_became_of_an_engine_that_answers_badly) {
  {
    test::ScriptedService engine(socket(), {{"HTTP/1.0 200 OK\r\n\r\n{\"a\":1,\"a\":2}"}});
    EXPECT_EQ(ask("/version").status, "transient");
  }
  {
    test::ScriptedService engine(socket(), {{"HTTP/1.0 200 OK\r\n\r\n" + std::string(5U << 20U, 'x')}});
    EXPECT_EQ(ask("/version").status, "limit");
  }
  EXPECT_EQ(ask("/version").status, "not_applicable");
}

TEST_F(Desk, does_not_outlive_a_run_whose_engine_is_silent) {
  test::ScriptedService engine(socket(), {{"", true}});
  const auto before = monotonicNow();
  EXPECT_THAT(ask("/version").status, testing::AnyOf("limit", "cancelled"));
  EXPECT_LT(monotonicNow() - before, 20 * kSecondNs);  // the engine is silent for ever
}

// Past the service, which checks first: a plugin may write to the descriptor itself.
TEST_F(Desk, believes_nothing_that_comes_over_the_descriptor) {
  test::ScriptedService engine(socket(), {});
  const auto say = [&](const std::string& message) {
    const auto desk = ReadDesk::open({"http:unix:" + socket()}).value();
    platform::SpawnOptions options;
    desk->giveTo(options);
    platform::LocalStream stream(platform::Descriptor(::dup(options.descriptors.at(0).second)));
    EXPECT_TRUE(desk->begin());
    EXPECT_TRUE(stream.send(message, kSecondNs));
    const auto answer = stream.receive(10'000, 5 * kSecondNs);
    return answer && *answer ? **answer : std::string("closed");
  };
  const auto question = [&](const std::string& at, const std::string& target) {
    return dumpJson({{"socket", at}, {"target", target}, {"max_bytes", 10}, {"timeout_ms", 100}});
  };
  EXPECT_THAT(say(question("/run/other.sock", "/version")), HasSubstr("denied"));
  EXPECT_THAT(say(question(socket(), "/containers/x/logs")), HasSubstr("denied"));
  EXPECT_THAT(say(question(socket(), "/version HTTP/1.0\r\nX: ")), HasSubstr("denied"));
  EXPECT_EQ(say("{"), "closed");
  EXPECT_EQ(say(R"({"socket":"/a","target":"/version","max_bytes":99999999,"timeout_ms":1})"), "closed");
  EXPECT_EQ(say(R"({"socket":"/a","target":"/version","max_bytes":1,"timeout_ms":1,"method":"POST"})"),
            "closed");
  EXPECT_TRUE(engine.asked().empty());
}

// As on a machine, or below a limit, that has no room for the stack of another one.
class NoRoomForThreads {
 public:
  NoRoomForThreads() {
    pthread_attr_t vast;
    EXPECT_EQ(::pthread_getattr_default_np(&before_), 0);
    EXPECT_EQ(::pthread_attr_init(&vast), 0);
    EXPECT_EQ(::pthread_attr_setstacksize(&vast, std::size_t{1} << 60U), 0);
    EXPECT_EQ(::pthread_setattr_default_np(&vast), 0);
    ::pthread_attr_destroy(&vast);
  }
  ~NoRoomForThreads() {
    EXPECT_EQ(::pthread_setattr_default_np(&before_), 0);
    ::pthread_attr_destroy(&before_);
  }
  NoRoomForThreads(const NoRoomForThreads&) = delete;
  NoRoomForThreads& operator=(const NoRoomForThreads&) = delete;

 private:
  pthread_attr_t before_;
};

TEST_F(Desk, without_room_for_its_thread_ends_the_run_and_blames_no_plugin) {
  const auto outcome = [&] {
    const NoRoomForThreads none;
    return ask("/version");
  }();
  EXPECT_EQ(outcome.status, "transient");
  EXPECT_EQ(outcome.run_class, RunClass::kNeutral);
  EXPECT_EQ(outcome.end().code, "run.not_started");
  EXPECT_THAT(outcome.end().text, HasSubstr("no room for a thread"));
  test::ScriptedService engine(socket(), {{"HTTP/1.0 200 OK\r\n\r\n{}"}});
  EXPECT_EQ(fact(ask("/version"), 0), 200) << "and goes on where there is";
}

TEST(NoDesk, is_there_for_a_plugin_without_sockets) {
  EXPECT_EQ(ReadDesk::open({"read:/", "net:any"}).value(), nullptr);
}

}  // namespace
}  // namespace redflag::kernel
