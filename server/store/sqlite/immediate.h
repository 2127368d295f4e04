#pragma once
// BEGIN IMMEDIATE as an object: rolled back unless committed. Poco's own begin() is DEFERRED, which fails
// under contention as soon as it wants to write.

#include "store/sqlite/connection.h"

namespace redflag::store::sqlite {

class Immediate {
 public:
  explicit Immediate(Connection& connection) : connection_(connection) {
    connection_.execute("BEGIN IMMEDIATE");
  }
  Immediate(const Immediate&) = delete;
  Immediate& operator=(const Immediate&) = delete;
  ~Immediate();
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

// A snapshot for reading.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection) : connection_(connection) { connection_.execute("BEGIN"); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

 private:
  Connection& connection_;
};

}  // namespace redflag::store::sqlite
