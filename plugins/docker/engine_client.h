#pragma once
// An engine's interface for who may change it: root, with the engine's own socket. Source: Docker Engine API
// 1.41.

#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "http.h"
#include "problem.h"
#include "redflag/sdk.hpp"
#include "reference.h"

namespace redflag::docker {

// How an engine is told a password for a registry: whole groups of base64, for it takes an unfinished one for
// no password at all, without a word. "" for what is none.
std::string registryAuth(const std::string& registry, const std::string& user_password);

class EngineClient {
 public:
  explicit EngineClient(std::string socket);

  // For EngineReader.
  rf::Value<rf::HttpAnswer> get(const std::string& target);

  Result<Json> listContainers();  // an array: also of those that do not run
  Result<Json> listImages();      // an array: also of those without a name
  // null: there is no such thing
  Result<Json> inspectContainer(const std::string& name);
  Result<Json> inspectImage(const std::string& name);

  // Exactly the bytes of that digest; the engine checks them. `tell` gets its lines of progress, false ends
  // it.
  Result<> pull(const Reference& repository, const std::string& digest, const std::string& platform,
                const std::string& user_password, std::int64_t timeout_ns,
                const std::function<bool(const std::string&)>& tell);
  Result<> tag(const std::string& image, const Reference& name);

  Result<std::string> create(const std::string& name, const Json& body);  // the new container's number
  Result<> connect(const std::string& network, const std::string& container, const Json& endpoint);
  Result<> rename(const std::string& container, const std::string& name);
  Result<> start(const std::string& container);
  // Returns once it has ended: after the time it gets for that it is killed.
  Result<> stop(const std::string& container, std::int64_t patience_s);
  Result<> signal(const std::string& container, const std::string& signal);  // and waits for nothing
  Result<> remove(const std::string& container);  // one that does not run; its volumes stay
  Result<> removeImage(const std::string& id);    // one that nothing uses; what it was built on stays

 private:
  Result<HttpReply> ask(const std::string& method, const std::string& target, const Json& body,
                        std::int64_t timeout_ns);
  // 404 is an error, too.
  Result<> order(const std::string& method, const std::string& target, const Json& body = nullptr);
  Result<Json> inspect(const std::string& target);
  Result<Json> list(const std::string& target);

  const std::string socket_;
  HttpClient http_;
};

}  // namespace redflag::docker
