#pragma once
// The id of the request that a thread works on, so that each line it logs meanwhile carries it: at the server
// from the request's first byte to its answer, at the agent from the answer to the end of what it is for. The
// server makes it and sends it back, so that one search finds both sides' lines.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace redflag {

inline constexpr const char* kRequestIdHeader = "X-Request-Id";

// What a peer says its id was goes into a log: anything else than a short word counts as none.
inline std::string checkedRequestId(const std::string& text) {
  constexpr std::size_t kLongest = 64;
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
  };
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), plain) ? text : std::string();
}

// The innermost one of a thread counts; without an id it hides that of the outer one.
class RequestScope {
 public:
  explicit RequestScope(std::string id = {}) : id_(std::move(id)), outer_(std::exchange(innermost(), this)) {}
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;
  ~RequestScope() { innermost() = outer_; }

  // "" outside of any. Valid until the scope ends or gets another id.
  static std::string_view id() {
    return innermost() == nullptr ? std::string_view() : std::string_view(innermost()->id_);
  }
  // Nothing happens outside of any.
  static void setId(std::string id) {
    if (innermost() != nullptr) innermost()->id_ = std::move(id);
  }

 private:
  static RequestScope*& innermost() {
    thread_local RequestScope* scope = nullptr;
    return scope;
  }

  std::string id_;
  RequestScope* const outer_;
};

}  // namespace redflag
