#include "api/routes.h"

namespace redflag::api {
namespace {

using http::Request;
using http::Response;

Response content(const trust::Repository& repository, const std::string& name, const char* caching) {
  auto text = repository.file(name);
  if (!text) throw http::Problem{404, "trust.no_such_file", "the trust repository has no such file"};
  const bool json = name.ends_with(".json");
  return {200,
          json ? "application/json" : "application/octet-stream",
          std::move(*text),
          {{"Cache-Control", caching}}};
}

}  // namespace

std::vector<http::Route> trustRoutes(const trust::Repository& repository) {
  const auto metadata = [&repository](const Request& request) {
    return content(repository, "metadata/" + request.parameters.at("file"), "no-cache");
  };
  // A target's name carries its hash: it never changes.
  const auto target = [&repository](const Request& request) {
    return content(repository,
                   "targets/" + request.parameters.at("folder") + "/" + request.parameters.at("file"),
                   "max-age=31536000, immutable");
  };
  return {{"GET", "/trust/metadata/{file}", http::Permission::kAnyone, 0, metadata},
          {"GET", "/trust/targets/{folder}/{file}", http::Permission::kAnyone, 0, target}};
}

}  // namespace redflag::api
