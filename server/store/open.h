#pragma once
// Which engine: the one place that knows both.

#include <filesystem>
#include <memory>
#include <string>

#include "base/time.h"
#include "store/store.h"

namespace redflag::store {

struct Database {
  std::filesystem::path file;  // SQLite's, unless there is a url
  std::string url;             // "", or postgresql://…
};

// Opens it, or makes it, and brings its schema up to date. http::Problem whose detail says what is wrong;
// "store.bad_url" for a url that is none.
std::unique_ptr<Store> openStore(const Database& database, const Clock& clock = systemClock());

// http::Problem 400 "store.bad_url", without asking anybody.
void checkUrl(const std::string& url);
// Whether the url has a password in it.
bool carriesPassword(const std::string& url);

}  // namespace redflag::store
