#include "store/sql/transaction.h"

namespace redflag::store::sql {

void Transaction::attempt(const std::function<void()>& part) {
  const std::size_t actions = after_commit_.size();
  const std::size_t published = events_.published();
  const std::size_t audited = audit_.pending();
  connection_.post("SAVEPOINT attempt");
  try {
    part();
    connection_.settle();
  } catch (...) {
    connection_.post("ROLLBACK TO SAVEPOINT attempt");
    connection_.post("RELEASE SAVEPOINT attempt");
    after_commit_.resize(actions);
    events_.forgetPublished(published);
    audit_.forgetPending(audited);
    throw;
  }
  connection_.post("RELEASE SAVEPOINT attempt");
}

bool Transaction::finish() {
  audit_.writePending();
  return events_.writePublished();
}

}  // namespace redflag::store::sql
