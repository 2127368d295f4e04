#include "host/capabilities.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace redflag::host {
namespace {

constexpr std::string_view kHttp = "http:unix:";
constexpr std::string_view kExec = "exec:";
constexpr std::string_view kRead = "read:";
constexpr std::string_view kWrite = "write:";

bool isBelow(std::string_view path, std::string_view folder) {
  return path == folder || folder == "/" ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

// "" when this user has no home.
std::string underHome(std::string path) {
  if (!path.starts_with("~/")) return path;
  const passwd* user = ::getpwuid(::geteuid());
  return user == nullptr ? std::string() : user->pw_dir + path.substr(1);
}

bool isConditionText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

std::optional<Condition> takeCondition(std::string& spec) {
  const auto equals = spec.find('=');
  const auto close = spec.find('}');
  if (!spec.starts_with('{') || close == std::string::npos || equals > close) return std::nullopt;
  Condition found{spec.substr(1, equals - 1), spec.substr(equals + 1, close - equals - 1)};
  if (!isConditionText(found.setting) || !isConditionText(found.value)) return std::nullopt;
  spec.erase(0, close + 1);
  return found;
}

bool isCapability(std::string_view text) {
  std::string spec(text);
  takeCondition(spec);
  for (const std::string_view form : {"read:/", "read:{", "write:/", "write:{", "write:~/", "exec:/",
                                      "exec:{", "http:unix:/", "http:unix:{"}) {
    if (spec.starts_with(form)) return true;
  }
  return spec == "net:any" || spec == "root";
}

Capabilities::Capabilities(const std::vector<std::string>& granted) {
  for (const std::string& spec : granted) {
    if (spec.starts_with(kHttp)) sockets_.push_back(spec.substr(kHttp.size()));
    if (spec.starts_with(kExec)) programs_.push_back(spec.substr(kExec.size()));
    if (spec.starts_with(kRead)) addReadable(spec.substr(kRead.size()));
    if (spec == "net:any") network_ = true;
    if (spec == "root") root_ = true;
    if (!spec.starts_with(kWrite)) continue;
    auto path = underHome(spec.substr(kWrite.size()));
    if (!path.starts_with('/')) continue;
    addReadable(path);
    writable_.push_back(std::move(path));
  }
}

void Capabilities::addReadable(const std::string& granted) {
  auto path = std::filesystem::path(granted).lexically_normal().string();
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (!error && real != path) readable_.push_back(real.string());
  readable_.push_back(std::move(path));
}

bool Capabilities::mayExecute(std::string_view program) const {
  if (!program.starts_with('/')) return false;
  // Where it is no seal stands either; a sealed run is stopped by the seal.
  if (root_) return true;
  return std::find(programs_.begin(), programs_.end(), program) != programs_.end();
}

bool Capabilities::mayAsk(std::string_view socket) const {
  return std::find(sockets_.begin(), sockets_.end(), socket) != sockets_.end();
}

bool Capabilities::mayRead(std::string_view real_path) const {
  return real_path.starts_with('/') &&
         std::any_of(readable_.begin(), readable_.end(),
                     [&](const std::string& folder) { return isBelow(real_path, folder); });
}

}  // namespace redflag::host
