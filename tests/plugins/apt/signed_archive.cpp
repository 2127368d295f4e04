#include "signed_archive.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>

namespace redflag::test {
namespace {

std::string contentOf(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

SignedArchive::SignedArchive() {
  auto pattern = (std::filesystem::temp_directory_path() / "redflag-archive-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  server_ = std::make_unique<HttpFolder>(folder_);
}

SignedArchive::~SignedArchive() {
  server_->stop();
  std::filesystem::remove_all(folder_);
}

void SignedArchive::addTo(const AptRoot& root, const std::string& suite) const {
  root.append("etc/apt/sources.list", "deb http://" + host() + "/debian " + suite + " main\n");
  root.write("etc/apt/trusted.gpg.d/archive.asc", contentOf(key_.file()));
  root.append("etc/apt/apt.conf", "Acquire::http::Proxy::127.0.0.1 \"DIRECT\";\n");
}

void SignedArchive::publish(const std::vector<Package>& packages, const SigningKey* key,
                            const std::string& suite, const std::string& release_fields) {
  const auto dist = folder_ / "debian/dists" / suite;
  const std::string list = "main/binary-amd64/Packages";
  std::filesystem::create_directories((dist / list).parent_path());
  std::string content;
  for (const auto& package : packages)
    content += offered(package);
  std::ofstream(dist / list, std::ios::trunc) << content;
  const auto hash = outputOf({"sha256sum", (dist / list).string()}).substr(0, 64);
  std::ofstream(dist / "Release", std::ios::trunc)
      << "Origin: Test\nLabel: Test\nSuite: " << suite << "\nCodename: " << suite
      << "\nDate: " << outputOf({"date", "-u", "-R"}) << release_fields
      << "Architectures: amd64\nComponents: main\nSHA256:\n " << hash << " " << content.size() << " " << list
      << "\n";
  std::filesystem::remove(dist / "InRelease");
  if (key != nullptr) key->clearSign(dist / "Release", dist / "InRelease");
  // HTTP tells versions of a file apart by the second.
  const auto at = std::filesystem::file_time_type::clock::now() + std::chrono::seconds(++published_);
  for (const auto& file : {dist / list, dist / "Release", dist / "InRelease"})
    if (std::filesystem::exists(file)) std::filesystem::last_write_time(file, at);
}

}  // namespace redflag::test
