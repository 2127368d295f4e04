#pragma once
#include "store/errors.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlErrors : public Errors {
 public:
  explicit SqlErrors(Connection& connection) : db_(connection) {}

  void note(const ErrorNote& note) override;
  Page<ErrorGroup> groups(const ErrorFilter& filter, const http::Visible& visible,
                          const PageRequest& page) const override;
  std::optional<ErrorGroup> group(const std::string& id, const http::Visible& visible,
                                  const std::string& agent_id) const override;
  std::vector<ErrorRow> rows(const std::string& id, const http::Visible& visible, std::size_t limit,
                             const std::string& agent_id) const override;
  bool prune(std::int64_t before, int limit) override;

 private:
  std::optional<std::string> reportsWith(const ErrorNote& note, const std::string& fingerprint) const;
  void makeRoom(const ErrorNote& note);

  Connection& db_;
};

}  // namespace redflag::store::sql
