#pragma once
// Sign-in and accounts through the whole front, as a browser meets them.

#include <gtest/gtest.h>

#include "auth/gate.h"
#include "auth/people_routes.h"
#include "base/encoding.h"
#include "http/front.h"
#include "memory_store.h"
#include "support/certificate.h"
#include "support/tls_client.h"

namespace redflag::auth {

using testing::Reply;
using testing::request;

inline constexpr const char* kPassword = "correct horse battery staple";
inline constexpr PasswordCost kCheap{1, 8192};

class Nothing : public http::EventSource, public http::DoorbellListener {
  http::EventBatch eventsAfter(std::int64_t, std::size_t, const http::Principal&) override { return {}; }
  std::int64_t newestEvent() override { return 0; }
  void agentConnected(const std::string&) override {}
  void agentRefused(const std::string&) override {}
  void agentDisconnected(const std::string&) override {}
};

class PeopleTest : public ::testing::Test {
 protected:
  PeopleTest() {
    const People people{store_, sessions_, passwords_, throttle_, devices_, setup_, factor_, store_, alarms_};
    auto routes = peopleRoutes(people);
    for (auto& route : accountRoutes(people))
      routes.push_back(std::move(route));
    for (const auto& [name, permission] : kLevels) {
      for (const char* method : {"GET", "POST"}) {
        routes.push_back({method, "/api/v1/" + name, permission, 100, [](const http::Request& asked) {
                            return http::jsonResponse(200, asked.principal.username);
                          }});
      }
    }
    routes.push_back({"GET", "/metrics", http::Permission::kMetrics, 0,
                      [](const http::Request&) { return http::Response{}; }});
    routes.push_back({"POST", "/agent/v1/upload", http::Permission::kAgent, 100,
                      [](const http::Request&) { return http::Response{}; }});
    front_ = std::make_unique<http::Front>(
        http::FrontOptions{}, testing::testTlsContext(), std::move(routes), gate_, hub_,
        [](const http::Request&) { return http::Response{}; }, metrics_);
    front_->start();
    routes_ = &front_->dispatcher().router().routes();
  }

  struct Browser {
    std::string cookie;
    std::string csrf;
    std::string device;
    std::string pending;  // between the password and the code
  };

  Reply send(const std::string& method, const std::string& target, const std::string& headers = "",
             const Json& body = nullptr) {
    testing::TlsClient client(front_->port());
    const std::string text = body.is_null() ? "" : body.dump();
    client.send(request(method, target, headers + "Content-Type: application/json\r\n", text));
    return client.reply();
  }

  // With both cookies of an answer.
  std::pair<int, Browser> begin(const std::string& target, const Json& body,
                                const std::string& headers = "") {
    testing::TlsClient client(front_->port());
    client.send(request("POST", target, headers + "Content-Type: application/json\r\n", body.dump()));
    const std::string head = client.readUntil("\r\n\r\n");
    Browser out;
    const auto cookie = [&head](const std::string& name) {
      const auto at = head.find("Set-Cookie: " + name + "=");
      return at == std::string::npos ? "" : head.substr(at + 12, head.find(';', at) - at - 12);
    };
    out.cookie = cookie("__Host-redflag");
    out.device = cookie("__Host-redflag-device");
    out.pending = cookie("__Host-redflag-sign-in");
    if (!out.cookie.empty()) {
      EXPECT_NE(head.find("; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"), std::string::npos);
      out.csrf = Json::parse(client.readUntil("\"}}"))["csrf_token"];
    }
    return {std::stoi(head.substr(9, 3)), out};
  }

  std::pair<int, Browser> signIn(const std::string& username, const std::string& password,
                                 const std::string& headers = "") {
    return begin("/api/v1/session", {{"username", username}, {"password", password}}, headers);
  }

  void addUser(const std::string& name, const std::string& role) {
    store_.createUser(makeUser(passwords_, name, kPassword, role));
  }

  static std::string as(const Browser& browser) {
    return "Cookie: " + browser.cookie + "\r\nX-CSRF-Token: " + browser.csrf + "\r\n";
  }
  static std::string code(const Reply& reply) { return Json::parse(reply.body)["code"]; }

  static inline const std::map<std::string, http::Permission> kLevels = {
      {"viewer", http::Permission::kViewer},
      {"technician", http::Permission::kTechnician},
      {"approver", http::Permission::kApprover},
      {"admin", http::Permission::kAdmin}};

  testing::TemporaryFolder folder_;
  HandClock clock_;
  MemoryStore store_;
  Passwords passwords_{kCheap};
  Sessions sessions_{store_, clock_};
  SignInThrottle throttle_{clock_};
  Devices devices_{std::string(32, 'k')};
  auth::Setup setup_{store_};
  Alarms alarms_{store_, clock_};
  SecondFactor factor_{store_, clock_, std::string(32, 'f'), {}};
  SignatureClock signature_clock_{clock_, folder_.path() / "signature.clock", "boot"};
  NonceMemory nonces_{signature_clock_, folder_.path() / "nonces"};
  AccessTokens access_tokens_{protocol::SigningKey::generate(), 86'400};
  SignedRequests signatures_{store_, nonces_, access_tokens_, clock_};
  ApiTokens tokens_{store_, clock_};
  Gate gate_{store_, signatures_, sessions_, tokens_, "the-token-of-the-monitoring", {}, &alarms_};
  Nothing nothing_;
  http::StreamHub hub_{gate_, nothing_, nothing_};
  metrics::Registry metrics_;
  std::unique_ptr<http::Front> front_;
  const std::vector<http::Route>* routes_ = nullptr;
};

}  // namespace redflag::auth
