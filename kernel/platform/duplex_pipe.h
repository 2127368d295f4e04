#pragma once
// A byte stream in both directions between us and one child. Our end never blocks except in wait().

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "platform/descriptor.h"

namespace redflag::platform {

class DuplexPipe {
 public:
  static Result<DuplexPipe> create();
  // Our end of one that another process made for us.
  static DuplexPipe adopt(Descriptor own) { return {std::move(own), Descriptor()}; }
  // Gives our end to another process.
  Descriptor take() { return std::move(own_); }

  // For SpawnOptions::descriptors; closed on our side once the child has it.
  int childEnd() const { return child_.get(); }
  void closeChildEnd() { child_.reset(); }
  Descriptor takeChildEnd() { return std::move(child_); }

  struct Ready {
    bool readable = false;  // or ended
    bool writable = false;
  };
  // Until there is something to read, or room to write if asked for, or the time is over.
  Result<Ready> wait(bool for_writing, std::int64_t timeout_ns);

  // nullopt: nothing there now. 0: the child closed its end.
  Result<std::optional<std::size_t>> read(char* into, std::size_t size);
  // How many bytes it took, perhaps none. kUnavailable: the child closed its end.
  Result<std::size_t> write(std::string_view bytes);
  // All of it. kUnavailable: the child closed its end, or was too slow.
  Result<> writeAll(std::string_view bytes, std::int64_t timeout_ns);

 private:
  DuplexPipe(Descriptor own, Descriptor child) : own_(std::move(own)), child_(std::move(child)) {}
  Descriptor own_;
  Descriptor child_;
};

}  // namespace redflag::platform
