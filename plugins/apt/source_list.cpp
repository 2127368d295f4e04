#include "source_list.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/strutl.h>
#include <apt-pkg/tagfile.h>

#include <fstream>
#include <sstream>

#include "apt_errors.h"
#include "readable.h"

namespace redflag::apt {
namespace {

class TolerantSourceList : public pkgSourceList {
 public:
  void readAll(std::vector<BrokenSource>& broken) {
    for (const auto& file : files()) {
      if (!mayRead(file)) continue;
      if (flExtension(file) == "sources") {
        readStanzas(file);
      } else {
        readLines(file);
      }
      if (const auto text = takeAptErrors(); failed_)
        broken.push_back({file, {RF_MISCONFIGURED, "apt.source_broken", file + ": " + text}});
      failed_ = false;
    }
  }

 private:
  static std::vector<std::string> files() {
    std::vector<std::string> all;
    const auto main = _config->FindFile("Dir::Etc::sourcelist", "/dev/null");
    if (RealFileExists(main)) all.push_back(main);
    const auto parts = _config->FindDir("Dir::Etc::sourceparts", "/dev/null");
    if (DirectoryExists(parts)) {
      const auto more = GetListOfFilesInDir(parts, std::vector<std::string>{"list", "sources"}, true);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  void readLines(const std::string& file) {
    std::ifstream input(file);
    if (!input) failed_ = true;
    unsigned int number = 0;
    for (std::string line; std::getline(input, line);) {
      ++number;
      line = APT::String::Strip(line.substr(0, line.find('#')));
      std::istringstream words(line);
      std::string type_name;
      if (!(words >> type_name)) continue;
      const auto* type = Type::GetType(type_name.c_str());
      const auto rest = APT::String::Strip(line.substr(type_name.size()));
      if (type == nullptr || !type->ParseLine(SrcList, rest.c_str(), number, file)) failed_ = true;
    }
  }

  void readStanzas(const std::string& file) {
    FileFd input(file, FileFd::ReadOnly);
    pkgTagFile stanzas(&input, pkgTagFile::SUPPORT_COMMENTS);
    pkgTagSection stanza;
    for (unsigned int number = 1; stanzas.Step(stanza); ++number) {
      std::istringstream types(stanza.FindS("Types"));
      std::string type_name;
      bool any = false;
      while (types >> type_name) {
        any = true;
        auto* type = Type::GetType(type_name.c_str());
        if (type == nullptr || !type->ParseStanza(SrcList, stanza, number, input)) failed_ = true;
      }
      if (!any) failed_ = true;
    }
    if (aptFailed()) failed_ = true;
  }

  bool failed_ = false;
};

}  // namespace

std::unique_ptr<pkgSourceList> readSources(std::vector<BrokenSource>& broken) {
  auto sources = std::make_unique<TolerantSourceList>();
  for (const auto& file : unreadableSources())
    broken.push_back(
        {file,
         {RF_DENIED, "apt.source_unreadable",
          file + ": the user who scans may not read it, so its archives are not looked at: make it "
                 "readable and keep passwords in /etc/apt/auth.conf.d"}});
  if (sources->ReadMainList()) return sources;
  forgetAptErrors();
  sources->Reset();
  sources->readAll(broken);
  return sources;
}

}  // namespace redflag::apt
