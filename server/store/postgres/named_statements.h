#pragma once
// Which statements one session keeps by a name, so that the server parses and plans them once and not each
// time.
//
// A statement gets one when it comes the second time: what is put together for one question comes once. Long
// ones, such as rows of values by the dozen, get none. Not thread-safe.

#include <libpq-fe.h>

#include <string>
#include <string_view>
#include <unordered_map>

namespace redflag::store::postgres {

class NamedStatements {
 public:
  struct Statement {
    std::string name;       // "": it goes without one
    bool prepared = false;  // the server has been sent it under this name
  };

  // With these types of its parameters; stays good until forgetAll().
  Statement& of(std::string_view sql, const Oid* types, int count);
  // The server has refused to keep it.
  void forget(const std::string& name);

  // As many as a session should keep: time to let the server drop them, and to forget them all.
  bool full() const { return named_ >= kMost; }
  void forgetAll();

 private:
  static constexpr std::size_t kMost = 256;

  Statement none_;
  std::unordered_map<std::string, Statement> seen_;  // by types and text
  std::size_t named_ = 0;
  std::size_t numbers_ = 0;
};

}  // namespace redflag::store::postgres
