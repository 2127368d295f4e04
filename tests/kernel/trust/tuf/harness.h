#pragma once
// A client with a folder of its own, before a repository in memory that counts what it is asked.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "platform/files.h"
#include "repository.h"
#include "trust/tuf/client.h"
#include "trust/tuf/download.h"

namespace redflag::kernel::tuf {

namespace rt = redflag::tuf::test;

class StandingClock final : public Clock {
 public:
  std::int64_t epochNs() const override { return now; }
  std::int64_t monotonicNs() const override { return now; }
  std::int64_t now = rt::kNow;
};

class MemoryFetcher final : public Fetcher {
 public:
  explicit MemoryFetcher(const std::map<std::string, std::string>& files) : files_(files) {}

  Result<> fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) override {
    asked.push_back(reference);
    limits[reference] = max_bytes;
    if (down) return fail(Code::kUnavailable, "no network");
    const auto file = files_.find(reference);
    if (file == files_.end()) return fail(Code::kNotFound, "no such file");
    const std::size_t half = file->second.size() / 2;
    if (auto ok = sink(file->second.substr(0, half)); !ok) return ok;
    return sink(file->second.substr(half));
  }

  std::vector<std::string> asked;
  std::map<std::string, std::uint64_t> limits;
  bool down = false;

 private:
  const std::map<std::string, std::string>& files_;
};

class TufClient : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    std::string name = testing::TempDir() + "tuf.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    repository_.emplace();
    network_.emplace(repository_->files);
    ASSERT_TRUE(trustRoot(store(), repository_->root(1)));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void startOver() {
    TearDown();
    SetUp();
  }

  Store store() const { return Store(folder_ / "metadata"); }
  Client client() { return {store(), &*network_, clock_}; }
  rt::Repository& repository() { return *repository_; }

  Result<> refresh() {
    network_->asked.clear();
    return client().refresh();
  }
  // The refresh must be refused, for this reason.
  void expectRefused(const std::string& part) {
    const auto refreshed = refresh();
    ASSERT_FALSE(refreshed);
    EXPECT_NE(refreshed.error().text.find(part), std::string::npos) << refreshed.error().text;
  }
  std::string found(const std::string& name) {
    Client c = client();
    if (auto ok = c.refresh(); !ok) return "refresh: " + ok.error().text;
    const auto target = c.find(name);
    return target ? target->info.hash() : target.error().text;
  }
  std::int64_t stored(const std::string& role) const {
    const auto text = store().read(role);
    return text ? Json::parse(*text)["signed"]["version"].get<std::int64_t>() : 0;
  }

  std::filesystem::path folder_;
  StandingClock clock_;
  std::optional<rt::Repository> repository_;
  std::optional<MemoryFetcher> network_;
};

}  // namespace redflag::kernel::tuf
