#include "store/sql/transaction.h"

namespace redflag::store::sql {

void Transaction::attempt(const std::function<void()>& part) {
  const std::size_t actions = after_commit_.size();
  const std::size_t published = events_.published();
  connection_.post("SAVEPOINT attempt");
  try {
    part();
    connection_.settle();
  } catch (...) {
    connection_.post("ROLLBACK TO SAVEPOINT attempt");
    connection_.post("RELEASE SAVEPOINT attempt");
    after_commit_.resize(actions);
    events_.forgetPublished(published);
    throw;
  }
  connection_.post("RELEASE SAVEPOINT attempt");
}

}  // namespace redflag::store::sql
