#pragma once
// A trust repository in memory whose list names the given command keys; the expiries are years ahead of any
// clock of a test.

#include <string>
#include <vector>

#include "protocol/command_list.h"
#include "tuf/repository.h"

namespace redflag::kernel::test {

class CommandRepository {
 public:
  explicit CommandRepository(const std::string& public_key) { name({public_key}); }

  // The next list: exactly these keys.
  void name(const std::vector<std::string>& public_keys, std::int64_t restore_epoch = 0) {
    list = {};
    list.restore_epoch = restore_epoch;
    list.urls = {"https://127.0.0.1:1"};
    list.authorities = {"one", "two"};
    for (const auto& key : public_keys)
      list.keys.push_back({{protocol::keyId(key), key}, 0, years() + 30LL * 86'400 * kSecondNs});
    publish();
  }
  void publish() {
    content_ = protocol::encodeCommandList(list).value();
    repository.addTarget(protocol::kCommandListTarget, content_);
    repository.publishNext();
  }

  protocol::TrustRoot pinned() const { return {1, sha256(repository.root(1))}; }
  // As CommandTrust::files().
  Json files() const {
    Json metadata = Json::object();
    for (const auto& [name, text] : repository.files)
      if (name.ends_with(".json") && name.find('/') == std::string::npos) metadata[name] = text;
    return {{"metadata", metadata}, {"content", content_}};
  }
  // What a server answers to GET of this; nullptr: 404.
  const std::string* served(const std::string& target) const {
    for (const std::string folder : {"/trust/metadata/", "/trust/targets/"}) {
      if (!target.starts_with(folder)) continue;
      const auto file = repository.files.find(target.substr(folder.size()));
      if (file != repository.files.end()) return &file->second;
    }
    return nullptr;
  }

  redflag::tuf::test::Repository repository;
  protocol::CommandList list;

 private:
  static std::int64_t years() { return redflag::tuf::test::kNow; }
  std::string content_;
};

}  // namespace redflag::kernel::test
