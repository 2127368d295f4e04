#include "fetched_root.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "support/http_folder.h"
#include "support/signing_key.h"

namespace redflag::test {
namespace {

// Where the archives lie; gone with the program.
class ArchiveFolder {
 public:
  ArchiveFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-archives-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~ArchiveFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ArchiveFolder(const ArchiveFolder&) = delete;
  ArchiveFolder& operator=(const ArchiveFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What all roots of a test program share.
class Archives {
 public:
  static const Archives& shared() {
    static const Archives archives;
    return archives;
  }

  std::string publicKey() const {
    std::ifstream in(key_.file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string proxy() const { return "http://" + server_.host(); }

  void publish(const ArchiveOptions& options, const std::vector<Package>& packages) const {
    // A proxy is asked for whole addresses, which the server takes for paths: "http:/deb.example.org/…".
    const auto dist = folder_.path() / "http:" / options.host / "debian/dists" / options.suite;
    std::filesystem::remove_all(dist);
    const auto lists = packageLists(options, packages);
    for (const auto& [name, content] : lists) {
      std::filesystem::create_directories((dist / name).parent_path());
      std::ofstream(dist / name) << content;
    }
    std::ofstream(dist / "Release") << releaseText(options, lists, [&dist](const std::string& name) {
      return outputOf({"sha256sum", (dist / name).string()}).substr(0, 64);
    });
    key_.clearSign(dist / "Release", dist / "InRelease");
  }

 private:
  Archives() = default;

  const ArchiveFolder folder_;
  const SigningKey key_{"ed25519"};
  const HttpFolder server_{folder_.path()};
};

}  // namespace

FetchedRoot::FetchedRoot() {
  write("etc/apt/trusted.gpg.d/archive.asc", Archives::shared().publicKey());
}

void FetchedRoot::addArchive(const ArchiveOptions& options, const std::vector<Package>& packages) const {
  Archives::shared().publish(options, packages);
  addSource(options);
  write("fetch.list", sourceLine(options));
  std::vector<std::string> command{"apt-get", "-qq"};
  for (const auto& option :
       {"Dir::Etc::sourcelist=" + (path() / "fetch.list").string(),
        std::string("Dir::Etc::sourceparts=-"),  // no folder
        std::string("APT::Get::List-Cleanup=false"),
        std::string("APT::Sandbox::User=root"),  // nobody else may enter this root
        std::string("APT::Update::Error-Mode=any"), std::string("Acquire::Languages=none"),
        std::string("Acquire::Check-Valid-Until=false"),
        "Acquire::http::Proxy=" + Archives::shared().proxy()}) {
    command.emplace_back("-o");
    command.push_back(option);
  }
  command.emplace_back("update");
  apt(command);
  EXPECT_TRUE(std::filesystem::exists(path() / "var/lib/apt/lists" /
                                      (options.host + "_debian_dists_" + options.suite + "_InRelease")))
      << "apt-get fetched nothing";
}

}  // namespace redflag::test
