#include "http/static_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/certificate.h"

namespace redflag::http {
namespace {

class StaticFilesTest : public ::testing::Test {
 protected:
  StaticFilesTest() {
    std::filesystem::create_directories(folder_.path() / "assets");
    write("index.html", "<!doctype html><title>RedFlag</title>");
    write("assets/index-4f3a.js", std::string(5000, 'x'));
    write(".secret", "no");
    std::filesystem::create_symlink("/etc/passwd", folder_.path() / "assets/link.txt");
  }

  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_.path() / name) << content;
  }

  static Request ask(const std::string& path, std::map<std::string, std::string> headers = {}) {
    Request request;
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    return request;
  }

  static std::string header(const Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  static int status(const StaticFiles& files, const std::string& path) {
    try {
      return files.serve(ask(path)).status;
    } catch (const Problem& problem) {
      return problem.status;
    }
  }

  testing::TemporaryFolder folder_;
};

TEST_F(StaticFilesTest, serves_screens_from_one_page) {
  const StaticFiles files(folder_.path());
  for (const char* path : {"/", "/updates", "/agents/01ABC", "/index.html"}) {
    const Response response = files.serve(ask(path));
    EXPECT_EQ(response.content_type, "text/html; charset=utf-8") << path;
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
    EXPECT_NE(header(response, "Content-Security-Policy").find("script-src 'self';"), std::string::npos);
    EXPECT_NE(header(response, "Content-Security-Policy").find("frame-ancestors 'none'"), std::string::npos);
  }
}

TEST_F(StaticFilesTest, caches_names_with_a_hash_and_compresses_what_shrinks) {
  const StaticFiles files(folder_.path());
  const Response plain = files.serve(ask("/assets/index-4f3a.js"));
  EXPECT_EQ(plain.body.size(), 5000U);
  EXPECT_NE(header(plain, "Cache-Control").find("immutable"), std::string::npos);
  const Response packed = files.serve(ask("/assets/index-4f3a.js", {{"accept-encoding", "gzip, br"}}));
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), 500U);
  EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
}

TEST_F(StaticFilesTest, answers_304_for_what_is_known) {
  const StaticFiles files(folder_.path());
  const std::string etag = header(files.serve(ask("/index.html")), "ETag");
  EXPECT_EQ(files.serve(ask("/index.html", {{"if-none-match", etag}})).status, 304);
  EXPECT_EQ(files.serve(ask("/index.html", {{"if-none-match", "\"other\""}})).status, 200);
}

TEST_F(StaticFilesTest, holds_nothing_but_what_it_found) {
  const StaticFiles files(folder_.path());
  for (const char* path : {"/.secret", "/assets/link.txt", "/../etc/passwd.txt", "/assets/../index.html",
                           "/missing.js", "/assets//index-4f3a.js", "/assets\\index-4f3a.js"}) {
    EXPECT_EQ(status(files, path), 404) << path;
  }
}

TEST_F(StaticFilesTest, asks_for_a_page) {
  std::filesystem::remove(folder_.path() / "index.html");
  EXPECT_THROW(StaticFiles{folder_.path()}, std::runtime_error);
  EXPECT_THROW(StaticFiles{folder_.path() / "nowhere"}, std::runtime_error);
}

}  // namespace
}  // namespace redflag::http
