#pragma once
// How things end, and text across the C border. Nothing of this layer throws for a failure of the outside
// world.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redflag/abi.h"

namespace rf {

enum class Status : rf_status {
  kOk = RF_OK,
  kTransient = RF_TRANSIENT,
  kPermanent = RF_PERMANENT,
  kDenied = RF_DENIED,
  kCancelled = RF_CANCELLED,
  kLimit = RF_LIMIT,
  kUnsupported = RF_UNSUPPORTED,
  kInvalid = RF_INVALID,
  kNotApplicable = RF_NOT_APPLICABLE,
  kMisconfigured = RF_MISCONFIGURED,
  kInternal = RF_INTERNAL,
};

// A status this layer does not know (a newer host's) counts as a defect, never as success.
constexpr Status toStatus(rf_status value) {
  return value >= RF_OK && value <= RF_INTERNAL ? static_cast<Status>(value) : Status::kInternal;
}
constexpr rf_status raw(Status status) {
  return static_cast<rf_status>(status);
}

// The one of two that says more about what went wrong: defects first, then what stopped the run, then the
// outside world, then what an admin decided.
constexpr Status worse(Status a, Status b) {
  constexpr std::uint8_t kRank[] = {0, 5, 6, 4, 8, 7, 2, 9, 1, 3, 10};  // by value, kOk first
  return kRank[raw(a)] >= kRank[raw(b)] ? a : b;
}

constexpr rf_str str(std::string_view text) {
  return rf_str{text.data(), text.size()};
}
constexpr std::string_view view(rf_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// A value, or why there is none.
template <class T>
class [[nodiscard]] Value {
 public:
  Value(T value) : value_(std::move(value)) {}
  Value(Status status, std::string text) : status_(status), text_(std::move(text)) {}

  explicit operator bool() const { return value_.has_value(); }
  Status status() const { return status_; }
  const std::string& text() const { return text_; }  // for people; "" when there is a value

  const T& operator*() const& { return value_.value(); }
  T& operator*() & { return value_.value(); }
  T&& operator*() && { return std::move(value_).value(); }
  const T* operator->() const { return &value_.value(); }
  auto begin() const { return value_.value().begin(); }
  auto end() const { return value_.value().end(); }

 private:
  std::optional<T> value_;
  Status status_ = Status::kOk;
  std::string text_;
};

// Cuts `line` at each separator into exactly `count` pieces; another count is kInvalid. The pieces point into
// `line`.
inline Value<std::vector<std::string_view>> split(std::string_view line, char separator, std::size_t count) {
  std::vector<std::string_view> pieces;
  for (std::size_t start = 0;;) {
    const std::size_t end = line.find(separator, start);
    pieces.push_back(line.substr(start, end - start));
    if (end == std::string_view::npos || pieces.size() > count) break;
    start = end + 1;
  }
  if (pieces.size() == count) return pieces;
  return {Status::kInvalid, "expected " + std::to_string(count) + " fields, found " +
                                (pieces.size() > count ? "more" : std::to_string(pieces.size()))};
}

}  // namespace rf
