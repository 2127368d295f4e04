#pragma once
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "store/commands.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlCommands : public Commands {
 public:
  explicit SqlCommands(Connection& connection) : db_(connection) {}

  Page<Command> list(const CommandFilter& filter, const http::Visible& visible,
                     const PageRequest& page) const override;
  std::optional<Command> find(const std::string& command_id, const http::Visible& visible) const override;
  std::vector<std::optional<Command>> findAll(const std::vector<std::string>& command_ids,
                                              const http::Visible& visible) const override;
  std::vector<Transition> transitions(const Command& command) const override;
  std::vector<LogLine> log(const Command& command, std::size_t limit) const override;
  std::vector<std::string> addAll(const std::vector<NewCommand>& commands) override;
  std::vector<std::optional<CommandState>> advanceAll(std::span<const Command> commands, CommandEvent event,
                                                      const std::string& actor, const Reason& reason,
                                                      std::int64_t now) override;
  void setResults(const Command& command, const std::string& results) override;
  void setPlan(const Command& command, const PlanFindings& findings) override;
  void setProgress(const Command& command, std::optional<std::int64_t> percent, const std::string& progress,
                   std::int64_t now) override;
  std::vector<LogLine> addLog(const Command& command, const std::vector<LogLine>& lines,
                              std::size_t limit) override;
  std::vector<Command> fetchable(const AgentKey& agent, std::int64_t now, std::size_t limit) const override;
  std::vector<Command> due(std::int64_t now, std::size_t limit) const override;
  std::vector<Command> overdue(std::int64_t now, std::size_t limit) const override;
  std::vector<Command> silent(std::int64_t now, std::size_t limit) const override;
  std::vector<Command> lostSince(std::int64_t before, std::size_t limit) const override;
  Page<HeldOrder> heldOrders(const http::Visible& visible, const PageRequest& page) const override;
  std::vector<Command> heldOf(const std::string& order_id, const http::Visible& visible) const override;
  std::set<std::string> orderedAlone(const std::string& author_id, const std::string& risk,
                                     std::int64_t since) const override;
  void setApproved(std::span<const Command> commands, const std::string& approved_by) override;
  void setTiming(std::span<const Command> commands) override;
  std::vector<Command> waitingOf(const std::string& client_id, const std::string& after_id,
                                 std::size_t limit) const override;
  std::vector<WindowWait> windowWaits(std::int64_t until, const http::Visible& visible) const override;
  std::vector<Command> unprepared(const std::string& type, const std::string& prepared_by,
                                  std::int64_t ahead_of, const PreparationTries& tries,
                                  const WaitingAfter& after, std::size_t limit) const override;
  std::optional<Command> preparationOf(const Command& command, const std::string& prepared_by) const override;
  std::map<std::string, std::int64_t> underWay() const override;
  std::vector<Command> unsettled(std::size_t limit) const override;
  bool settle(const Command& command) override;
  void settleFailed(const Command& command) override;
  void addApprovals(const std::string& approval_id, const std::vector<Approval>& approvals,
                    const std::string& actor, std::int64_t now) override;
  std::vector<ApprovedUpdate> approved(const AgentKey& agent, const std::string& approval_id) const override;
  bool prune(std::int64_t before, int limit) override;

  const std::vector<CommandStep>& steps() const override { return steps_; }
  void forgetSteps(std::size_t but_first) { steps_.resize(but_first); }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // client, agent, dedup_key

  std::map<std::string, CommandState> statesOf(std::span<const Command> commands) const;
  std::map<Key, std::string> sameUnderWay(const std::vector<NewCommand>& commands) const;
  // `results`: what to read where a command's results are; nullptr: none that are very long.
  std::vector<Command> select(const std::string& conditions, const std::vector<Value>& values,
                              const char* results = nullptr) const;
  std::vector<std::string> updatesHeld(const std::string& order_id, const http::Visible& visible) const;
  std::vector<std::pair<std::string, std::string>> placesHeld(const std::string& order_id,
                                                              const http::Visible& visible) const;
  void yieldKey(const Command& command);

  Connection& db_;
  std::vector<CommandStep> steps_;
};

}  // namespace redflag::store::sql
