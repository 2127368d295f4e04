#pragma once
// A server on loopback that keeps the wire contract with the protocol library itself, and misbehaves on
// request.

#include <Poco/Net/HTTPServer.h>
#include <Poco/ThreadPool.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "command_repository.h"
#include "pki.h"
#include "protocol/bundle.h"
#include "protocol/envelope.h"
#include "protocol/message_signature.h"
#include "protocol/state_document.h"

namespace redflag::kernel::test {

struct FakeRequest {
  std::string method;
  std::string target;
  std::string body;  // as sent
  std::string encoding;
  protocol::ClaimedSignature signature;
  bool signature_ok = false;  // by the key this server has for the key id
  std::string authorization = {};
};

struct FakeReply {
  int status = 200;
  std::string type = "application/json";
  std::string body = "{}";
  std::vector<std::pair<std::string, std::string>> headers;
  bool vanish = false;  // the connection ends without an answer
};
FakeReply problem(int status, const std::string& code);
FakeReply putOff(int after_s);  // by a server that has too much to do

class FakeServer {
 public:
  struct Options {
    ServerName name;
    bool tls = true;
    std::uint16_t port = 0;
    std::shared_ptr<Issued> authority;  // of a server that comes back
  };
  explicit FakeServer(Options options);
  FakeServer() : FakeServer(Options{}) {}
  ~FakeServer();

  std::uint16_t port() const { return port_; }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  std::shared_ptr<Issued> authority() const { return authority_; }
  std::vector<std::string> authorities() const { return {authority_->der(), other_authority_->der()}; }
  protocol::Bundle bundle(const std::string& token = "token") const;

  // Asked first; what it answers is sent instead. It may call commit() to lose a reply after the work was
  // done.
  using Override = std::function<std::optional<FakeReply>(FakeServer&, const FakeRequest&)>;
  void answerWith(Override override);
  FakeReply commit(const FakeRequest& request);
  void forgetParts();  // as a server that was set back

  // A key that may sign requests as this agent, without an enrolment.
  void know(const std::string& key_id, const std::string& public_key);

  // An order for the agent that enrolls here; handed out at each fetch until the agent told its state.
  protocol::Envelope order(const std::string& command_id, std::vector<protocol::Action> actions) const;
  void queue(const protocol::Envelope& envelope);
  void queueRaw(const Json& transport);
  void ring();
  void closeDoorbells(std::int64_t after_ms);
  void cutDoorbells();  // without a word, as a proxy does it

  std::string keyOf(const std::string& key_id) const;

  const protocol::SigningKey& commandKey() const { return command_key_; }
  // What it serves below /trust; change it under lockTrust().
  CommandRepository& trust() { return *trust_; }
  std::unique_lock<std::recursive_mutex> lockTrust() const { return std::unique_lock(mutex_); }
  Override trust_override;  // as answerWith, for what is below /trust; change it under lockTrust()
  // Set before it is asked.
  std::int64_t access_life_s = 3600;
  bool old_key_opens = true;  // after it was handed over
  Json held;

  std::vector<FakeRequest> requests(const std::string& target) const;
  std::vector<Json> items(const std::string& kind = "") const;  // in order, each id once
  std::size_t repeats() const;                                  // items that came again
  std::size_t doorbells() const;
  // Waits up to five seconds until the condition, which is asked under the lock, holds.
  bool waitFor(const std::function<bool()>& condition) const;

 private:
  friend class FakeHandler;
  FakeReply answer(const FakeRequest& request);
  FakeReply enroll(const FakeRequest& request);
  FakeReply upload(const FakeRequest& request);
  FakeReply takePart(const Json& part);
  FakeReply renew(const FakeRequest& request);
  FakeReply handOverKey(const FakeRequest& request);
  FakeReply fetch();
  void accept(const Json& item);

  struct Bell {
    bool ring = false;
    bool cut = false;
    std::int64_t close_after_ms = -1;
  };

  std::shared_ptr<Issued> authority_;
  std::shared_ptr<Issued> other_authority_;
  protocol::SigningKey command_key_ = protocol::SigningKey::generate();
  std::unique_ptr<CommandRepository> trust_ = std::make_unique<CommandRepository>(command_key_.publicKey());
  std::uint16_t port_ = 0;

  mutable std::recursive_mutex mutex_;
  std::vector<std::string> parts_;  // of the item that is on its way in parts
  mutable std::condition_variable_any changed_;
  bool stopping_ = false;
  Override override_;
  std::map<std::string, std::string> keys_;  // key id -> public key
  std::string old_key_;                      // of agent-1
  std::vector<FakeRequest> requests_;
  std::vector<Json> items_;
  std::set<std::string> ids_;
  std::size_t repeats_ = 0;
  std::int64_t number_ = 0;  // of the newest state document
  std::string document_hash_;
  std::vector<protocol::Envelope> orders_;
  std::vector<Json> raw_orders_;
  std::vector<std::shared_ptr<Bell>> bells_;
  Poco::ThreadPool pool_{2, 16};
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace redflag::kernel::test
