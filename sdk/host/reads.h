#pragma once
// Reads that a sealed process may not make itself, over descriptor kReadsFd to whoever started it. Both
// directions: u32 little-endian length, that many bytes. One question at a time:
//   host:    {"socket":"/run/docker.sock","target":"/images/json","max_bytes":n,"timeout_ms":n}
//   starter: {"http_status":200} and then the body as a message of its own;
//            or {"refused":"denied|not_applicable|transient|limit|invalid","text"}
// The starter believes nothing of it: it has its own list of sockets and of targets.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::host {

constexpr int kReadsFd = 5;
constexpr std::size_t kMaxQuestionBytes = 4096;
constexpr std::size_t kMaxReadBytes = 4U << 20;

struct Question {
  std::string socket;
  std::string target;
  std::uint64_t max_bytes = kMaxReadBytes;
  std::int64_t timeout_ms = 0;
};

std::string encodeQuestion(const Question& question);
// kInvalid names the member and what was expected.
Result<Question> decodeQuestion(std::string_view json);

}  // namespace redflag::host
