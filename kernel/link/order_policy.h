#pragma once
// What the owner's policy says of an order before it leaves the kernel. The executor asks again, about the
// plan it makes itself; what is refused here would be refused there, and never gets as far as root.

#include "policy/policy.h"
#include "protocol/envelope.h"

namespace redflag::kernel {

// kPolicy with the owner's reason, or kMalformed when the order's own plan cannot be read.
protocol::Verdict<> checkPolicy(const protocol::Envelope& envelope, const Policy& policy,
                                const LocalMinute& now);

}  // namespace redflag::kernel
