#pragma once
// The browser application, read into memory once. What is served is a map of names that were found then: a
// request cannot name anything else, however it is spelled.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "http/message.h"

namespace redflag::http {

class StaticFiles {
 public:
  // Throws std::runtime_error: no index.html, a file that cannot be read, or more than 64 MiB. Symbolic links
  // and hidden files are left out.
  explicit StaticFiles(const std::filesystem::path& folder);

  // For GET and HEAD. Files under assets/ carry a hash in their name and are cached for a year; the rest is
  // asked for again by its ETag. An address without a dot in its last part is one of the application's own
  // screens and answers index.html. Throws Problem 404. [any thread]
  Response serve(const Request& request) const;

 private:
  struct File {
    std::string content;
    std::string compressed;  // gzip; empty where it saves nothing
    std::string content_type;
    std::string etag;
    bool immutable = false;
  };

  void load(const std::filesystem::path& path, const std::string& name);
  Response answer(const File& file, const Request& request) const;

  std::map<std::string, File> files_;  // by path: "/assets/index-4f3a.js"
};

}  // namespace redflag::http
