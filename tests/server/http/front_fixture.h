#pragma once
// A front on loopback with routes and identities of the test's own.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/time.h"
#include "http/front.h"
#include "support/certificate.h"
#include "support/tls_client.h"

namespace redflag::http {

// Believes what a header says.
class Believer : public Authenticator {
 public:
  Principal admit(const RequestHead& head, Permission permission, const std::string&) override {
    note(head.header("x-agent") + head.header("x-user"));
    Principal out;
    if (permission == Permission::kAnyone) return out;
    out.agent_id = head.header("x-agent");
    out.user_id = head.header("x-user");
    if (out.agent_id.empty() && out.user_id.empty()) throw Problem{401, "session.required", "who are you?"};
    out.kind = out.agent_id.empty() ? Principal::Kind::kUser : Principal::Kind::kAgent;
    return out;
  }
  void checkBody(const Principal&, const RequestHead&, std::string_view) override {}
  void admitAgain(Principal& principal, Permission) override {
    if (!stillAdmitted(principal)) throw Problem{401, "session.required", "who are you?"};
  }
  bool stillAdmitted(const Principal& principal) override {
    ++asked;
    const std::lock_guard lock(mutex_);
    return principal.user_id != turned_out_;
  }
  void turnOut(const std::string& user_id) {
    const std::lock_guard lock(mutex_);
    turned_out_ = user_id;
  }
  std::atomic<int> asked{0};  // whether somebody still is admitted
  // Who came, in their order; "" for who did not say.
  std::vector<std::string> came() {
    const std::lock_guard lock(mutex_);
    return came_;
  }

 private:
  void note(const std::string& who) {
    const std::lock_guard lock(mutex_);
    came_.push_back(who);
  }
  std::mutex mutex_;
  std::vector<std::string> came_;
  std::string turned_out_ = "-";
};

class Outbox : public EventSource {
 public:
  EventBatch eventsAfter(std::int64_t seq, std::size_t limit, const Principal&) override {
    const std::lock_guard lock(mutex_);
    EventBatch out{{}, seq};
    for (const Event& event : events_) {
      if (event.seq <= seq || out.events.size() == limit) continue;
      out.events.push_back(event);
      out.read_to = event.seq;
    }
    return out;
  }
  std::int64_t newestEvent() override {
    const std::lock_guard lock(mutex_);
    return events_.empty() ? 0 : events_.back().seq;
  }
  void add(const std::string& type, const std::string& data) {
    const std::lock_guard lock(mutex_);
    events_.push_back({static_cast<std::int64_t>(events_.size()) + 1, type, data});
  }

 private:
  std::mutex mutex_;
  std::vector<Event> events_;
};

class Presence : public DoorbellListener {
 public:
  void agentConnected(const std::string& agent_id) override {
    if (fails) throw Problem{503, "store.busy", "", "", 1};
    note("+" + agent_id);
    ++waiting;
    for (int i = 0; stalls && i < 500; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    --waiting;
  }
  void agentRefused(const std::string& agent_id) override { note("!" + agent_id); }
  void agentDisconnected(const std::string& agent_id) override { note("-" + agent_id); }
  std::string history() const {
    const std::lock_guard lock(mutex_);
    return history_;
  }
  std::atomic<bool> fails{false};   // to note who comes
  std::atomic<bool> stalls{false};  // as a store that is busy
  std::atomic<int> waiting{0};

 private:
  void note(const std::string& text) {
    const std::lock_guard lock(mutex_);
    history_ += text;
  }
  mutable std::mutex mutex_;
  std::string history_;
};

class FrontTest : public ::testing::Test {
 protected:
  FrontTest() {
    options_.workers = 2;
    options_.limits.linger_ms = 300;
  }

  void start() {
    std::vector<Route> routes = {
        {"GET", "/api/hello", Permission::kAnyone, 0,
         [](const Request&) { return jsonResponse(200, "hello"); }},
        {"GET", "/api/me", Permission::kViewer, 0, [](const Request&) { return Response{}; }},
        {"POST", "/api/echo", Permission::kAnyone, 1000,
         [](const Request& request) {
           return jsonResponse(200, {{"body", request.body}});
         }},
        {"POST", "/api/parse", Permission::kAnyone, 4U << 20,
         [](const Request& request) {
           const auto json = parseJson(request.body, {4U << 20, 16, 10'000});
           if (!json) throw Problem{400, "request.body", json.error().text};
           return Response{};
         }},
        {"DELETE", "/api/item/{id}", Permission::kAnyone, 0,
         [](const Request& request) { return jsonResponse(200, request.parameters.at("id")); }},
        {"GET", "/api/large", Permission::kAnyone, 0,
         [](const Request&) {
           Response out;
           out.body = std::string(32U << 20, 'x');
           return out;
         }},
        {"GET", "/api/problem", Permission::kAnyone, 0,
         [](const Request&) -> Response {
           throw Problem{409, "thing.taken", "it is taken", "name", 7};
         }},
        {"GET", "/api/broken", Permission::kAnyone, 0,
         [](const Request&) -> Response { throw std::runtime_error("a secret reason"); }},
    };
    const auto page = [](const Request&) {
      Response out;
      out.content_type = "text/html";
      out.body = "page";
      return out;
    };
    front_ = std::make_unique<Front>(options_, testing::testTlsContext(), std::move(routes), believer_, hub_,
                                     page, metrics_);
    front_->start();
  }

  void SetUp() override { start(); }
  void restart() {
    front_.reset();
    start();
  }

  testing::Reply ask(const std::string& bytes) {
    testing::TlsClient client(front_->port());
    client.send(bytes);
    return client.reply();
  }

  // Waits for what another thread is about to do.
  template <class Check>
  static bool soon(Check check) {
    for (int i = 0; i < 500; ++i) {
      if (check()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  FrontOptions options_;
  Believer believer_;
  Outbox outbox_;
  Presence presence_;
  StreamHub hub_{believer_, outbox_, presence_};
  metrics::Registry metrics_;
  std::unique_ptr<Front> front_;
};

}  // namespace redflag::http
