#include "store/sql/windows.h"

#include <algorithm>

#include "store/sql/select.h"
#include "store/sql/value_rows.h"

namespace redflag::store::sql {
namespace {

constexpr const char* kWindowColumns =
    "w.window_id, w.client_id, w.site_id, w.group_id, w.agent_id, w.name, w.rule, COALESCE(w.length_s, 0), "
    "COALESCE(w.notice_s, 0), "
    "COALESCE(w.created_at, 0), w.created_by, COALESCE(w.changed_at, 0), w.changed_by";

MaintenanceWindow windowFrom(Rows& rows) {
  MaintenanceWindow window;
  for (std::string* field : {&window.id, &window.scope.client_id, &window.scope.site_id,
                             &window.scope.group_id, &window.scope.agent_id, &window.name, &window.rule})
    *field = rows.text();
  for (std::int64_t* field : {&window.length_s, &window.notice_s, &window.created_at})
    *field = rows.integer();
  window.created_by = rows.text();
  window.changed_at = rows.integer();
  window.changed_by = rows.text();
  return window;
}

// A row of what is in force somewhere: the place, and one of its windows or none.
void addWindow(WindowsAt& at, Rows& rows) {
  at.client_name = rows.text();
  at.site_name = rows.text();
  at.time_zone = rows.text();
  MaintenanceWindow window = windowFrom(rows);
  if (window.id.empty()) return;
  window.scope.client_name = at.client_name;
  if (!window.scope.site_id.empty()) window.scope.site_name = at.site_name;
  at.windows.push_back(std::move(window));
}

// Where a site has windows of its own, its client's say nothing.
void keepOwn(std::vector<MaintenanceWindow>& windows) {
  const auto isOwn = [](const MaintenanceWindow& window) { return !window.scope.site_id.empty(); };
  if (std::any_of(windows.begin(), windows.end(), isOwn))
    std::erase_if(windows, [&](const MaintenanceWindow& window) { return !isOwn(window); });
}

// A machine's own come before its groups'.
void keepMachines(std::vector<MaintenanceWindow>& windows) {
  const auto isOwn = [](const MaintenanceWindow& window) { return !window.scope.agent_id.empty(); };
  if (std::any_of(windows.begin(), windows.end(), isOwn))
    std::erase_if(windows, [&](const MaintenanceWindow& window) { return !isOwn(window); });
}

// Of the client or the site that is visible, of the client of a site that is, or of a machine or a group with
// a machine there.
void restrictWindows(Conditions& where, const http::Visible& visible) {
  if (visible.all()) return;
  std::string sql = "(1 = 0";
  std::vector<std::string> ids;
  const auto either = [&](const std::string& begin, const std::vector<std::string>& some,
                          const std::string& end) {
    if (some.empty()) return;
    sql += " OR " + begin;
    for (std::size_t i = 0; i < some.size(); ++i)
      sql += i == 0 ? "?" : ",?";
    sql += end;
    ids.insert(ids.end(), some.begin(), some.end());
  };
  either("w.client_id IN (", visible.clients(), ")");
  either("w.site_id IN (", visible.sites(), ")");
  either(
      "(w.site_id = '' AND w.group_id = '' AND w.agent_id = '' AND w.client_id IN (SELECT v.client_id FROM "
      "sites v WHERE v.site_id IN (",
      visible.sites(), ")))");
  // Apart, and neither for windows of places: together they would look at each machine for each window.
  either(
      "(w.agent_id <> '' AND EXISTS (SELECT 1 FROM agents v WHERE v.client_id = w.client_id AND v.agent_id "
      "= w.agent_id AND v.site_id IN (",
      visible.sites(), ")))");
  either(
      "(w.group_id <> '' AND EXISTS (SELECT 1 FROM agent_group_members m JOIN agents v ON v.client_id = "
      "m.client_id AND v.agent_id = m.agent_id WHERE m.client_id = w.client_id AND m.group_id = w.group_id "
      "AND v.site_id IN (",
      visible.sites(), ")))");
  where.addAll(sql + ")", ids);
}

}  // namespace

std::vector<MaintenanceWindow> SqlWindows::list(const http::Visible& visible) const {
  Conditions where;
  restrictWindows(where, visible);
  const std::string sql =
      std::string("SELECT ") + kWindowColumns +
      ", c.name, COALESCE(s.name, ''), COALESCE(g.name, ''), COALESCE(a.hostname, '') FROM "
      "maintenance_windows w JOIN clients c ON c.client_id = w.client_id LEFT JOIN sites s ON s.client_id = "
      "w.client_id AND s.site_id = w.site_id LEFT JOIN agent_groups g ON g.client_id = w.client_id AND "
      "g.group_id = w.group_id LEFT JOIN agents a ON a.client_id = w.client_id AND a.agent_id = w.agent_id" +
      where.sql() + " ORDER BY w.name, w.window_id";
  std::vector<MaintenanceWindow> windows;
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();) {
    MaintenanceWindow& window = windows.emplace_back(windowFrom(rows));
    for (std::string* name : {&window.scope.client_name, &window.scope.site_name, &window.scope.group_name,
                              &window.scope.hostname})
      *name = rows.text();
  }
  return windows;
}

std::map<Windows::Places::key_type, WindowsAt> SqlWindows::at(const Places& places) const {
  static const std::string kInForce =
      std::string(") SELECT s.client_id, s.site_id, c.name, s.name, s.time_zone, ") + kWindowColumns +
      " FROM v CROSS JOIN sites s JOIN clients c ON c.client_id = s.client_id LEFT JOIN maintenance_windows "
      "w "
      "ON w.client_id = s.client_id AND w.site_id IN ('', s.site_id) AND w.group_id = '' AND w.agent_id = '' "
      "WHERE s.client_id = v.client AND "
      "s.site_id = v.site ORDER BY w.name, w.window_id";
  ValueRows keys;
  for (const auto& [client_id, site_id] : places)
    keys.add(client_id, site_id);
  std::map<Places::key_type, WindowsAt> found;
  keys.each("WITH v (client, site) AS (VALUES ", kInForce, {},
            [&](std::string_view sql, const std::vector<Value>& values) {
              for (auto rows = db_.queryValues(sql, values); rows.next();) {
                Places::key_type place{rows.text(), rows.text()};
                addWindow(found[std::move(place)], rows);
              }
            });
  for (auto& [place, at] : found)
    keepOwn(at.windows);
  return found;
}

std::map<Windows::Machines::key_type, std::vector<MaintenanceWindow>> SqlWindows::narrower(
    const Machines& machines) const {
  // Apart: together they would look at each window of the client for each machine.
  static const std::string kNarrower =
      std::string(
          "), own (client, agent, id) AS (SELECT v.client, v.agent, o.window_id FROM v CROSS JOIN "
          "maintenance_windows o WHERE o.client_id = v.client AND o.agent_id = v.agent UNION ALL SELECT "
          "v.client, v.agent, o.window_id FROM v CROSS JOIN agent_group_members m CROSS JOIN "
          "maintenance_windows o WHERE m.client_id = v.client AND m.agent_id = v.agent AND o.client_id = "
          "v.client AND o.group_id = m.group_id) SELECT own.client, own.agent, c.name, COALESCE(g.name, ''), "
          "a.hostname, ") +
      kWindowColumns +
      " FROM own CROSS JOIN maintenance_windows w JOIN clients c ON c.client_id = w.client_id JOIN agents a "
      "ON a.client_id = own.client AND a.agent_id = own.agent LEFT JOIN agent_groups g ON g.client_id = "
      "w.client_id AND g.group_id = w.group_id WHERE w.client_id = own.client AND w.window_id = own.id "
      "ORDER BY w.name, w.window_id";
  ValueRows keys;
  for (const auto& [client_id, agent_id] : machines)
    keys.add(client_id, agent_id);
  std::map<Machines::key_type, std::vector<MaintenanceWindow>> found;
  keys.each("WITH v (client, agent) AS (VALUES ", kNarrower, {},
            [&](std::string_view sql, const std::vector<Value>& values) {
              for (auto rows = db_.queryValues(sql, values); rows.next();) {
                Machines::key_type machine{rows.text(), rows.text()};
                store::DecisionScope names;
                for (std::string* name : {&names.client_name, &names.group_name, &names.hostname})
                  *name = rows.text();
                MaintenanceWindow window = windowFrom(rows);
                window.scope.client_name = names.client_name;
                window.scope.group_name = names.group_name;
                if (!window.scope.agent_id.empty()) window.scope.hostname = names.hostname;
                found[std::move(machine)].push_back(std::move(window));
              }
            });
  for (auto& [machine, windows] : found)
    keepMachines(windows);
  return found;
}

std::int64_t SqlWindows::count(const std::string& client_id) const {
  auto rows = db_.query("SELECT COUNT(*) FROM maintenance_windows WHERE client_id = ?", client_id);
  rows.next();
  return rows.integer();
}

void SqlWindows::add(const MaintenanceWindow& window) {
  db_.post(
      "INSERT INTO maintenance_windows (client_id, window_id, site_id, group_id, agent_id, name, rule, "
      "length_s, notice_s, created_at, created_by, changed_at, changed_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
      "?, "
      "?, ?, ?, ?)",
      window.scope.client_id, window.id, window.scope.site_id, window.scope.group_id, window.scope.agent_id,
      window.name, window.rule, window.length_s, window.notice_s, window.created_at, window.created_by,
      window.changed_at, window.changed_by);
}

void SqlWindows::change(const MaintenanceWindow& window) {
  db_.post(
      "UPDATE maintenance_windows SET name = ?, rule = ?, length_s = ?, notice_s = ?, changed_at = ?, "
      "changed_by = ? WHERE client_id = ? AND window_id = ?",
      window.name, window.rule, window.length_s, window.notice_s, window.changed_at, window.changed_by,
      window.scope.client_id, window.id);
}

void SqlWindows::remove(const MaintenanceWindow& window) {
  db_.post("DELETE FROM maintenance_windows WHERE client_id = ? AND window_id = ?", window.scope.client_id,
           window.id);
}

bool SqlWindows::addNotice(const WindowNotice& notice) {
  return db_.execute(
             "INSERT INTO window_notices (client_id, site_id, opens_at, holder_id, at) VALUES (?, ?, ?, ?, "
             "?) "
             "ON CONFLICT (client_id, site_id, opens_at, holder_id) DO NOTHING",
             notice.client_id, notice.site_id, notice.opens_at, notice.holder_id, notice.at) > 0;
}

bool SqlWindows::prune(std::int64_t before, int limit) {
  return db_.execute(
             "DELETE FROM window_notices WHERE (client_id, site_id, opens_at, holder_id) IN (SELECT "
             "client_id, site_id, opens_at, holder_id FROM window_notices WHERE at < ? LIMIT ?)",
             before, limit) == limit;
}

}  // namespace redflag::store::sql
