#include "http/grants.h"

#include <algorithm>
#include <array>

#include "http/message.h"

namespace redflag::http {
namespace {

int rankOf(const std::string& role) {
  static constexpr std::array kRoles = {"viewer", "technician", "approver", "admin"};
  const auto found = std::find(kRoles.begin(), kRoles.end(), role);
  return found == kRoles.end() ? -1 : static_cast<int>(found - kRoles.begin());
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool reaches(const Grant& grant, const std::string& client_id, const std::string& site_id) {
  if (grant.client_id.empty()) return true;
  return grant.client_id == client_id && (grant.site_id.empty() || grant.site_id == site_id);
}

}  // namespace

bool atLeast(const std::string& role, const std::string& needed) {
  return rankOf(role) >= rankOf(needed) && rankOf(needed) >= 0;
}

Visible Visible::everything() {
  return of({{"viewer", "", ""}});
}

Visible Visible::of(const std::vector<Grant>& grants) {
  Visible visible;
  for (const Grant& grant : grants) {
    if (grant.client_id.empty()) {
      visible.all_ = true;
    } else if (grant.site_id.empty() && !contains(visible.clients_, grant.client_id)) {
      visible.clients_.push_back(grant.client_id);
    }
  }
  for (const Grant& grant : grants) {
    if (!grant.site_id.empty() && !contains(visible.clients_, grant.client_id))
      visible.sites_.push_back(grant.site_id);
  }
  return visible;
}

bool Visible::includes(const std::string& client_id, const std::string& site_id) const {
  return all_ || contains(clients_, client_id) || contains(sites_, site_id);
}

Grants::Grants(std::vector<Grant> grants) : grants_(std::move(grants)) {
  std::sort(grants_.begin(), grants_.end());
}

Grants Grants::everywhere(const std::string& role) {
  return Grants({{role, "", ""}});
}

std::string Grants::highest() const {
  std::string highest;
  for (const Grant& grant : grants_) {
    if (rankOf(grant.role) > rankOf(highest)) highest = grant.role;
  }
  return highest;
}

std::string Grants::roleOver(const std::string& client_id, const std::string& site_id) const {
  std::string highest;
  for (const Grant& grant : grants_) {
    if (reaches(grant, client_id, site_id) && rankOf(grant.role) > rankOf(highest)) highest = grant.role;
  }
  return highest;
}

Visible Grants::where(const std::string& role) const {
  std::vector<Grant> enough;
  for (const Grant& grant : grants_) {
    if (atLeast(grant.role, role)) enough.push_back(grant);
  }
  return Visible::of(enough);
}

bool Grants::admit(Permission permission) const {
  switch (permission) {
    case Permission::kSignedIn:
      return true;
    case Permission::kViewer:
      return atLeast(highest(), "viewer");
    case Permission::kTechnician:
      return atLeast(highest(), "technician");
    case Permission::kApprover:
      return atLeast(highest(), "approver");
    case Permission::kScopedAdmin:
      return atLeast(highest(), "admin");
    default:
      return atLeast(roleOver("", ""), "admin");
  }
}

bool Grants::cover(const Grant& grant) const {
  return atLeast(roleOver(grant.client_id, grant.site_id), "admin");
}

bool Grants::cover(const Grants& others) const {
  return std::all_of(others.grants_.begin(), others.grants_.end(),
                     [this](const Grant& grant) { return cover(grant); });
}

Json toJson(const Grants& grants) {
  const auto orNull = [](const std::string& id) { return id.empty() ? Json() : Json(id); };
  Json list = Json::array();
  for (const Grant& grant : grants.all()) {
    list.push_back(
        {{"role", grant.role}, {"client_id", orNull(grant.client_id)}, {"site_id", orNull(grant.site_id)}});
  }
  return list;
}

}  // namespace redflag::http
