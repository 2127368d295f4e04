#pragma once
// A transaction as an object: rolled back unless committed.

#include "store/sql/connection.h"

namespace redflag::store::sql {

class Scope {
 public:
  Scope(Connection& connection, Access access) : connection_(connection) { connection_.begin(access); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() {
    if (open_) connection_.rollBack();
  }
  void commit() {
    connection_.commit();
    open_ = false;
  }

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace redflag::store::sql
