#pragma once
// Who may sign orders now.

#include "base/result.h"
#include "protocol/command_list.h"

namespace redflag::kernel {

class CommandSource {
 public:
  virtual ~CommandSource() = default;
  // The list that the offline keys signed and that has not expired; else why there is none, for people. [any
  // thread]
  virtual Result<protocol::CommandList> commands() const = 0;
};

}  // namespace redflag::kernel
