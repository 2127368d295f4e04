#include "local/service.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "../../support/one_more_descriptor.h"
#include "base/time.h"

namespace redflag::kernel {
namespace {

class LocalServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-service-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    LocalService::Parts parts;
    parts.uid = ::geteuid();
    parts.serve = [](platform::LocalStream& stream, const std::atomic<bool>&) {
      static_cast<void>(stream.send("hello", kSecondNs));
      return std::string();
    };
    parts.rejected = [this](const std::string&) { ++rejected_; };
    auto listener = platform::LocalListener::listen(folder_ / "socket", 0600, "");
    ASSERT_TRUE(listener) << listener.error().text;
    service_ = std::make_unique<LocalService>(std::move(*listener), std::move(parts));
  }
  void TearDown() override {
    service_.reset();
    std::filesystem::remove_all(folder_);
  }
  static std::string heardFrom(platform::LocalStream& stream) {
    const auto heard = stream.receive(64, 10 * kSecondNs);
    return heard && *heard ? **heard : "";
  }

  std::filesystem::path folder_;
  std::atomic<int> rejected_ = 0;
  std::unique_ptr<LocalService> service_;
};

TEST_F(LocalServiceTest, waits_for_descriptors_instead_of_asking_for_them_without_end) {
  auto one_more = std::make_unique<redflag::test::OneMoreDescriptor>();
  auto last = platform::LocalStream::connect(folder_ / "socket");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const int rejected = rejected_;
  one_more.reset();
  ASSERT_TRUE(last) << last.error().text;
  EXPECT_GE(rejected, 1);
  EXPECT_LE(rejected, 2);
  EXPECT_EQ(heardFrom(*last), "hello") << "it was only made to wait";
}

}  // namespace
}  // namespace redflag::kernel
