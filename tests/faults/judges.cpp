#include "judges.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <optional>

#include "base/encoding.h"
#include "executor/server.h"
#include "link/order_desk.h"
#include "listed_keys.h"
#include "protocol/canonical.h"
#include "protocol/limits.h"
#include "protocol/plan_hash.h"
#include "temporary_folder.h"

namespace redflag::faults {
namespace {

using namespace kernel;

constexpr const char* kPlugin = "test.updater";
constexpr std::int64_t kAnswerNs = 10 * kSecondNs;

// Each look at the monotonic clock is an hour later, so that no refusal is kept back as told lately.
class SetClock : public Clock {
 public:
  explicit SetClock(std::int64_t now_ns) : epoch(now_ns) {}
  std::int64_t epochNs() const override { return epoch; }
  std::int64_t monotonicNs() const override { return monotonic += 3600 * kSecondNs; }

  std::atomic<std::int64_t> epoch;
  mutable std::atomic<std::int64_t> monotonic = 0;
};

class NoScanner : public Scanner {
 public:
  Result<std::vector<std::string>> scan(const ScanRequest&) override { return std::vector<std::string>(); }
  Result<Json> listActions(const std::string&) override { return Json(); }
  Result<Json> runAction(const std::string&, const std::string&, const Json&, const std::string&) override {
    return Json();
  }
  Result<Json> runUpdater(const std::string&, const std::string&, const Json&, const std::string&) override {
    return fail(Code::kUnsupported, "no plugin here");
  }
  Json status() const override { return Json::object(); }
};

// An executor that accepts everything: what reaches it has passed the kernel.
class Believer : public OrderRunner {
 public:
  Result<OrderEvent> submit(const Json&, const Json&) override {
    ++submitted;
    OrderEvent event;
    event.event = "accepted";
    event.id = newId();
    return event;
  }
  Result<bool> cancel(const std::string&) override { return false; }
  Result<> ack(const std::string&) override { return {}; }
  void attach(std::function<bool(const OrderEvent&)>) override {}

  std::size_t submitted = 0;
};

// The kernel's desk with its gate, journal, queue and spool. Its queue has no worker.
class KernelJudge : public Judge {
 public:
  KernelJudge(const Server& server, std::int64_t now_ns) : clock_(now_ns) {
    identity_.agent_id = "agent-1";
    identity_.client_id = "client-1";
    keys_.add(server.key.publicKey());
    identity_.journal_id = OrderJournal::create(file()).value();
    spool_ = Spool::open(folder_.path() / "spool.db", 64U << 20).value();
    restart();
  }

  std::string hand(const std::string& wire) override {
    // As an answer of the server is read.
    const auto answer = parseJson("{\"commands\":[" + wire + "]}",
                                  {.bytes = protocol::kMaxFetchBytes, .depth = 8, .values = 100'000});
    if (!answer || answer->at("commands").size() != 1) return "unreadable";
    const std::size_t before = runner_.submitted;
    const bool known = taken() > 0;
    if (!desk_->take(answer->at("commands")[0])) return "not now";
    const std::string refused = refusal();
    if (!refused.empty()) return runner_.submitted == before ? refused : "refused and handed on";
    return known ? "known" : "accepted";
  }
  std::size_t taken() override {
    const auto record = journal_->find("order-1");
    return record && record->has_value() ? 1 : 0;
  }
  void restart() override {
    desk_.reset();
    queue_.reset();
    journal_ = std::move(OrderJournal::open(file(), identity_.journal_id).value());
    gate_ = std::make_unique<OrderGate>(identity_, keys_, journal_.get(), clock_);
    reports_ = std::make_unique<OrderReports>(*spool_, clock_, "agent-1");
    queue_ = std::make_unique<OrderQueue>(
        OrderQueue::Parts{*journal_, *reports_, scanner_, [](const std::string&) { return false; }, clock_});
    desk_ = std::make_unique<OrderDesk>(
        OrderDesk::Parts{*gate_, journal_.get(), queue_.get(), *reports_, *spool_, scanner_, &runner_});
  }
  void setClock(std::int64_t now_ns) override { clock_.epoch = now_ns; }

 private:
  std::filesystem::path file() const { return folder_.path() / "orders.db"; }
  // Takes what is in the spool out of it: the code of the one refusal, if there is one.
  std::string refusal() {
    std::string code;
    std::vector<std::string> ids;
    const auto items = spool_->oldest(16, 1U << 20).value();
    for (const auto& item : items) {
      ids.push_back(item.id);
      if (item.kind == "refusal") code = parseJson(item.body)->at("code").get<std::string>();
    }
    EXPECT_TRUE(spool_->remove(ids).has_value());
    return code;
  }

  kernel::test::TemporaryFolder folder_;
  SetClock clock_;
  NoScanner scanner_;
  Believer runner_;
  kernel::test::ListedKeys keys_;
  Identity identity_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<OrderJournal> journal_;
  std::unique_ptr<OrderGate> gate_;
  std::unique_ptr<OrderReports> reports_;
  std::unique_ptr<OrderQueue> queue_;
  std::unique_ptr<OrderDesk> desk_;
};

class OpenRules : public Rules, public RulesSource {
 public:
  bool act() const override { return true; }
  const Policy& policy() const override { return policy_; }
  Result<PluginSetup> plugin(const std::string& plugin, const char*) const override {
    if (plugin != kPlugin) return fail(Code::kNotFound, plugin + " is not enabled");
    return PluginSetup{};
  }
  Result<std::unique_ptr<Rules>> read() override { return std::make_unique<OpenRules>(); }

 private:
  Policy policy_;
};

class BelievedKeys final : public OrderKeys {
 public:
  Result<protocol::CommandList> commands(const Json&) override { return listed.commands(); }
  kernel::test::ListedKeys listed;
};

// The executor behind its real socket. It is never started, so that nothing of its journal is begun.
class ExecutorJudge : public Judge {
 public:
  ExecutorJudge(const Server& server, std::int64_t now_ns) : clock_(now_ns) {
    keys_.listed.add(server.key.publicKey());
    EXPECT_TRUE(saveExecutorTrust(folder_.path(), {"agent-1", "client-1", ""}));
    restart();
  }

  std::string hand(const std::string& wire) override {
    if (!stream_) stream_ = connect();
    EXPECT_TRUE(stream_->send("{\"op\":\"submit\",\"envelope\":" + wire + "}", kAnswerNs));
    const auto text = stream_->receive(1U << 20, kAnswerNs);
    if (!text || !*text) {  // whoever breaks the protocol is cut off
      stream_.reset();
      return "unreadable";
    }
    const Json answer = parseJson(**text).value();
    const std::string event = answer.at("event");
    if (event == "error") return "unreadable";
    if (event == "refused") return answer.at("code");
    return taken() == queued_ ? "known" : (queued_ = taken(), event);
  }
  std::size_t taken() override { return executor_->handle({{"op", "status"}}).at("queued"); }
  void restart() override {
    stream_.reset();
    server_.reset();
    executor_ = std::make_unique<Executor>(ExecutorOptions{folder_.path(), "/nonexistent", {}, {}, "boot-1"},
                                           rules_, keys_, clock_);
    server_ = std::move(listenForOrders(*executor_, socket(), geteuid(), "").value());
  }
  void setClock(std::int64_t now_ns) override { clock_.epoch = now_ns; }

 private:
  std::filesystem::path socket() const { return folder_.path() / "executor.sock"; }
  std::optional<platform::LocalStream> connect() const {
    return std::move(platform::LocalStream::connect(socket()).value());
  }

  kernel::test::TemporaryFolder folder_;
  SetClock clock_;
  OpenRules rules_;
  BelievedKeys keys_;
  std::size_t queued_ = 0;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<LocalService> server_;
  std::optional<platform::LocalStream> stream_;
};

}  // namespace

std::string parametersOf(const std::string& package) {
  return dumpJson({{"updates", {{{"key", package}, {"name", package}, {"arch", "all"}, {"version", "2"}}}}});
}

std::string planHashOf(const std::string& package) {
  return protocol::planHash({{"upgrade", package, "all", "1", "2"}});
}

protocol::Envelope Server::order(std::int64_t now_ns) const {
  protocol::Envelope e;
  e.command_id = "order-1";
  e.client_id = "client-1";
  e.agent_id = "agent-1";
  e.command_type = "install_updates";
  e.actions = {{kPlugin, "install", parametersOf("nginx")}};
  e.plan_hash = planHashOf("nginx");
  e.issued_at = now_ns;
  e.not_before = now_ns - kSecondNs;
  e.expires_at = now_ns + 3600 * kSecondNs;
  e.nonce = std::string(16, 'n');
  e.key_id = protocol::keyId(key.publicKey());
  return e;
}

Json Server::seal(const protocol::Envelope& envelope) const {
  return protocol::sealEnvelope(envelope, key).value();
}

Json Server::sign(const std::string& body) const {
  protocol::CanonicalWriter domain;
  domain.domain("redflag-command-envelope-v1");
  return {{"version", 1},
          {"key_id", protocol::keyId(key.publicKey())},
          {"body", toBase64(body)},
          {"signature", toBase64(key.sign(domain.result() + body))}};
}

Json Server::sign(protocol::Envelope envelope) const {
  return sign(protocol::encodeEnvelope(envelope));
}

std::unique_ptr<Judge> makeKernelJudge(const Server& server, std::int64_t now_ns) {
  return std::make_unique<KernelJudge>(server, now_ns);
}

std::unique_ptr<Judge> makeExecutorJudge(const Server& server, std::int64_t now_ns) {
  return std::make_unique<ExecutorJudge>(server, now_ns);
}

}  // namespace redflag::faults
