#pragma once
// The effects of one ended command, carried out. prepare() thinks (and may run hooks), apply() only writes.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/context.h"
#include "services/orders.h"
#include "store/updates.h"

namespace redflag::services {

class Effects {
 public:
  Effects(const Context& context, Orders& orders, const store::Command& command)
      : context_(context), orders_(orders), command_(command) {}

  // http::Problem when an effect is malformed or a follow-up's hooks fail.
  void prepare(const std::vector<Json>& effects);
  void apply(store::WriteTransaction& tx);

 private:
  struct Installed {
    std::string name;
    std::string arch;
    std::string version;
  };

  struct RolledBack {
    std::string name;
    std::string arch;
    std::string version;  // that is gone
    std::string now;
  };

  void readPlanned(const Json& effect);
  void readInstalled(const Json& effect);
  void readFailed(const Json& effect);
  void readRolledBack(const Json& effect);
  void readFollowUp(const Json& effect);
  void prepareFollowUp();

  std::vector<store::KnownUpdate> mine(store::WriteTransaction& tx) const;
  std::string bootOfInstall(store::WriteTransaction& tx, const store::KnownUpdate& update) const;
  void applyPlan(store::WriteTransaction& tx);
  void applyInstalled(store::WriteTransaction& tx);
  void applyRolledBack(store::WriteTransaction& tx);
  void applyRest(store::WriteTransaction& tx);
  void failUpdate(store::WriteTransaction& tx, const store::KnownUpdate& update, const store::Reason& reason);
  bool advance(store::WriteTransaction& tx, const store::KnownUpdate& update, store::UpdateEvent event,
               const store::UpdateChange& change);
  void record(store::WriteTransaction& tx, const std::string& kind, const std::string& text,
              const std::string& code, const std::string& severity);

  const Context& context_;
  Orders& orders_;
  const store::Command& command_;
  store::AgentKey agent_;
  std::string boot_id_;
  std::int64_t now_ = 0;

  std::optional<store::PlanFindings> plan_;
  std::size_t extras_ = 0;
  std::set<std::string> left_out_;  // update ids
  std::vector<Installed> installed_;
  bool needs_reboot_ = false;
  std::string rolled_back_by_;  // the manager
  std::vector<RolledBack> rolled_back_;
  std::optional<store::Reason> failed_;
  std::optional<Json> follow_up_;  // {"type","parameters"}
  std::optional<PreparedOrder> next_;
};

}  // namespace redflag::services
