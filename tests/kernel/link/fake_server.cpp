#include "fake_server.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/StreamCopier.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/encoding.h"
#include "base/request_id.h"
#include "base/time.h"
#include "protocol/compress.h"
#include "protocol/key_handover.h"
#include "protocol/limits.h"

namespace redflag::kernel::test {
namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

Poco::Net::ServerSocket listenOn(const FakeServer::Options& options, const Issued& issued) {
  const Poco::Net::SocketAddress address("127.0.0.1", options.port);
  if (!options.tls) return Poco::Net::ServerSocket(address);
  Poco::Net::Context::Ptr context = new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, "",
                                                           Poco::Net::Context::VERIFY_NONE, 9, false);
  SSL_CTX_use_certificate(context->sslContext(), issued.certificate.get());
  SSL_CTX_use_PrivateKey(context->sslContext(), issued.key.get());
  return Poco::Net::SecureServerSocket(address, 64, context);
}

}  // namespace

FakeReply problem(int status, const std::string& code) {
  return {status,
          "application/problem+json",
          dumpJson({{"status", status}, {"code", code}, {"detail", "no"}}),
          {},
          false};
}

FakeReply putOff(int after_s) {
  FakeReply reply = problem(503, "server.busy");
  reply.headers = {{"Retry-After", std::to_string(after_s)}, {kRequestIdHeader, "put-off"}};
  return reply;
}

class FakeHandler : public Poco::Net::HTTPRequestHandler {
 public:
  explicit FakeHandler(FakeServer& server) : server_(server) {}

  void handleRequest(HTTPServerRequest& in, HTTPServerResponse& out) override {
    FakeRequest request{in.getMethod(),
                        in.getURI(),
                        {},
                        in.get("Content-Encoding", ""),
                        {},
                        false,
                        in.get("Authorization", "")};
    Poco::StreamCopier::copyToString(in.stream(), request.body);
    const protocol::SignatureHeaders headers{in.get("Content-Digest", ""), in.get("Signature-Input", ""),
                                             in.get("Signature", "")};
    if (const auto claimed = protocol::parseSignature(headers)) {
      request.signature = *claimed;
      request.signature_ok = verifies(*claimed, headers, request, in.getHost());
    }
    const FakeReply reply = server_.answer(request);
    if (reply.vanish) {
      static_cast<Poco::Net::HTTPServerRequestImpl&>(in).detachSocket().close();
      return;
    }
    out.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(reply.status));
    out.setContentType(reply.type);
    out.setDate(Poco::Timestamp());
    for (const auto& [name, value] : reply.headers)
      out.set(name, value);
    if (reply.type == "text/event-stream") return stream(out);
    out.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
    out.send() << reply.body;
  }

 private:
  bool verifies(const protocol::ClaimedSignature& claimed, const protocol::SignatureHeaders& headers,
                const FakeRequest& request, const std::string& host) {
    const std::lock_guard lock(server_.mutex_);
    const auto key = server_.keys_.find(claimed.key_id);
    std::string public_key = key == server_.keys_.end() ? std::string() : key->second;
    if (public_key.empty() && request.target == "/agent/v1/enroll") {
      public_key = fromBase64Url(claimed.key_id).value_or("");
    }
    const protocol::RequestParts parts{request.method, host, request.target, request.body,
                                       request.authorization};
    if (protocol::verifyRequest(claimed, headers, parts, public_key)) return true;
    return server_.old_key_opens && claimed.key_id == "agent-1" && !server_.old_key_.empty() &&
           protocol::verifyRequest(claimed, headers, parts, server_.old_key_).has_value();
  }

  void stream(HTTPServerResponse& out) {
    const auto bell = std::make_shared<FakeServer::Bell>();
    std::unique_lock lock(server_.mutex_);
    server_.bells_.push_back(bell);
    server_.changed_.notify_all();
    out.setKeepAlive(false);
    std::ostream& body = out.send();
    body << ": hello\n\n" << std::flush;
    while (!server_.stopping_ && !bell->cut && bell->close_after_ms < 0) {
      server_.changed_.wait(
          lock, [&] { return server_.stopping_ || bell->ring || bell->cut || bell->close_after_ms >= 0; });
      if (std::exchange(bell->ring, false)) body << "event: ring\ndata: {}\n\n" << std::flush;
    }
    if (bell->close_after_ms >= 0) {
      body << "event: retry\ndata: {\"after_ms\":" << bell->close_after_ms << "}\n\n" << std::flush;
    }
    std::erase(server_.bells_, bell);
  }

  FakeServer& server_;
};

namespace {

class FakeFactory : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit FakeFactory(FakeServer& server) : server_(server) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override {
    return new FakeHandler(server_);
  }

 private:
  FakeServer& server_;
};

}  // namespace

FakeServer::FakeServer(Options options)
    : authority_(options.authority ? options.authority : std::make_shared<Issued>(makeAuthority("A"))),
      other_authority_(std::make_shared<Issued>(makeAuthority("B"))) {
  const auto socket = listenOn(options, issueServer(*authority_, options.name));
  port_ = socket.address().port();
  auto* params = new Poco::Net::HTTPServerParams;
  params->setMaxThreads(8);
  params->setKeepAliveTimeout(Poco::Timespan(0, 200'000));
  params->setThreadIdleTime(Poco::Timespan(0, 50'000));
  server_ = std::make_unique<Poco::Net::HTTPServer>(new FakeFactory(*this), pool_, socket, params);
  server_->start();
}

FakeServer::~FakeServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  // Its listener looks for the end only every quarter of a second: knock until it does.
  std::atomic<bool> stopped = false;
  std::thread knock([&] {
    while (!stopped) {
      Poco::Net::StreamSocket socket;
      try {
        socket.connect(Poco::Net::SocketAddress("127.0.0.1", port_), Poco::Timespan(0, 100'000));
      } catch (const Poco::Exception&) {
        return;  // nobody listens any more
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  server_->stop();
  stopped = true;
  knock.join();
  // Handlers use what is destroyed next.
  pool_.joinAll();
}

protocol::Bundle FakeServer::bundle(const std::string& token) const {
  return {{url()}, token, authorities(), trust_->pinned(), {}};
}

void FakeServer::answerWith(Override override) {
  const std::lock_guard lock(mutex_);
  override_ = std::move(override);
}

void FakeServer::know(const std::string& key_id, const std::string& public_key) {
  const std::lock_guard lock(mutex_);
  keys_[key_id] = public_key;
}

FakeReply FakeServer::answer(const FakeRequest& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  changed_.notify_all();
  if (request.target.starts_with("/trust/")) {
    if (trust_override) {
      if (auto reply = trust_override(*this, request)) return *reply;
    }
    const std::string* file = trust_->served(request.target);
    return file == nullptr ? problem(404, "trust.no_such_file")
                           : FakeReply{200, "application/json", *file, {}, false};
  }
  if (override_) {
    if (auto reply = override_(*this, request)) return *reply;
  }
  return commit(request);
}

FakeReply FakeServer::commit(const FakeRequest& request) {
  if (!request.signature_ok) return problem(401, "signature.invalid");
  if (request.target == "/agent/v1/enroll") return enroll(request);
  if (request.target == "/agent/v1/token") return renew(request);
  if (request.target == "/agent/v1/key") return handOverKey(request);
  if (number_ > 0 && request.authorization != "Bearer access-" + std::to_string(number_))
    return problem(401, "token.superseded");
  if (request.target == "/agent/v1/upload") return upload(request);
  if (request.target == "/agent/v1/commands/fetch") return fetch();
  if (request.target == "/agent/v1/doorbell") return {200, "text/event-stream", "", {}, false};
  return problem(404, "request.no_such_address");
}

FakeReply FakeServer::enroll(const FakeRequest& request) {
  const auto body = parseJson(request.body);
  if (!body || body->value("token", "") != "token") return problem(401, "token.unknown");
  const bool again = keys_.contains("agent-1");
  keys_["agent-1"] = fromBase64Url(body->value("public_key", "")).value_or("");
  number_ = 0;
  const Json answer = {{"agent_id", "agent-1"},
                       {"client_id", "client-1"},
                       {"site_id", "site-1"},
                       {"refresh_token", toBase64Url(std::string(32, 'a'))}};
  return {again ? 200 : 201, "application/json", dumpJson(answer), {}, false};
}

FakeReply FakeServer::renew(const FakeRequest& request) {
  const auto body = parseJson(request.body);
  const auto opened = body ? protocol::openStateDocument(body->at("document"), keys_["agent-1"])
                           : Result<protocol::OpenedDocument>();
  if (!opened) return problem(400, "request.invalid");
  const auto& document = opened->document;
  const bool again = document.number == number_ && opened->hash == document_hash_;
  if (!again && document.number != number_ + 1) return problem(401, "refresh.unknown");
  number_ = document.number;
  document_hash_ = opened->hash;
  const Json answer = {
      {"access_token", "access-" + std::to_string(number_)},
      {"expires_in_s", access_life_s},
      {"refresh_token", toBase64Url(std::string(32, static_cast<char>('a' + number_ % 20)))}};
  return {200, "application/json", dumpJson(answer), {}, false};
}

FakeReply FakeServer::handOverKey(const FakeRequest& request) {
  const auto body = parseJson(request.body);
  const auto handover =
      body ? protocol::openKeyHandover(body->at("handover")) : Result<protocol::KeyHandover>();
  if (!handover || handover->agent_id != "agent-1") return problem(400, "request.invalid");
  std::string& key = keys_["agent-1"];
  if (key == handover->new_key) return {};
  if (key != handover->old_key) return problem(409, "key.conflict");
  old_key_ = std::exchange(key, handover->new_key);
  return {};
}

std::string FakeServer::keyOf(const std::string& key_id) const {
  const std::lock_guard lock(mutex_);
  const auto key = keys_.find(key_id);
  return key == keys_.end() ? "" : key->second;
}

FakeReply FakeServer::upload(const FakeRequest& request) {
  if (request.encoding != "zstd") return problem(415, "request.encoding");
  const auto text = protocol::expand(request.body, protocol::kMaxExpandedUploadBytes);
  if (!text) return problem(400, "request.body");
  const auto body = parseJson(*text, {.bytes = text->size()});
  if (!body) return problem(400, "request.body");
  if (body->at("items").size() == 1 && body->at("items")[0].value("kind", "") == "part")
    return takePart(body->at("items")[0]);
  Json acknowledged = Json::array();
  for (const Json& item : body->at("items")) {
    accept(item);
    acknowledged.push_back(item.at("id"));
  }
  changed_.notify_all();
  return {200,
          "application/json",
          dumpJson({{"acknowledged", acknowledged}, {"rejected", Json::array()}}),
          {},
          false};
}

FakeReply FakeServer::takePart(const Json& part) {
  Json answer = {{"acknowledged", Json::array()}, {"rejected", Json::array()}};
  const bool taken = ids_.contains(part.at("id").get<std::string>());
  if (!taken && part.at("part") == parts_.size()) parts_.push_back(part.at("text"));
  if (taken) {
    answer["acknowledged"].push_back(part.at("id"));
  } else if (parts_.size() < part.at("parts")) {
    answer["parts"] = {{{"id", part.at("id")}, {"next", parts_.size()}}};
  } else {
    std::string whole;
    for (const auto& text : std::exchange(parts_, {}))
      whole += text;
    accept(parseJson(whole, {.bytes = protocol::kMaxItemBytes, .values = 4'000'000}).value());
    answer["acknowledged"].push_back(part.at("id"));
    changed_.notify_all();
  }
  return {200, "application/json", dumpJson(answer), {}, false};
}

void FakeServer::forgetParts() {
  const std::lock_guard lock(mutex_);
  parts_.clear();
}

void FakeServer::accept(const Json& item) {
  if (!ids_.insert(item.at("id").get<std::string>()).second) {
    ++repeats_;
    return;
  }
  items_.push_back(item);
  const std::string id = item.value("command_id", "");
  std::erase_if(orders_, [&](const auto& order) { return order.command_id == id; });
}

FakeReply FakeServer::fetch() {
  Json commands = Json::array();
  for (auto order : orders_) {
    if (commands.size() == protocol::kMaxFetchedCommands) break;
    order.issued_at = epochNow();
    commands.push_back(protocol::sealEnvelope(order, command_key_).value());
  }
  for (const Json& raw : raw_orders_)
    commands.push_back(raw);
  Json answer = {{"commands", commands}};
  if (!held.is_null()) answer["held"] = held;
  return {200, "application/json", dumpJson(answer), {}, false};
}

protocol::Envelope FakeServer::order(const std::string& command_id,
                                     std::vector<protocol::Action> actions) const {
  protocol::Envelope envelope;
  envelope.command_id = command_id;
  envelope.client_id = "client-1";
  envelope.agent_id = "agent-1";
  envelope.command_type = "test";
  envelope.actions = std::move(actions);
  envelope.issued_at = epochNow();
  envelope.not_before = envelope.issued_at - 60 * kSecondNs;
  envelope.expires_at = envelope.issued_at + 3600 * kSecondNs;
  return envelope;
}

void FakeServer::queue(const protocol::Envelope& envelope) {
  const std::lock_guard lock(mutex_);
  orders_.push_back(envelope);
}

void FakeServer::queueRaw(const Json& transport) {
  const std::lock_guard lock(mutex_);
  raw_orders_.push_back(transport);
}

void FakeServer::ring() {
  const std::lock_guard lock(mutex_);
  for (const auto& bell : bells_)
    bell->ring = true;
  changed_.notify_all();
}

void FakeServer::closeDoorbells(std::int64_t after_ms) {
  const std::lock_guard lock(mutex_);
  for (const auto& bell : bells_)
    bell->close_after_ms = after_ms;
  changed_.notify_all();
}

void FakeServer::cutDoorbells() {
  const std::lock_guard lock(mutex_);
  for (const auto& bell : bells_)
    bell->cut = true;
  changed_.notify_all();
}

std::vector<FakeRequest> FakeServer::requests(const std::string& target) const {
  const std::lock_guard lock(mutex_);
  std::vector<FakeRequest> out;
  std::copy_if(requests_.begin(), requests_.end(), std::back_inserter(out),
               [&](const auto& request) { return request.target == target; });
  return out;
}

std::vector<Json> FakeServer::items(const std::string& kind) const {
  const std::lock_guard lock(mutex_);
  std::vector<Json> out;
  std::copy_if(items_.begin(), items_.end(), std::back_inserter(out),
               [&](const Json& item) { return kind.empty() || item.value("kind", "") == kind; });
  return out;
}

std::size_t FakeServer::repeats() const {
  const std::lock_guard lock(mutex_);
  return repeats_;
}

std::size_t FakeServer::doorbells() const {
  const std::lock_guard lock(mutex_);
  return bells_.size();
}

bool FakeServer::waitFor(const std::function<bool()>& condition) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(5), condition);
}

}  // namespace redflag::kernel::test
