#include "store/sql/transaction.h"

#include "base/history_line.h"
#include "base/log.h"
#include "http/message.h"

namespace redflag::store::sql {
namespace {

void logStep(const CommandStep& step) {
  spdlog::info("{}", historyLine({step.at, "redflag-server", "commands", step.command_id, step.agent_id,
                                  step.type, step.from, step.to, step.actor, step.code}));
}

}  // namespace

void Transaction::attempt(const std::function<void()>& part) {
  const std::size_t actions = after_commit_.size();
  const std::size_t recorded = events_.recorded();
  const std::size_t published = events_.published();
  const std::size_t audited = audit_.pending();
  const std::size_t steps = commands_.steps().size();
  connection_.post("SAVEPOINT attempt");
  try {
    part();
    connection_.settle();
  } catch (...) {
    undoAttempt();
    after_commit_.resize(actions);
    events_.forgetRecorded(recorded);
    events_.forgetPublished(published);
    audit_.forgetPending(audited);
    commands_.forgetSteps(steps);
    throw;
  }
  connection_.post("RELEASE SAVEPOINT attempt");
}

// What was posted in it may have failed, and nobody has asked yet: behind it the rollback would be skipped,
// and the failure be taken for that of what comes next.
void Transaction::undoAttempt() {
  try {
    connection_.settle();
  } catch (const http::Problem& problem) {
    spdlog::debug("store: undone with the rest of its attempt: {}", problem.detail);
  }
  connection_.post("ROLLBACK TO SAVEPOINT attempt");
  connection_.post("RELEASE SAVEPOINT attempt");
}

bool Transaction::finish() {
  events_.writeRecorded();
  audit_.writePending();
  return events_.writePublished();
}

// What did not become durable is no history.
std::vector<std::function<void()>> Transaction::takeAfterCommit() {
  auto out = std::move(after_commit_);
  if (!commands_.steps().empty())
    out.insert(out.begin(), [steps = commands_.steps()] {
      for (const CommandStep& step : steps)
        logStep(step);
    });
  return out;
}

}  // namespace redflag::store::sql
