#pragma once
// What a person may: roles, each over everything, one client, or one site of a client. Pure values. [any
// thread]

#include <compare>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace redflag::http {

enum class Permission;

// viewer < technician < approver < admin. What is none of them is below all, and nothing is enough for it.
bool atLeast(const std::string& role, const std::string& needed);

struct Grant {
  std::string role;       // viewer | technician | approver | admin
  std::string client_id;  // "": everything
  std::string site_id;    // "": the whole client
  auto operator<=>(const Grant&) const = default;
};

// Which clients and sites a query may tell of: what every reading function for people asks for, so that none
// can forget it. Nothing at all unless it is said.
class Visible {
 public:
  // For the server's own work, and for whoever may see all.
  static Visible everything();
  static Visible of(const std::vector<Grant>& grants);

  bool all() const { return all_; }
  const std::vector<std::string>& clients() const { return clients_; }  // whole ones
  const std::vector<std::string>& sites() const { return sites_; }      // of other clients
  bool includes(const std::string& client_id, const std::string& site_id) const;

 private:
  bool all_ = false;
  std::vector<std::string> clients_;
  std::vector<std::string> sites_;
};

class Grants {
 public:
  Grants() = default;
  explicit Grants(std::vector<Grant> grants);
  static Grants everywhere(const std::string& role);

  const std::vector<Grant>& all() const { return grants_; }
  bool operator==(const Grants&) const = default;

  // The highest role anywhere; "" without any.
  std::string highest() const;
  // The highest role over a site, over a whole client (`site_id` ""), or over everything (both "").
  std::string roleOver(const std::string& client_id, const std::string& site_id) const;
  // Where the role is at least this one.
  Visible where(const std::string& role) const;
  Visible visible() const { return where("viewer"); }
  // Whether a route opens: what it answers then is the handler's to narrow down. Of kAdmin and kMetrics, to
  // an admin of everything only.
  bool admit(Permission permission) const;
  // Whether whoever has these may give or take that one: an admin of all that it is about.
  bool cover(const Grant& grant) const;
  bool cover(const Grants& others) const;

 private:
  std::vector<Grant> grants_;  // ordered: equal ones are equal
};

// [{"role", "client_id", "site_id"}]; null where a grant is not narrowed down.
Json toJson(const Grants& grants);

}  // namespace redflag::http
