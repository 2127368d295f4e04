#pragma once
// libdnf's and GLib's objects, each freed by its own function, and errors as sentences.

// clang-format off: it has to be the first
#include "solv_pool.h"
// clang-format on
#include <glib-object.h>
#include <libdnf/libdnf.h>

#include <memory>
#include <string>
#include <vector>

namespace redflag::dnf {

template <auto function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};

using Sack = std::unique_ptr<DnfSack, Free<&g_object_unref>>;
using Package = std::unique_ptr<DnfPackage, Free<&g_object_unref>>;
using Query = std::unique_ptr<libdnf::Query, Free<&hy_query_free>>;
using PackageSet = std::unique_ptr<DnfPackageSet, Free<&dnf_packageset_free>>;
using MetadataRepo = std::unique_ptr<libdnf::Repo, Free<&hy_repo_free>>;
using Goal = std::unique_ptr<libdnf::Goal, Free<&hy_goal_free>>;
using Selector = std::unique_ptr<libdnf::Selector, Free<&hy_selector_free>>;
using Packages = std::unique_ptr<GPtrArray, Free<&g_ptr_array_unref>>;
using Reldeps = std::unique_ptr<DnfReldepList, Free<&dnf_reldep_list_free>>;
using Reldep = std::unique_ptr<DnfReldep, Free<&dnf_reldep_free>>;
using Advisory = std::unique_ptr<DnfAdvisory, Free<&dnf_advisory_free>>;

// Where a call puts its error.
class ErrorText {
 public:
  ErrorText() = default;
  ErrorText(const ErrorText&) = delete;
  ErrorText& operator=(const ErrorText&) = delete;
  ~ErrorText() { g_clear_error(&error_); }
  GError** out() { return &error_; }
  std::string text() const { return error_ == nullptr ? "unknown error" : error_->message; }

 private:
  GError* error_ = nullptr;
};

inline std::string textOf(const char* text) {
  return text == nullptr ? "" : text;
}

// The packages of an array that owns them, without owning them.
inline std::vector<DnfPackage*> listOf(const Packages& packages) {
  std::vector<DnfPackage*> list;
  for (guint i = 0; packages && i < packages->len; ++i)
    list.push_back(static_cast<DnfPackage*>(g_ptr_array_index(packages.get(), i)));
  return list;
}

inline Packages run(const Query& query) {
  return Packages(hy_query_run(query.get()));
}

inline PackageSet runSet(const Query& query) {
  return PackageSet(hy_query_run_set(query.get()));
}

inline Query installedPackages(DnfSack* sack) {
  Query query(hy_query_create(sack));
  hy_query_filter(query.get(), HY_PKG_REPONAME, HY_EQ, HY_SYSTEM_REPO_NAME);
  return query;
}

}  // namespace redflag::dnf
