// Second factors, proofs and one's own sessions, through the whole front.

#include <gtest/gtest.h>

#include <thread>

#include "auth/totp.h"
#include "people_fixture.h"

namespace redflag::auth {
namespace {

class SecondFactorTest : public PeopleTest {
 protected:
  Reply post(const Browser& browser, const std::string& path, const Json& body = Json::object()) {
    return send("POST", path, as(browser), body);
  }

  // With the secret an app would have.
  std::vector<std::string> enable(const Browser& browser) {
    const Reply begun = post(browser, kFactor);
    EXPECT_EQ(begun.status, 201);
    secret_ = fromBase32(Json::parse(begun.body)["secret"]);
    EXPECT_EQ(Json::parse(begun.body)["uri"], otpauthUri(secret_, "RedFlag", "alex"));
    const Reply confirmed = post(browser, kFactor + "/confirm", {{"code", codeNow()}});
    EXPECT_EQ(confirmed.status, 201);
    clock_.pass(30);  // the code that confirmed is spent
    return Json::parse(confirmed.body)["recovery_codes"].get<std::vector<std::string>>();
  }

  static std::string fromBase32(const std::string& text) {
    std::string out;
    std::uint32_t waiting = 0;
    unsigned bits = 0;
    for (const char c : text) {
      waiting = waiting << 5U | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
      bits += 5;
      if (bits >= 8) out += static_cast<char>(waiting >> (bits -= 8) & 255U);
    }
    return out;
  }

  std::string codeNow() const { return totpCode(secret_, totpStep(clock_.epochNs())); }
  static std::string wrong(const std::string& code) {
    return code.substr(0, 5) + (code.back() == '0' ? '1' : '0');
  }

  // The second step of a sign-in.
  std::pair<int, Browser> enter(const Browser& half, const std::string& code) {
    return begin("/api/v1/session/second-factor", {{"code", code}}, "Cookie: " + half.pending + "\r\n");
  }

  std::size_t noted(const std::string& kind) const {
    return static_cast<std::size_t>(std::count_if(store_.notices.begin(), store_.notices.end(),
                                                  [&](const Notice& each) { return each.kind == kind; }));
  }

  const std::string kFactor = "/api/v1/account/second-factor";
  std::string secret_;
};

TEST_F(SecondFactorTest, asks_for_the_code_before_there_is_a_session) {
  addUser("alex", "admin");
  enable(signIn("alex", kPassword).second);
  const auto [status, half] = signIn("alex", kPassword);
  EXPECT_EQ(status, 202);
  EXPECT_TRUE(half.cookie.empty());
  ASSERT_FALSE(half.pending.empty());
  EXPECT_EQ(send("GET", "/api/v1/session", "Cookie: " + half.pending + "\r\n").status, 401);
  EXPECT_EQ(enter(half, wrong(codeNow())).first, 401);
  EXPECT_EQ(noted("sign_in.code"), 1U);
  const auto [entered, browser] = enter(half, codeNow());
  EXPECT_EQ(entered, 200);
  EXPECT_EQ(send("GET", "/api/v1/session", as(browser)).status, 200);
  EXPECT_EQ(enter(half, codeNow()).first, 401) << "the first step counts once";
}

TEST_F(SecondFactorTest, takes_no_code_twice) {
  addUser("alex", "viewer");
  enable(signIn("alex", kPassword).second);
  const std::string code = codeNow();
  EXPECT_EQ(enter(signIn("alex", kPassword).second, code).first, 200);
  EXPECT_EQ(enter(signIn("alex", kPassword).second, code).first, 401);
  clock_.pass(30);
  EXPECT_EQ(enter(signIn("alex", kPassword).second, code).first, 401) << "within its window still";
  EXPECT_EQ(enter(signIn("alex", kPassword).second, codeNow()).first, 200);
}

TEST_F(SecondFactorTest, takes_one_code_once_whoever_races) {
  addUser("alex", "viewer");
  enable(signIn("alex", kPassword).second);
  const Browser halves[] = {signIn("alex", kPassword).second, signIn("alex", kPassword).second,
                            signIn("alex", kPassword).second};
  std::atomic<int> entered{0};
  std::vector<std::thread> threads;
  for (const Browser& half : halves) {
    threads.emplace_back([&] {
      if (enter(half, codeNow()).first == 200) ++entered;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(entered, 1);
}

TEST_F(SecondFactorTest, the_first_step_ends_by_time_by_tries_and_with_the_password) {
  addUser("alex", "viewer");
  enable(signIn("alex", kPassword).second);
  const Browser late = signIn("alex", kPassword).second;
  clock_.pass(301);
  EXPECT_EQ(enter(late, codeNow()).first, 401);
  const Browser tried = signIn("alex", kPassword).second;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(enter(tried, wrong(codeNow())).first, 401);
  EXPECT_EQ(enter(tried, codeNow()).first, 401);
  const Browser changed = signIn("alex", kPassword).second;
  store_.users.at("alex").password_hash = passwords_.hash("another password by now");
  EXPECT_EQ(enter(changed, codeNow()).first, 401);
  EXPECT_EQ(begin("/api/v1/session/second-factor", {{"code", codeNow()}}).first, 401) << "without any";
}

TEST_F(SecondFactorTest, wrong_codes_are_slowed_down_like_wrong_passwords) {
  addUser("alex", "viewer");
  enable(signIn("alex", kPassword).second);
  int tried = 0;
  int status = 401;
  while (status == 401 && tried < 50) {
    const auto [first, half] = signIn("alex", kPassword);
    status = first == 202 ? enter(half, wrong(codeNow())).first : first;
    ++tried;
  }
  EXPECT_EQ(status, 429);
  EXPECT_LE(tried, 11);
  EXPECT_EQ(noted("sign_in.throttled"), 1U);
}

TEST_F(SecondFactorTest, a_recovery_code_works_once_in_any_spelling) {
  addUser("alex", "viewer");
  const auto codes = enable(signIn("alex", kPassword).second);
  ASSERT_EQ(codes.size(), 10U);
  EXPECT_EQ((std::set<std::string>(codes.begin(), codes.end())).size(), 10U);
  EXPECT_EQ(enter(signIn("alex", kPassword).second, codes[0]).first, 200);
  EXPECT_EQ(enter(signIn("alex", kPassword).second, codes[0]).first, 401);
  std::string typed = codes[1];
  std::erase(typed, '-');
  for (char& c : typed)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto [status, browser] = enter(signIn("alex", kPassword).second, " " + typed + " ");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(Json::parse(send("GET", kFactor, as(browser)).body)["recovery_codes_left"], 8);
  EXPECT_EQ(noted("second_factor.recovery_code"), 2U);
}

TEST_F(SecondFactorTest, the_store_holds_nothing_that_makes_a_code) {
  addUser("alex", "viewer");
  const auto codes = enable(signIn("alex", kPassword).second);
  const std::string user_id = store_.users.at("alex").id;
  const std::string sealed = store_.factors.at(user_id).sealed_secret;
  EXPECT_EQ(sealed.find(secret_), std::string::npos);
  EXPECT_EQ(sealed.find(toBase32(secret_)), std::string::npos);
  for (const auto& code : codes)
    EXPECT_FALSE(store_.recovery.at(user_id).contains(code));
  // Nor does a stolen database with a key of the thief's own; a recovery code still works there.
  SecondFactor elsewhere(store_, clock_, std::string(32, 'x'), {});
  EXPECT_THROW(elsewhere.accepts({user_id, "alex"}, codeNow()), http::Problem);
  EXPECT_TRUE(elsewhere.accepts({user_id, "alex"}, codes[0]));
}

TEST_F(SecondFactorTest, a_sealed_secret_is_its_owners_alone) {
  addUser("alex", "viewer");
  addUser("sam", "viewer");
  enable(signIn("alex", kPassword).second);
  const std::string sam = store_.users.at("sam").id;
  store_.factors[sam] = store_.factors.at(store_.users.at("alex").id);
  EXPECT_THROW(factor_.accepts({sam, "sam"}, codeNow()), http::Problem);
}

TEST_F(SecondFactorTest, counts_only_when_it_was_confirmed) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  EXPECT_EQ(post(browser, kFactor + "/confirm", {{"code", "123456"}}).status, 409);
  ASSERT_EQ(post(browser, kFactor).status, 201);
  EXPECT_EQ(signIn("alex", kPassword).first, 200) << "begun is not set up";
  const Reply begun = post(browser, kFactor);
  secret_ = fromBase32(Json::parse(begun.body)["secret"]);
  const Reply refused = post(browser, kFactor + "/confirm", {{"code", wrong(codeNow())}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(Json::parse(refused.body)["field"], "code");
  const auto other = signIn("alex", kPassword).second;
  EXPECT_EQ(post(browser, kFactor + "/confirm", {{"code", codeNow()}}).status, 201);
  EXPECT_EQ(send("GET", "/api/v1/session", as(browser)).status, 200);
  EXPECT_EQ(send("GET", "/api/v1/session", as(other)).status, 401) << "it never showed a code";
  EXPECT_EQ(post(browser, kFactor).status, 409) << "a second one does not replace it";
  EXPECT_EQ(noted("second_factor.on"), 1U);
}

TEST_F(SecondFactorTest, is_turned_off_with_password_and_code) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  enable(browser);
  const auto off = [&](const std::string& password, const std::string& code) {
    return post(browser, kFactor + "/off", {{"password", password}, {"code", code}}).status;
  };
  EXPECT_EQ(off("wrong wrong wrong", codeNow()), 422);
  EXPECT_EQ(off(kPassword, wrong(codeNow())), 422);
  EXPECT_TRUE(factor_.enabled(store_.users.at("alex").id));
  EXPECT_EQ(off(kPassword, codeNow()), 204);
  EXPECT_EQ(signIn("alex", kPassword).first, 200);
  EXPECT_EQ(off(kPassword, codeNow()), 409);
  EXPECT_EQ(noted("second_factor.off"), 1U);
}

TEST_F(SecondFactorTest, new_recovery_codes_end_the_ones_before) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  const auto old = enable(browser);
  EXPECT_EQ(post(browser, kFactor + "/recovery-codes", {{"code", wrong(codeNow())}}).status, 422);
  const Reply renewed = post(browser, kFactor + "/recovery-codes", {{"code", codeNow()}});
  ASSERT_EQ(renewed.status, 201);
  const std::string fresh = Json::parse(renewed.body)["recovery_codes"][0];
  EXPECT_EQ(enter(signIn("alex", kPassword).second, old[0]).first, 401);
  EXPECT_EQ(enter(signIn("alex", kPassword).second, fresh).first, 200);
}

TEST_F(SecondFactorTest, an_admin_takes_away_what_another_lost_and_it_is_written_down) {
  addUser("alex", "viewer");
  addUser("sam", "admin");
  const auto alex = signIn("alex", kPassword).second;
  enable(alex);
  const auto sam = signIn("sam", kPassword).second;
  const std::string path = "/api/v1/users/" + store_.users.at("alex").id + "/second-factor/reset";
  EXPECT_EQ(post(alex, path).status, 403);
  EXPECT_TRUE(factor_.enabled(store_.users.at("alex").id));
  EXPECT_EQ(post(sam, path).status, 204);
  EXPECT_EQ(send("GET", "/api/v1/session", as(alex)).status, 401) << "the sessions end, too";
  EXPECT_EQ(signIn("alex", kPassword).first, 200);
  ASSERT_EQ(noted("second_factor.reset"), 1U);
  EXPECT_EQ(post(sam, path).status, 409);
  EXPECT_EQ(post(sam, "/api/v1/users/" + newId() + "/second-factor/reset").status, 404);
  EXPECT_EQ(post(sam, "/api/v1/users/" + store_.users.at("sam").id + "/second-factor/reset").status, 409);
}

TEST_F(SecondFactorTest, a_role_that_needs_one_may_do_nothing_but_set_it_up) {
  addUser("alex", "admin");
  addUser("sam", "viewer");
  Gate gate(store_, signatures_, sessions_, tokens_, "", {"admin"}, &alarms_);
  const auto admitted = [&](const Browser& browser, http::Permission permission) {
    http::RequestHead head;
    head.method = "GET";
    head.headers["cookie"] = browser.cookie;
    try {
      gate.admit(head, permission, "");
      return std::string("yes");
    } catch (const http::Problem& problem) {
      return problem.code;
    }
  };
  const auto alex = signIn("alex", kPassword).second;
  const auto sam = signIn("sam", kPassword).second;
  EXPECT_EQ(admitted(alex, http::Permission::kViewer), "session.second_factor_required");
  EXPECT_EQ(admitted(alex, http::Permission::kAdmin), "session.second_factor_required");
  EXPECT_EQ(admitted(alex, http::Permission::kMetrics), "session.second_factor_required");
  EXPECT_EQ(admitted(alex, http::Permission::kSignedIn), "yes");
  EXPECT_EQ(admitted(sam, http::Permission::kViewer), "yes");
  enable(alex);
  EXPECT_EQ(admitted(alex, http::Permission::kAdmin), "yes");
}

TEST_F(SecondFactorTest, what_needs_a_proof_is_refused_five_minutes_after_the_last) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  clock_.pass(300);
  EXPECT_EQ(post(browser, kFactor).status, 201);
  clock_.pass(1);
  const Reply refused = post(browser, kFactor);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(code(refused), "session.step_up_required");
  const std::string step_up = "/api/v1/session/step-up";
  EXPECT_EQ(post(browser, step_up, {{"password", "wrong wrong wrong"}}).status, 422);
  EXPECT_EQ(post(browser, step_up).status, 422);
  EXPECT_EQ(post(browser, kFactor).status, 403);
  EXPECT_EQ(noted("password.wrong"), 1U);
  EXPECT_EQ(post(browser, step_up, {{"password", kPassword}}).status, 204);
  EXPECT_EQ(post(browser, kFactor).status, 201);
}

TEST_F(SecondFactorTest, who_has_one_proves_by_a_code_and_by_no_password) {
  addUser("alex", "admin");
  addUser("sam", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  enable(browser);
  clock_.pass(301);
  const std::string step_up = "/api/v1/session/step-up";
  const std::string path = "/api/v1/users/" + store_.users.at("sam").id + "/second-factor/reset";
  EXPECT_EQ(post(browser, step_up, {{"password", kPassword}}).status, 422);
  EXPECT_EQ(code(post(browser, path)), "session.step_up_required");
  const std::string given = codeNow();
  EXPECT_EQ(post(browser, step_up, {{"code", given}}).status, 204);
  EXPECT_EQ(code(post(browser, path)), "second_factor.not_set") << "it came through";
  clock_.pass(20);
  EXPECT_EQ(post(browser, step_up, {{"code", given}}).status, 422) << "a code proves once";
}

TEST_F(SecondFactorTest, a_new_password_is_no_proof_of_who_has_one) {
  addUser("alex", "admin");
  addUser("sam", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  enable(browser);
  clock_.pass(301);
  const std::string path = "/api/v1/users/" + store_.users.at("sam").id + "/second-factor/reset";
  testing::TlsClient client(front_->port());
  const Json body = {{"old_password", kPassword}, {"new_password", "another long password"}};
  client.send(request("PUT", "/api/v1/session/password", as(browser) + "Content-Type: application/json\r\n",
                      body.dump()));
  const std::string head = client.readUntil("\r\n\r\n");
  ASSERT_TRUE(head.starts_with("HTTP/1.1 200")) << head;
  Browser changed;
  const auto at = head.find("Set-Cookie: __Host-redflag=") + 12;
  changed.cookie = head.substr(at, head.find(';', at) - at);
  changed.csrf = Json::parse(client.readUntil("\"}}"))["csrf_token"];
  EXPECT_EQ(send("GET", "/api/v1/session", as(changed)).status, 200);
  EXPECT_EQ(code(post(changed, path)), "session.step_up_required");
}

TEST_F(SecondFactorTest, people_see_their_sessions_and_end_them) {
  addUser("alex", "viewer");
  addUser("sam", "viewer");
  const auto here = signIn("alex", kPassword).second;
  const auto there = signIn("alex", kPassword).second;
  const auto sam = signIn("sam", kPassword).second;
  const Json items = Json::parse(send("GET", "/api/v1/account/sessions", as(here)).body)["items"];
  ASSERT_EQ(items.size(), 2U);
  const std::size_t other = items[0]["current"] == true ? 1 : 0;
  EXPECT_EQ(items[1 - other]["current"], true);
  EXPECT_EQ(items[other]["current"], false);
  EXPECT_EQ(items[other]["address"], "127.0.0.1");
  const std::string path = "/api/v1/account/sessions/" + std::string(items[other]["id"]);
  EXPECT_EQ(send("DELETE", path, as(sam)).status, 404) << "nobody ends another's";
  EXPECT_EQ(send("GET", "/api/v1/session", as(there)).status, 200);
  EXPECT_EQ(send("DELETE", path, as(here)).status, 204);
  EXPECT_EQ(send("GET", "/api/v1/session", as(there)).status, 401);
  EXPECT_EQ(send("DELETE", "/api/v1/account/sessions", as(here)).status, 204);
  EXPECT_EQ(send("GET", "/api/v1/session", as(here)).status, 401);
  EXPECT_EQ(send("GET", "/api/v1/session", as(sam)).status, 200);
  EXPECT_EQ(noted("session.ended_everywhere"), 1U);
}

TEST(Alarms, are_written_down_once_a_minute_for_each_source) {
  MemoryStore store;
  HandClock clock;
  Alarms alarms(store, clock);
  const Notice notice{"security", "nobody", "session.csrf", "x", "warning"};
  for (int i = 0; i < 100; ++i)
    alarms.raise("10.0.0.1", notice);
  EXPECT_EQ(store.notices.size(), 1U);
  alarms.raise("10.0.0.2", notice);
  clock.pass(60);
  alarms.raise("10.0.0.1", notice);
  EXPECT_EQ(store.notices.size(), 3U);
}

}  // namespace
}  // namespace redflag::auth
