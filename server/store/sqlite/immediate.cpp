#include "store/sqlite/immediate.h"

#include <spdlog/spdlog.h>

#include "http/message.h"

namespace redflag::store::sqlite {
namespace {

// A failed rollback is no second failure: SQLite has rolled back by itself after errors like a full disk.
void rollBack(Connection& connection) noexcept {
  try {
    connection.execute("ROLLBACK");
  } catch (const http::Problem& problem) {
    spdlog::debug("store: rollback: {}", problem.detail);
  }
}

}  // namespace

void Immediate::commit() {
  connection_.execute("COMMIT");
  open_ = false;
}

Immediate::~Immediate() {
  if (open_) rollBack(connection_);
}

Snapshot::~Snapshot() {
  rollBack(connection_);
}

}  // namespace redflag::store::sqlite
