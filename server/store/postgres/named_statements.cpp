#include "store/postgres/named_statements.h"

namespace redflag::store::postgres {
namespace {

constexpr std::size_t kLongest = 2'000;
constexpr std::size_t kMostSeen = 1'000;

}  // namespace

NamedStatements::Statement& NamedStatements::of(std::string_view sql, const Oid* types, int count) {
  if (sql.size() > kLongest) return none_;
  std::string key(reinterpret_cast<const char*>(types), static_cast<std::size_t>(count) * sizeof *types);
  key += sql;
  const auto known = seen_.find(key);
  if (known == seen_.end()) {
    if (seen_.size() - named_ >= kMostSeen)
      std::erase_if(seen_, [](const auto& one) { return one.second.name.empty(); });
    seen_.emplace(std::move(key), Statement());
    return none_;
  }
  Statement& statement = known->second;
  if (statement.name.empty() && !full()) {
    statement.name = "s" + std::to_string(++numbers_);
    ++named_;
  }
  return statement;
}

void NamedStatements::forget(const std::string& name) {
  named_ -= std::erase_if(seen_, [&](const auto& one) { return one.second.name == name; });
}

void NamedStatements::forgetAll() {
  seen_.clear();
  named_ = 0;
}

}  // namespace redflag::store::postgres
