#include "engine_client.h"

#include "base/encoding.h"
#include "base/time.h"
#include "engine.h"
#include "json_access.h"

namespace redflag::docker {
namespace {

constexpr std::int64_t kPatienceNs = 120 * kSecondNs;
constexpr std::size_t kMaxProgress = 256U << 20U;
constexpr std::size_t kMaxLine = 64U << 10U;
// With containerd's store an engine gives a password to that host only which it is told with it, and knows
// Docker Hub's by this name alone before version 29.
constexpr const char* kHubAddress = "https://index.docker.io/v1/";

std::string messageOf(const std::string& body) {
  const auto json = parseJson(body, {.bytes = 64U << 10U, .depth = 4, .values = 100});
  if (!json || !json->is_object() || !json->contains("message") || !json->at("message").is_string())
    return {};
  return ": " + json->at("message").get<std::string>().substr(0, 500);
}

// What one line of a pull's progress says; an error in `error`.
std::string progressOf(const std::string& line, std::string& error) {
  const auto json = parseJson(line, {.bytes = kMaxLine, .depth = 8, .values = 1'000});
  if (!json || !json->is_object()) return {};
  const auto text = [&](const char* key) {
    return json->contains(key) && json->at(key).is_string() ? json->at(key).get<std::string>()
                                                            : std::string();
  };
  auto said = text("error");
  // Deprecated since API 1.48, and to be left out by engines to come.
  if (said.empty()) said = textAt(*json, {"errorDetail", "message"});
  if (!said.empty()) error = said.substr(0, 500);
  // How far each layer is comes many times a second.
  return json->contains("progressDetail") && !json->at("progressDetail").empty() ? std::string()
                                                                                 : text("status");
}

}  // namespace

std::string registryAuth(const std::string& registry, const std::string& user_password) {
  const auto colon = user_password.find(':');
  if (colon == std::string::npos) return {};
  auto out = toBase64Url(dumpJson({{"username", user_password.substr(0, colon)},
                                   {"password", user_password.substr(colon + 1)},
                                   {"serveraddress", registry == "docker.io" ? kHubAddress : registry}}));
  while (out.size() % 4 != 0)
    out += '=';
  return out;
}

EngineClient::EngineClient(std::string socket) : socket_(std::move(socket)), http_([] { return false; }) {}

Result<HttpReply> EngineClient::ask(const std::string& method, const std::string& target, const Json& body,
                                    std::int64_t timeout_ns) {
  HttpRequest request;
  request.method = method;
  request.url = "http://engine" + target;
  request.socket = socket_;
  request.max_bytes = kMaxEngineAnswer;
  request.timeout_ns = timeout_ns;
  if (!body.is_null()) {
    request.body = dumpJson(body);
    request.headers = {"Content-Type: application/json"};
  }
  auto reply = http_.send(request);
  if (reply) return reply;
  return fail(reply.error().status, "docker.engine_unreachable", "the engine: " + reply.error().text);
}

rf::Value<rf::HttpAnswer> EngineClient::get(const std::string& target) {
  auto reply = ask("GET", target, nullptr, kPatienceNs);
  if (!reply) return {rf::toStatus(reply.error().status), reply.error().text};
  return rf::HttpAnswer{reply->status, std::move(reply->body)};
}

Result<Json> EngineClient::inspect(const std::string& target) {
  const auto reply = ask("GET", target, nullptr, kPatienceNs);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  if (reply->status == 404) return Json();
  auto json = parseJson(reply->body, {.bytes = kMaxEngineAnswer, .depth = 32, .values = 400'000});
  if (reply->status != 200 || !json || !json->is_object())
    return fail(RF_TRANSIENT, "docker.engine_failed",
                "the engine answers GET " + target + " with nothing usable");
  return std::move(*json);
}

Result<Json> EngineClient::list(const std::string& target) {
  const auto answer = get(target);
  if (!answer) return fail(rf::raw(answer.status()), "docker.engine_unreachable", answer.text());
  auto list = parseJson(answer->body, {.bytes = kMaxEngineAnswer, .depth = 32, .values = 400'000});
  if (answer->http_status != 200 || !list || !list->is_array())
    return fail(RF_TRANSIENT, "docker.engine_malformed",
                "the engine's answer to GET " + target + " is no list");
  return std::move(*list);
}

Result<Json> EngineClient::listContainers() {
  return list("/containers/json?all=1");
}

Result<Json> EngineClient::listImages() {
  return list("/images/json?all=1");
}

Result<Json> EngineClient::inspectContainer(const std::string& name) {
  return inspect("/containers/" + urlEncoded(name) + "/json");
}

Result<Json> EngineClient::inspectImage(const std::string& name) {
  return inspect("/images/" + name + "/json");
}

Result<> EngineClient::order(const std::string& method, const std::string& target, const Json& body) {
  const auto reply = ask(method, target, body, kPatienceNs);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  // 304: it is so already.
  if ((reply->status >= 200 && reply->status < 300) || reply->status == 304) return {};
  return fail(RF_PERMANENT, "docker.engine_refused",
              "the engine answers " + std::to_string(reply->status) + " to " + method + " " + target +
                  messageOf(reply->body));
}

Result<> EngineClient::pull(const Reference& repository, const std::string& digest,
                            const std::string& platform, const std::string& user_password,
                            std::int64_t timeout_ns, const std::function<bool(const std::string&)>& tell) {
  const auto name = repository.registry + "/" + repository.repository;
  HttpRequest request;
  request.method = "POST";
  request.url = "http://engine/images/create?fromImage=" + urlEncoded(name) + "&tag=" + urlEncoded(digest) +
                "&platform=" + urlEncoded(platform);
  request.socket = socket_;
  request.max_bytes = kMaxProgress;
  request.timeout_ns = timeout_ns;
  if (const auto auth = registryAuth(repository.registry, user_password); !auth.empty())
    request.headers = {"X-Registry-Auth: " + auth};
  std::string error;
  std::string rest;
  std::string whole;
  request.sink = [&](std::string_view piece) {
    if (whole.size() < kMaxLine) whole.append(piece.substr(0, kMaxLine));
    rest.append(piece);
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      const auto said = progressOf(rest.substr(0, end), error);
      rest.erase(0, end + 1);
      if (!tell(said)) return false;
    }
    return rest.size() <= kMaxLine;
  };
  const auto reply = http_.send(request);
  if (!reply) return fail(reply.error().status, "docker.pull_failed", name + ": " + reply.error().text);
  if (reply->status != 200)
    return fail(RF_TRANSIENT, "docker.pull_failed",
                name + ": the engine answers " + std::to_string(reply->status) + messageOf(whole));
  if (!error.empty()) return fail(RF_TRANSIENT, "docker.pull_failed", name + ": " + error);
  return {};
}

Result<> EngineClient::tag(const std::string& image, const Reference& name) {
  return order("POST", "/images/" + image + "/tag?repo=" + urlEncoded(name.registry + "/" + name.repository) +
                           "&tag=" + urlEncoded(name.tag));
}

Result<std::string> EngineClient::create(const std::string& name, const Json& body) {
  const auto reply = ask("POST", "/containers/create?name=" + urlEncoded(name), body, kPatienceNs);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  const auto json = parseJson(reply->body, {.bytes = 1U << 20U, .depth = 8, .values = 10'000});
  if (reply->status == 201 && json && json->is_object() && json->contains("Id") && json->at("Id").is_string())
    return json->at("Id").get<std::string>();
  return fail(RF_PERMANENT, "docker.engine_refused",
              "the engine answers " + std::to_string(reply->status) + " to a container's creation" +
                  messageOf(reply->body));
}

Result<> EngineClient::connect(const std::string& network, const std::string& container,
                               const Json& endpoint) {
  return order("POST", "/networks/" + urlEncoded(network) + "/connect",
               {{"Container", container}, {"EndpointConfig", endpoint}});
}

Result<> EngineClient::rename(const std::string& container, const std::string& name) {
  return order("POST", "/containers/" + container + "/rename?name=" + urlEncoded(name));
}

Result<> EngineClient::start(const std::string& container) {
  return order("POST", "/containers/" + container + "/start");
}

Result<> EngineClient::stop(const std::string& container, std::int64_t patience_s) {
  const auto reply = ask("POST", "/containers/" + container + "/stop?t=" + std::to_string(patience_s),
                         nullptr, kPatienceNs + patience_s * kSecondNs);
  if (!reply) return tl::unexpected<Problem>(reply.error());
  if (reply->status == 204 || reply->status == 304) return {};
  return fail(RF_PERMANENT, "docker.engine_refused",
              "the engine answers " + std::to_string(reply->status) + " to a container's stop" +
                  messageOf(reply->body));
}

Result<> EngineClient::signal(const std::string& container, const std::string& signal) {
  return order("POST", "/containers/" + container + "/kill?signal=" + urlEncoded(signal));
}

Result<> EngineClient::remove(const std::string& container) {
  return order("DELETE", "/containers/" + container + "?v=0&force=0");
}

Result<> EngineClient::removeImage(const std::string& id) {
  return order("DELETE", "/images/" + id + "?force=0&noprune=1");
}

}  // namespace redflag::docker
