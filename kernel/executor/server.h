#pragma once
// The executor's socket: orders, and a stream of what becomes of them. local/service.h says who is heard.

#include <memory>

#include "executor/executor.h"
#include "local/service.h"

namespace redflag::kernel {

// Until the service is destroyed; `executor` outlives it. `group`: of the socket.
Result<std::unique_ptr<LocalService>> listenForOrders(Executor& executor, const std::filesystem::path& socket,
                                                      std::uint32_t kernel_uid, const std::string& group);

}  // namespace redflag::kernel
