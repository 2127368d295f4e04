#include "link/link.h"

#include <atomic>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/request_id.h"
#include "link/enrolment.h"
#include "link/session.h"
#include "platform/files.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

// How often it is looked whether an enrolment came, and whether it was replaced.
constexpr std::int64_t kLookForOneNs = 2 * kSecondNs;
constexpr std::int64_t kLookAgainNs = 10 * kSecondNs;

}  // namespace

struct Link::Shared {
  Shared(LinkSettings link_settings, Spool& link_spool, Scanner& link_scanner,
         std::unique_ptr<OrderRunner> link_runner, const Clock& link_clock, AgentControl* link_agent)
      : settings(std::move(link_settings)),
        spool(link_spool),
        scanner(link_scanner),
        runner(std::move(link_runner)),
        clock(link_clock),
        agent(link_agent),
        server_clock(link_clock),
        contact(link_clock),
        store(settings.state, settings.marks) {}

  void keep();
  bool openSession();
  void closeSession();
  bool enrolFromFile(bool rebinding);
  void attachRunner();
  void ring();
  std::shared_ptr<Session> current();

  const LinkSettings settings;
  Spool& spool;
  Scanner& scanner;
  std::unique_ptr<OrderRunner> runner;
  const Clock& clock;
  AgentControl* const agent;
  ServerClock server_clock;
  Contact contact;
  IdentityStore store;
  Proxy proxy;

  Wake wake;  // of the keeper
  std::thread keeper;
  bool attached = false;                   // keeper's, as the next two
  std::atomic<bool> key_replaced = false;  // the session is to be opened again
  platform::FileStamp tried_bundle;        // refused for good; another file is tried again
  Backoff enrolment_backoff;

  std::mutex mutex;  // of what follows
  std::shared_ptr<Session> session;
  ServerApi* enrolling = nullptr;
  bool stopping = false;
};

std::shared_ptr<Session> Link::Shared::current() {
  const std::lock_guard lock(mutex);
  return session;
}

void Link::Shared::ring() {
  if (const auto now = current()) now->wake().ring();
}

void Link::Shared::keep() {
  platform::FileStamp opened;
  bool locked_out = false;  // there is an identity whose key does not open here, or not now
  while (!wake.stopped()) {
    const auto stamp = platform::fileStamp(store.folder() / "identity.json");
    if (stamp.size_bytes == 0) locked_out = false;
    if ((stamp.size_bytes == 0 || locked_out) && enrolFromFile(locked_out)) {
      locked_out = false;
      continue;
    }
    if (key_replaced.exchange(false) || !(stamp == opened)) {
      closeSession();
      locked_out = stamp.size_bytes > 0 && !openSession();
      opened = locked_out ? platform::FileStamp{} : stamp;
    }
    wake.waitUntil(monotonicNow() + (current() == nullptr ? kLookForOneNs : kLookAgainNs));
  }
  closeSession();
}

// False: try again; a broker may come, a part may be put back.
bool Link::Shared::openSession() {
  auto made = Session::open(
      {settings, store, proxy, spool, scanner, runner.get(), clock, server_clock, contact, agent, [this] {
         key_replaced = true;
         wake.ring();
       }});
  if (!made) {
    if (made.error().code == Code::kDenied || made.error().code == Code::kUnavailable) {
      contact.notBound(made.error().text);
    } else {
      contact.notEnrolled(made.error().text);
    }
    return false;
  }
  {
    const std::lock_guard lock(mutex);
    session = *made;
  }
  (*made)->start();
  attachRunner();
  return true;
}

void Link::Shared::closeSession() {
  std::unique_lock lock(mutex);
  const std::shared_ptr<Session> closing = std::exchange(session, nullptr);
  lock.unlock();
  if (closing) closing->stop();
}

void Link::Shared::attachRunner() {
  if (runner == nullptr || std::exchange(attached, true)) return;
  // A result that comes while one session makes way for the next is told to that one.
  runner->attach([this](const OrderEvent& event) {
    const auto now = current();
    return now == nullptr ? event.event != "result" : now->onExecutor(event);
  });
}

// True when there is a new identity. `rebinding`: there is one already, whose key does not open.
bool Link::Shared::enrolFromFile(bool rebinding) {
  const auto& file = settings.enrolment_file;
  const auto stamp = file.empty() ? platform::FileStamp{} : platform::fileStamp(file);
  if (stamp.size_bytes == 0) {
    if (!rebinding) contact.notEnrolled("");
    return false;
  }
  if (stamp == tried_bundle || !enrolment_backoff.mayTry(monotonicNow())) return false;
  const auto watch = [this](ServerApi* api) {
    const std::lock_guard lock(mutex);
    enrolling = api;
    if (stopping && api != nullptr) api->interrupt();
  };
  Failure failure;
  const auto put_off = [&failure](const Failure& later) { failure = later; };
  const RequestScope logged;
  const auto identity = enrollFromFile(
      file, {settings.state, settings.mode, proxy, settings.times, settings.marks, watch, put_off});
  if (!identity) {
    if (identity.error().code != Code::kUnavailable) tried_bundle = stamp;
    backOff(enrolment_backoff, failure, monotonicNow());
    rebinding ? contact.notBound(identity.error().text) : contact.notEnrolled(identity.error().text);
    return false;
  }
  spdlog::info("enrolled as agent {}", identity->agent_id);
  if (auto ok = platform::removeFile(file); !ok) {
    spdlog::warn("the enrolment bundle holds a token and should be removed: {}", ok.error().text);
  }
  return true;
}

Link::Link(LinkSettings settings, Spool& spool, Scanner& scanner, std::unique_ptr<OrderRunner> runner,
           const Clock& clock, AgentControl* agent)
    : shared_(
          std::make_shared<Shared>(std::move(settings), spool, scanner, std::move(runner), clock, agent)) {
  // The spool may outlive us.
  spool.onPut([weak = std::weak_ptr<Shared>(shared_)] {
    if (const auto shared = weak.lock()) shared->ring();
  });
}

Link::~Link() {
  stop();
}

Result<> Link::start() {
  auto proxy = parseProxy(shared_->settings.proxy);
  if (!proxy) return tl::unexpected<Error>(proxy.error());
  shared_->proxy = std::move(*proxy);
  shared_->keeper = std::thread([shared = shared_.get()] { shared->keep(); });
  return {};
}

void Link::stop() {
  shared_->wake.stop();
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    if (shared_->enrolling != nullptr) shared_->enrolling->interrupt();
  }
  if (shared_->keeper.joinable()) shared_->keeper.join();
  shared_->runner.reset();
  shared_->contact.stopped();
}

void Link::statusChanged() {
  shared_->ring();
}

Json Link::status() const {
  Json status = shared_->contact.status();
  status["clock_offset_s"] = shared_->server_clock.offsetS();
  status["spooled"] = shared_->spool.count();
  const auto session = shared_->current();
  status["refused_orders"] = session ? session->refusedOrders() : 0;
  return status;
}

}  // namespace redflag::kernel
