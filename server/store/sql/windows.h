#pragma once
#include "store/sql/connection.h"
#include "store/windows.h"

namespace redflag::store::sql {

class SqlWindows : public Windows {
 public:
  explicit SqlWindows(Connection& connection) : db_(connection) {}

  std::vector<MaintenanceWindow> list(const http::Visible& visible) const override;
  std::map<Places::key_type, WindowsAt> at(const Places& places) const override;
  std::map<Machines::key_type, std::vector<MaintenanceWindow>> narrower(
      const Machines& machines) const override;
  std::int64_t count(const std::string& client_id) const override;
  void add(const MaintenanceWindow& window) override;
  void change(const MaintenanceWindow& window) override;
  void remove(const MaintenanceWindow& window) override;
  bool addNotice(const WindowNotice& notice) override;
  bool prune(std::int64_t before, int limit) override;

 private:
  Connection& db_;
};

}  // namespace redflag::store::sql
