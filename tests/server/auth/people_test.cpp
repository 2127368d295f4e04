// Sign-in, sessions and set-up through the whole front, as a browser meets them.

#include <gtest/gtest.h>

#include <thread>

#include "people_fixture.h"

namespace redflag::auth {
namespace {

TEST_F(PeopleTest, the_console_link_makes_the_first_administrator_once) {
  EXPECT_EQ(send("GET", "/api/v1/setup").status, 200);
  const Json body = {{"token", setup_.token()}, {"username", "Alex"}, {"password", kPassword}};
  const auto [status, browser] = begin("/api/v1/setup", body);
  EXPECT_EQ(status, 201);
  const Reply me = send("GET", "/api/v1/session", as(browser));
  EXPECT_EQ(Json::parse(me.body)["user"]["username"], "alex");
  EXPECT_EQ(Json::parse(me.body)["user"]["role"], "admin");
  EXPECT_EQ(begin("/api/v1/setup", body).first, 404);
}

TEST_F(PeopleTest, set_up_takes_no_other_token_and_stores_nothing_for_it) {
  for (const std::string& token : {std::string("guess"), std::string(), std::string(43, 'A')}) {
    const Json body = {{"token", token}, {"username", "eve"}, {"password", kPassword}};
    EXPECT_EQ(begin("/api/v1/setup", body).first, 401);
  }
  EXPECT_FALSE(store_.anyUser());
}

TEST_F(PeopleTest, A3_set_up_is_gone_in_every_spelling_once_there_is_a_user) {
  addUser("alex", "admin");
  for (const char* path : {"/api/v1/setup", "/api/v1/setup/", "/api/v1/setup/x", "//api/v1/setup",
                           "/api/v1//setup", "/api/v1/set%75p", "/api/v1/Setup", "/API/v1/setup",
                           "/api/v1/setup?x=1", "/api/v1/setup;x", "/api/v1/./setup", "/api/v1/setup%2F"}) {
    EXPECT_EQ(send("GET", path).status, 404) << path;
    const Json body = {{"token", setup_.token()}, {"username", "eve"}, {"password", kPassword}};
    EXPECT_EQ(send("POST", path, "", body).status, 404) << path;
  }
  EXPECT_EQ(store_.users.size(), 1U);
}

TEST(Setup, knows_its_screen_in_every_spelling) {
  for (const char* path : {"/setup", "/setup/", "//setup", "/Setup", "/setup/x"})
    EXPECT_TRUE(Setup::isSetupPath(path));
  for (const char* path : {"/", "/updates", "/setups", "/x/setup"})
    EXPECT_FALSE(Setup::isSetupPath(path));
}

TEST_F(PeopleTest, A3_one_of_many_at_once_becomes_the_first) {
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const Json body = {
          {"token", setup_.token()}, {"username", "u" + std::to_string(i)}, {"password", kPassword}};
      if (begin("/api/v1/setup", body).first == 201) ++made;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(store_.users.size(), 1U);
}

TEST_F(PeopleTest, a_wrong_name_and_a_wrong_password_look_the_same) {
  addUser("alex", "viewer");
  const Reply name = send("POST", "/api/v1/session", "", {{"username", "nobody"}, {"password", kPassword}});
  const Reply password =
      send("POST", "/api/v1/session", "", {{"username", "alex"}, {"password", "wrong wrong wrong"}});
  EXPECT_EQ(name.status, 401);
  EXPECT_EQ(password.status, 401);
  Json a = Json::parse(name.body);
  Json b = Json::parse(password.body);
  a.erase("request_id");
  b.erase("request_id");
  EXPECT_EQ(a, b);
}

TEST_F(PeopleTest, D9_signing_in_makes_a_new_session_and_ends_the_one_before) {
  addUser("alex", "viewer");
  const auto [first_status, first] = signIn("alex", kPassword);
  ASSERT_EQ(first_status, 200);
  const auto [second_status, second] = signIn("ALEX", kPassword, "Cookie: " + first.cookie + "\r\n");
  ASSERT_EQ(second_status, 200);
  EXPECT_NE(first.cookie, second.cookie);
  EXPECT_EQ(send("GET", "/api/v1/session", as(first)).status, 401);
  EXPECT_EQ(send("GET", "/api/v1/session", as(second)).status, 200);
}

TEST_F(PeopleTest, the_store_holds_nothing_that_signs_in) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  ASSERT_EQ(store_.sessions.size(), 1U);
  const std::string hash = store_.sessions.begin()->first;
  EXPECT_EQ(send("GET", "/api/v1/session", "Cookie: __Host-redflag=" + toBase64Url(hash) + "\r\n").status,
            401);
  EXPECT_EQ(store_.users.at("alex").password_hash.find(kPassword), std::string::npos);
}

TEST_F(PeopleTest, D9_signing_out_ends_the_session_at_once) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  const Reply out = send("DELETE", "/api/v1/session", as(browser));
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.headers.at("set-cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(send("GET", "/api/v1/session", as(browser)).status, 401);
}

TEST_F(PeopleTest, E9_a_session_is_idle_as_soon_as_any_although_the_clock_was_ahead) {
  addUser("alex", "viewer");
  const std::int64_t ahead = 40 * 24 * 3600;
  clock_.pass(ahead);
  const auto browser = signIn("alex", kPassword).second;
  clock_.pass(-ahead);
  EXPECT_EQ(send("GET", "/api/v1/session", as(browser)).status, 200);
  clock_.pass(12 * 3600 + 1);
  EXPECT_EQ(send("GET", "/api/v1/session", as(browser)).status, 401);
}

TEST_F(PeopleTest, a_session_ends_when_it_is_idle_and_in_the_end_anyway) {
  addUser("alex", "viewer");
  const auto idle = signIn("alex", kPassword).second;
  clock_.pass(12 * 3600 + 1);
  EXPECT_EQ(send("GET", "/api/v1/session", as(idle)).status, 401);
  const auto busy = signIn("alex", kPassword).second;
  EXPECT_EQ(store_.sessions.size(), 1U);  // the idle one was swept
  for (int hours = 0; hours < 160; hours += 8) {
    clock_.pass(8 * 3600);
    ASSERT_EQ(send("GET", "/api/v1/session", as(busy)).status, 200);
  }
  clock_.pass(8 * 3600);
  EXPECT_EQ(send("GET", "/api/v1/session", as(busy)).status, 401);
}

TEST_F(PeopleTest, a_session_in_use_is_noted_once_a_minute) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  for (int i = 0; i < 5; ++i)
    send("GET", "/api/v1/session", as(browser));
  EXPECT_EQ(store_.touches, 0);
  clock_.pass(61);
  for (int i = 0; i < 5; ++i)
    send("GET", "/api/v1/session", as(browser));
  EXPECT_EQ(store_.touches, 1);
}

TEST_F(PeopleTest, D8_a_change_needs_the_token_and_no_other_site_behind_it) {
  addUser("alex", "admin");
  const auto browser = signIn("alex", kPassword).second;
  const std::string cookie = "Cookie: " + browser.cookie + "\r\n";
  const auto post = [&](const std::string& headers) { return send("POST", "/api/v1/admin", headers).status; };
  EXPECT_EQ(post(as(browser)), 200);
  EXPECT_EQ(post(cookie), 403);
  EXPECT_EQ(post(cookie + "X-CSRF-Token: wrong\r\n"), 403);
  EXPECT_EQ(post(as(browser) + "Origin: https://localhost\r\n"), 200);
  EXPECT_EQ(post(as(browser) + "Origin: https://LOCALHOST:443\r\n"), 200);
  for (const char* origin : {"https://evil.example", "http://localhost", "null",
                             "https://localhost.evil.example", "https://localhost:8443"}) {
    EXPECT_EQ(post(as(browser) + "Origin: " + origin + "\r\n"), 403) << origin;
  }
  EXPECT_EQ(post(as(browser) + "Sec-Fetch-Site: cross-site\r\n"), 403);
  EXPECT_EQ(post(as(browser) + "Sec-Fetch-Site: same-site\r\n"), 403);
  EXPECT_EQ(post(as(browser) + "Sec-Fetch-Site: same-origin\r\n"), 200);
}

TEST_F(PeopleTest, nobody_signs_a_browser_in_from_another_site) {
  addUser("alex", "admin");
  EXPECT_EQ(signIn("alex", kPassword, "Origin: https://evil.example\r\n").first, 403);
}

TEST_F(PeopleTest, two_session_cookies_are_none) {
  addUser("alex", "viewer");
  const auto browser = signIn("alex", kPassword).second;
  EXPECT_EQ(
      send("GET", "/api/v1/session", "Cookie: " + browser.cookie + "; " + browser.cookie + "\r\n").status,
      401);
  EXPECT_EQ(send("GET", "/api/v1/session", "Cookie: theme=dark; " + browser.cookie + "\r\n").status, 200);
}

// Every route of the table × everybody who may ask.
TEST_F(PeopleTest, every_route_asks_for_its_permission) {
  const std::vector<std::string> roles = {"nobody", "viewer", "technician", "approver", "admin"};
  std::map<std::string, std::string> headers = {{"nobody", ""}};
  for (std::size_t i = 1; i < roles.size(); ++i) {
    addUser(roles[i], roles[i]);
    headers[roles[i]] = as(signIn(roles[i], kPassword).second);
  }
  const auto needed = [](http::Permission permission) -> std::size_t {
    switch (permission) {
      case http::Permission::kSignedIn:
      case http::Permission::kViewer:
        return 1;
      case http::Permission::kTechnician:
        return 2;
      case http::Permission::kApprover:
        return 3;
      default:
        return 4;
    }
  };
  std::size_t asked = 0;
  for (const http::Route& route : *routes_) {
    if (route.permission == http::Permission::kAnyone || route.method == "DELETE") continue;
    for (std::size_t level = 0; level < roles.size(); ++level) {
      testing::TlsClient client(front_->port());
      client.send(request(route.method, route.path, headers[roles[level]]));
      const int status = client.reply(false).status;
      const bool for_agents = route.path.starts_with("/agent/");
      const int expected = for_agents || level == 0 ? 401 : level >= needed(route.permission) ? 0 : 403;
      // Past the gate it is the handler's affair what it makes of an empty body.
      EXPECT_EQ(status == 401 || status == 403 ? status : 0, expected)
          << route.method << ' ' << route.path << " as " << roles[level];
      ++asked;
    }
  }
  EXPECT_EQ(asked, 22U * 5);
}

TEST_F(PeopleTest, metrics_are_for_the_token_or_an_administrator) {
  const auto status = [&](const std::string& headers) { return send("GET", "/metrics", headers).status; };
  addUser("alex", "admin");
  const auto admin = signIn("alex", kPassword).second;
  EXPECT_EQ(status("Authorization: Bearer the-token-of-the-monitoring\r\n"), 200);
  EXPECT_EQ(status(as(admin)), 200);
  EXPECT_EQ(status(""), 401);
  for (const char* wrong : {"the-token-of-the-monitoring", "Bearer", "Bearer the-token-of-the-monitorin",
                            "Bearer the-token-of-the-monitoringx", "bearer x", "Basic YTpi"}) {
    EXPECT_EQ(status("Authorization: " + std::string(wrong) + "\r\n"), 401) << wrong;
    EXPECT_EQ(status(as(admin) + "Authorization: " + wrong + "\r\n"), 401)
        << "whoever shows a token is judged by it";
  }
  EXPECT_EQ(send("GET", "/api/v1/viewer", "Authorization: Bearer the-token-of-the-monitoring\r\n").status,
            401)
      << "it opens nothing else";
}

TEST_F(PeopleTest, a_gate_without_a_token_takes_none) {
  Gate gate(store_, signatures_, sessions_, tokens_);
  http::RequestHead head;
  head.method = "GET";
  for (const char* shown : {"Bearer ", "Bearer"}) {
    head.headers["authorization"] = shown;
    EXPECT_THROW(gate.admit(head, http::Permission::kMetrics, ""), http::Problem);
  }
}

TEST_F(PeopleTest, a_service_account_shows_a_token_instead_of_a_session) {
  const std::string secret = ApiTokens::newSecret();
  const std::string hash = ApiTokens::hashOf(secret);
  store_.tokens[hash] = {
      hash, "id", "script", http::Grants::everywhere("technician"), clock_.epochNs() + 60 * kSecondNs, 0};
  const std::string shown = "Authorization: Bearer " + secret + "\r\n";
  EXPECT_EQ(send("GET", "/api/v1/technician", shown).body, "\"script\"");
  EXPECT_EQ(send("POST", "/api/v1/technician", shown).status, 200) << "there is no page to be protected from";
  EXPECT_EQ(send("GET", "/api/v1/admin", shown).status, 403);
  EXPECT_EQ(send("GET", "/metrics", shown).status, 403);
  EXPECT_EQ(code(send("POST", "/agent/v1/upload", shown)), "signature.invalid");
  EXPECT_EQ(store_.touches, 1) << "its use is noted once a minute";
  EXPECT_EQ(code(send("DELETE", "/api/v1/session", shown)), "session.people_only");
  addUser("alex", "admin");
  const auto browser = signIn("alex", kPassword).second;
  EXPECT_EQ(send("GET", "/api/v1/admin", shown + as(browser)).status, 403) << "cookies do not count then";
  EXPECT_EQ(code(send("GET", "/api/v1/admin", "Authorization: Bearer rf_x\r\n" + as(browser))),
            "token.invalid");
  EXPECT_EQ(send("GET", "/api/v1/admin", "Authorization: Basic Og==\r\n" + as(browser)).status, 200)
      << "what a proxy asks for is not meant for us";
  clock_.pass(60);
  EXPECT_EQ(code(send("GET", "/api/v1/technician", shown)), "token.invalid");
}

TEST_F(PeopleTest, D9_a_password_changed_with_the_old_one_ends_every_other_session) {
  addUser("alex", "viewer");
  const auto here = signIn("alex", kPassword).second;
  const auto elsewhere = signIn("alex", kPassword).second;
  const auto change = [&](const std::string& old_password, const std::string& new_password) {
    testing::TlsClient client(front_->port());
    client.send(request("PUT", "/api/v1/session/password", as(here) + "Content-Type: application/json\r\n",
                        Json({{"old_password", old_password}, {"new_password", new_password}}).dump()));
    return client.reply();
  };
  const std::string next = "staple battery horse correct";
  EXPECT_EQ(code(change("wrong wrong wrong", next)), "password.wrong");
  EXPECT_EQ(change(kPassword, "short").status, 400);
  EXPECT_EQ(send("GET", "/api/v1/viewer", as(elsewhere)).status, 200);
  const Reply changed = change(kPassword, next);
  EXPECT_EQ(changed.status, 200);
  EXPECT_TRUE(changed.headers.contains("set-cookie")) << "the answer begins a new one";
  EXPECT_EQ(send("GET", "/api/v1/viewer", as(elsewhere)).status, 401);
  EXPECT_EQ(send("GET", "/api/v1/viewer", as(here)).status, 401);
  EXPECT_EQ(signIn("alex", kPassword).first, 401);
  EXPECT_EQ(signIn("alex", next).first, 200);
}

TEST_F(PeopleTest, D9_a_changed_role_counts_at_once) {
  addUser("alex", "admin");
  const auto browser = signIn("alex", kPassword).second;
  EXPECT_EQ(send("GET", "/api/v1/admin", as(browser)).status, 200);
  store_.users.at("alex").grants = http::Grants::everywhere("viewer");
  EXPECT_EQ(send("GET", "/api/v1/admin", as(browser)).status, 403);
}

TEST_F(PeopleTest, D10_guessing_is_slowed_down_but_keeps_the_owner_of_a_known_browser_in) {
  addUser("alex", "viewer");
  const auto known = signIn("alex", kPassword).second;
  int tried = 0;
  while (signIn("alex", "wrong wrong wrong").first == 401)
    ++tried;
  EXPECT_EQ(tried, 10);
  const Reply refused = send("POST", "/api/v1/session", "", {{"username", "alex"}, {"password", kPassword}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  // The account's own budget is used up from many addresses; the known browser is not counted there.
  for (int i = 0; i < 60; ++i) {
    try {
      throttle_.attempt("alex", "10.0.0." + std::to_string(i), "");
    } catch (const http::Problem&) {
      ++tried;
    }
  }
  EXPECT_GT(tried, 10);
  clock_.pass(60);
  EXPECT_EQ(signIn("alex", kPassword).first, 429);
  EXPECT_EQ(signIn("alex", kPassword, "Cookie: " + known.device + "\r\n").first, 200);
}

TEST(Throttle, D10_allows_at_most_a_hundred_failures_an_hour_for_an_account) {
  HandClock clock;
  SignInThrottle throttle(clock);
  int failures = 0;
  for (int second = 0; second < 3600; ++second) {
    clock.pass(1);
    try {
      throttle.attempt("alex", "10.0." + std::to_string(second / 250) + "." + std::to_string(second % 250),
                       "");
      ++failures;
    } catch (const http::Problem&) {
    }
  }
  EXPECT_LE(failures, 100);
  EXPECT_GE(failures, 45);
}

// Passwords and codes, from browsers that are known and that are not, from anywhere.
TEST(Throttle, D10_allows_at_most_a_hundred_failures_an_hour_however_many_known_browsers_guess) {
  HandClock clock;
  SignInThrottle throttle(clock);
  int failures = 0;
  int unknown_codes = 0;
  const auto guess = [&](int n, const std::string& device, SignInThrottle::What what) {
    try {
      throttle.attempt("alex", "10." + std::to_string(n % 200) + "." + std::to_string(n / 250) + ".1", device,
                       what);
      ++failures;
      if (device.empty() && what == SignInThrottle::kCode) ++unknown_codes;
    } catch (const http::Problem&) {
    }
  };
  for (int second = 0; second < 3600; ++second) {
    clock.pass(1);
    guess(second, "", SignInThrottle::kCode);
    guess(second, "", SignInThrottle::kPassword);
    guess(second, "device " + std::to_string(second % 50), SignInThrottle::kCode);
  }
  EXPECT_LE(failures, 100);
  EXPECT_LE(unknown_codes, 20);
  EXPECT_GE(unknown_codes, 5);
}

TEST_F(PeopleTest, what_is_nobodys_name_is_written_down_nowhere) {
  addUser("alex", "viewer");
  ASSERT_EQ(signIn("hunter2-hunter2", "alex").first, 401);
  ASSERT_EQ(signIn("alex", "wrong wrong wrong").first, 401);
  ASSERT_EQ(store_.notices.size(), 2U);
  EXPECT_NE(store_.notices[0].text.find("an unknown account from"), std::string::npos);
  EXPECT_EQ(store_.notices[0].text.find("hunter2"), std::string::npos);
  EXPECT_NE(store_.notices[1].text.find("alex from"), std::string::npos);
}

TEST_F(PeopleTest, D9_a_sign_in_under_way_ends_with_a_new_password) {
  addUser("alex", "viewer");
  const std::string other = passwords_.hash("another horse battery staple");
  store_.before_session = [&] { store_.users.at("alex").password_hash = other; };
  EXPECT_EQ(signIn("alex", kPassword).first, 401);
  EXPECT_TRUE(store_.sessions.empty());
}

TEST_F(PeopleTest, D9_whoever_signs_out_while_a_body_trickles_in_changes_nothing_more) {
  addUser("alex", "admin");
  const auto browser = signIn("alex", kPassword).second;
  const std::string whole =
      request("POST", "/api/v1/admin", as(browser) + "Content-Type: application/json\r\n", "{\"a\": 1}");
  const auto answered = [&](const std::function<void()>& meanwhile) {
    testing::TlsClient client(front_->port());
    client.send(whole.substr(0, whole.size() - 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    meanwhile();
    client.send(whole.substr(whole.size() - 1));
    return client.reply().status;
  };
  EXPECT_EQ(answered([] {}), 200);
  EXPECT_EQ(answered([&] { store_.users.at("alex").grants = http::Grants::everywhere("viewer"); }), 403);
  store_.users.at("alex").grants = http::Grants::everywhere("admin");
  EXPECT_EQ(answered([&] { store_.removeSessionsOf(store_.users.at("alex").id, ""); }), 401);
}

TEST(Throttle, counts_a_network_of_version_six_as_one_address) {
  HandClock clock;
  SignInThrottle throttle(clock);
  for (int i = 0; i < 60; ++i) {
    throttle.attempt("user" + std::to_string(i), "2001:db8:1:2::" + std::to_string(i), "");
  }
  EXPECT_THROW(throttle.attempt("another", "2001:db8:1:2::ffff", ""), http::Problem);
  EXPECT_NO_THROW(throttle.attempt("another", "2001:db8:1:3::1", ""));
}

TEST_F(PeopleTest, a_device_cookie_counts_for_its_account_alone) {
  addUser("alex", "viewer");
  const auto known = signIn("alex", kPassword).second;
  const Devices::Account alex{"alex", store_.users.at("alex").password_hash};
  EXPECT_FALSE(devices_.deviceOf(known.device, alex).empty());
  EXPECT_TRUE(devices_.deviceOf(known.device, {"sam", alex.password_hash}).empty());
  std::string changed = known.device;
  changed.back() = changed.back() == 'A' ? 'E' : 'A';
  EXPECT_TRUE(devices_.deviceOf(changed, alex).empty());
  EXPECT_TRUE(Devices(std::string(32, 'x')).deviceOf(known.device, alex).empty());
}

TEST_F(PeopleTest, a_device_cookie_does_not_outlive_the_password_it_was_given_for) {
  addUser("alex", "viewer");
  const auto known = signIn("alex", kPassword).second;
  const auto now = [&] { return Devices::Account{"alex", store_.users.at("alex").password_hash}; };
  ASSERT_FALSE(devices_.deviceOf(known.device, now()).empty());
  store_.users.at("alex").password_hash = passwords_.hash("another good password");  // an administrator
  EXPECT_TRUE(devices_.deviceOf(known.device, now()).empty());
  const auto again = signIn("alex", "another good password").second;
  EXPECT_FALSE(devices_.deviceOf(again.device, now()).empty());
}

TEST_F(PeopleTest, a_bad_new_password_or_name_is_named) {
  const auto field = [&](const std::string& username, const std::string& password) {
    return Json::parse(send("POST", "/api/v1/setup", "",
                            {{"token", setup_.token()}, {"username", username}, {"password", password}})
                           .body)
        .value("field", "");
  };
  EXPECT_EQ(field("alex", "short"), "password");
  EXPECT_EQ(field("al ex", kPassword), "username");
  EXPECT_FALSE(store_.anyUser());
}

TEST(Passwords, D15_compute_two_at_once_and_turn_a_flood_away) {
  ASSERT_TRUE(initCrypto());
  Passwords passwords({2, 8U << 20});
  std::atomic<int> answered{0};
  std::atomic<int> turned_away{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      try {
        passwords.verify("guess", std::nullopt);
        ++answered;
      } catch (const http::Problem& problem) {
        EXPECT_EQ(problem.status, 429);
        ++turned_away;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(answered + turned_away, 20);
  EXPECT_GE(answered, 4);
}

}  // namespace
}  // namespace redflag::auth
