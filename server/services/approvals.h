#pragma once
// Updates are approved, by a person or a policy: rows are bound (manager, key, arch, version), and one order
// for each agent and manager plans their installation; or it is left to somebody else to order it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/context.h"
#include "services/orders.h"
#include "services/windows.h"
#include "store/updates.h"

namespace redflag::services {

struct Selection {
  std::vector<std::string> update_ids;
  std::optional<store::UpdateGroupKey> group;  // every open row of it, instead of ids
};

struct SkippedUpdate {
  std::string update_id;
  std::string hostname;
  std::string name;
  store::Reason reason;
};

struct ApprovalOutcome {
  std::string approval_id;  // "" for a preview, or when nothing was approved
  std::size_t approved = 0;
  std::size_t agents = 0;
  std::vector<SkippedUpdate> skipped;
  std::vector<std::string> command_ids;
  bool awaiting_approval = false;      // a second person must approve it too
  std::vector<WindowHint> waits = {};  // of a preview: what the installs would wait for
};

// Why this row cannot be approved now; nullopt when it can.
std::optional<store::Reason> notApprovable(const store::Update& update);

class Approvals {
 public:
  using Within = std::function<void(store::WriteTransaction&, const ApprovalOutcome&)>;
  enum class How { kOrder, kOnlyApprove };

  Approvals(const Context& context, Orders& orders) : context_(context), orders_(orders) {}

  // Of a group, the rows that the actor sees; those over which the actor is no approver are skipped, as are
  // rows that cannot be approved, each with the reason. http::Problem 404 when one of `update_ids` is not
  // there or not to be seen, 403 when the actor is no approver of it.
  ApprovalOutcome preview(const Selection& selection, const Actor& actor) const;
  // The same, done: all or nothing. `within` runs in the same transaction. With an `outside_reason` what is
  // ordered waits for no maintenance window: that takes a proof.
  ApprovalOutcome approve(const Selection& selection, const Actor& actor, const Within& within = {},
                          How how = How::kOrder, const std::string& outside_reason = {});
  // Plans anew what this command was about and did not install. http::Problem 404, 409.
  store::Command again(const std::string& command_id, const Actor& actor);

 private:
  struct Batch;
  Batch choose(const Selection& selection, const Actor& actor) const;
  ApprovalOutcome onlyApprove(const Batch& batch, const Actor& actor, const Within& within);
  ApprovalOutcome carryOut(Batch& batch, const Actor& actor, const store::Command* retry_of,
                           const Within& within, const std::string& outside_reason = {});

  const Context& context_;
  Orders& orders_;
};

}  // namespace redflag::services
