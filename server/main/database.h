#pragma once
// Which database this server uses: what the command line says, else server.yaml, else the file in its folder.

#include <memory>
#include <string>

#include "main/data_folder.h"
#include "main/settings.h"
#include "store/open.h"

namespace redflag::server {

// What an option says; "" is none. Throws ConfigurationError, which names the option.
void checkDatabaseOption(const std::string& url, const std::string& option = "--database");

// `option`: what --database says, or "". Both throw ConfigurationError for what is no URL, or where a
// password lies open; the second http::Problem when it cannot be opened.
store::Database databaseOf(const DataFolder& data, const Settings& settings, const std::string& option);
std::unique_ptr<store::Store> openDatabase(const DataFolder& data, const Settings& settings,
                                           const std::string& option);

}  // namespace redflag::server
