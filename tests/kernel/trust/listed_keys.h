#pragma once
// A list of command keys that is believed as it stands.

#include <string>

#include "protocol/keys.h"
#include "trust/command_source.h"

namespace redflag::kernel::test {

class ListedKeys final : public CommandSource {
 public:
  ListedKeys() = default;
  explicit ListedKeys(const std::string& public_key) { add(public_key); }
  void add(const std::string& public_key) {
    list.keys.push_back({{protocol::keyId(public_key), public_key}, INT64_MIN, INT64_MAX});
  }
  Result<protocol::CommandList> commands() const override {
    if (!why_not.empty()) return fail(Code::kDenied, why_not);
    return list;
  }

  protocol::CommandList list;
  std::string why_not;
};

}  // namespace redflag::kernel::test
