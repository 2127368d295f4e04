#include "http/static_files.h"

#include <Poco/DeflatingStream.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/encoding.h"

namespace redflag::http {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTotalBytes = 64U << 20;
constexpr const char* kIndex = "/index.html";
// Styles may be inline because the component library writes its variables into a style element; scripts may
// not.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

std::string contentType(const fs::path& path) {
  static const std::map<std::string, std::string> types = {{".html", "text/html; charset=utf-8"},
                                                           {".js", "text/javascript; charset=utf-8"},
                                                           {".css", "text/css; charset=utf-8"},
                                                           {".json", "application/json"},
                                                           {".svg", "image/svg+xml"},
                                                           {".png", "image/png"},
                                                           {".ico", "image/x-icon"},
                                                           {".woff2", "font/woff2"},
                                                           {".txt", "text/plain; charset=utf-8"},
                                                           {".webmanifest", "application/manifest+json"}};
  const auto found = types.find(path.extension().string());
  return found == types.end() ? "application/octet-stream" : found->second;
}

std::string readWhole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  if (!in || (fs::file_size(path) > 0 && !(out << in.rdbuf()))) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return out.str();
}

std::string gzip(const std::string& content) {
  std::ostringstream out;
  Poco::DeflatingOutputStream deflater(out, Poco::DeflatingStreamBuf::STREAM_GZIP, 9);
  deflater << content;
  deflater.close();
  std::string compressed = out.str();
  return compressed.size() < content.size() * 9 / 10 ? compressed : std::string();
}

bool accepts(const Request& request, const char* encoding) {
  const auto found = request.headers.find("accept-encoding");
  return found != request.headers.end() && found->second.find(encoding) != std::string::npos;
}

bool isScreen(const std::string& path) {
  return path.substr(path.rfind('/') + 1).find('.') == std::string::npos;
}

}  // namespace

StaticFiles::StaticFiles(const fs::path& folder) {
  std::error_code failed;
  std::size_t total = 0;
  for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (hidden && entry->is_directory()) entry.disable_recursion_pending();
    if (hidden || entry->is_symlink() || !entry->is_regular_file()) continue;
    total += entry->file_size();
    if (total > kMaxTotalBytes)
      throw std::runtime_error(folder.string() + ": more than 64 MiB is no web application");
    load(entry->path(), "/" + entry->path().lexically_relative(folder).generic_string());
  }
  if (failed) throw std::runtime_error(folder.string() + ": " + failed.message());
  if (!files_.contains(kIndex)) throw std::runtime_error(folder.string() + ": there is no index.html");
}

void StaticFiles::load(const fs::path& path, const std::string& name) {
  File file;
  file.content = readWhole(path);
  file.compressed = gzip(file.content);
  file.content_type = contentType(path);
  file.etag = '"' + toHex(sha256(file.content)).substr(0, 32) + '"';
  file.immutable = name.starts_with("/assets/");
  files_.emplace(name, std::move(file));
}

Response StaticFiles::serve(const Request& request) const {
  auto found = files_.find(request.path);
  if (found == files_.end() && isScreen(request.path)) found = files_.find(kIndex);
  if (found == files_.end())
    throw Problem{404, "request.no_such_address", "there is nothing at this address"};
  return answer(found->second, request);
}

Response StaticFiles::answer(const File& file, const Request& request) const {
  Response out;
  out.content_type = file.content_type;
  out.headers = {{"ETag", file.etag},
                 {"Vary", "Accept-Encoding"},
                 {"Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
                 {"Content-Security-Policy", kPolicy}};
  const auto known = request.headers.find("if-none-match");
  if (known != request.headers.end() && known->second.find(file.etag) != std::string::npos) {
    out.status = 304;
  } else if (!file.compressed.empty() && accepts(request, "gzip")) {
    out.headers.emplace_back("Content-Encoding", "gzip");
    out.body = file.compressed;
  } else {
    out.body = file.content;
  }
  return out;
}

}  // namespace redflag::http
