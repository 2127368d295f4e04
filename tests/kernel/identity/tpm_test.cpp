#include "platform/tpm.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "identity/sealed_key.h"
#include "marks.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

using platform::tpmMac;

// A TPM in software (Debian's swtpm), in a folder that is its chip.
class SoftwareTpm {
 public:
  SoftwareTpm() { start(); }
  ~SoftwareTpm() { stop(); }
  SoftwareTpm(const SoftwareTpm&) = delete;
  SoftwareTpm& operator=(const SoftwareTpm&) = delete;

  std::filesystem::path device() const { return folder_.path() / "sock"; }
  void start() {
    const std::string state = "dir=" + folder_.path().string();
    const std::string server = "type=unixio,path=" + device().string();
    std::vector<std::string> words = {"swtpm",      "socket",  "--tpm2",
                                      "--tpmstate", state,     "--server",
                                      server,       "--flags", "not-need-init,startup-clear"};
    std::vector<char*> argv;
    for (auto& word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    ASSERT_EQ(::posix_spawnp(&pid_, "swtpm", nullptr, nullptr, argv.data(), environ), 0)
        << "swtpm is not installed: scripts/packages-test.txt";
    for (int i = 0; i < 100 && !std::filesystem::exists(device()); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ASSERT_TRUE(std::filesystem::exists(device()));
  }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    std::filesystem::remove(device());
  }

 private:
  test::TemporaryFolder folder_;
  pid_t pid_ = -1;
};

TEST(Tpm, says_the_same_of_the_same_text_also_after_a_restart_and_nobody_else_does) {
  SoftwareTpm tpm;
  const auto first = tpmMac("salt", tpm.device());
  ASSERT_TRUE(first) << first.error().text;
  ASSERT_TRUE(*first);
  EXPECT_EQ((*first)->size(), platform::kTpmMacBytes);
  EXPECT_EQ(tpmMac("salt", tpm.device()).value(), *first);
  EXPECT_NE(tpmMac("another", tpm.device()).value(), *first);
  tpm.stop();
  tpm.start();
  EXPECT_EQ(tpmMac("salt", tpm.device()).value(), *first);
  const SoftwareTpm other;
  EXPECT_NE(tpmMac("salt", other.device()).value(), *first);
}

TEST(Tpm, is_asked_often_without_running_out_of_room) {
  const SoftwareTpm tpm;
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(tpmMac("salt", tpm.device())) << i;
}

TEST(Tpm, that_is_not_there_is_none_and_one_that_does_not_answer_is_told) {
  const test::TemporaryFolder folder;
  EXPECT_FALSE(tpmMac("salt", folder.path() / "none").value());
  SoftwareTpm tpm;
  const auto gone = folder.path() / "gone";
  std::filesystem::create_symlink(tpm.device(), gone);
  tpm.stop();
  EXPECT_FALSE(tpmMac("salt", gone).value()) << "its socket went with it";
  std::ofstream(folder.path() / "file") << "no TPM";
  EXPECT_FALSE(tpmMac("salt", folder.path() / "file"));
  EXPECT_EQ(tpmMac(std::string(1025, 'x'), folder.path() / "none").error().code, Code::kLimit);
}

// A machine with these parts and that TPM.
MarkReader withTpm(const test::Parts& parts, const std::filesystem::path& tpm) {
  return [parts, tpm](const std::string& salt) {
    std::vector<platform::MachineMark> found;
    for (const auto& [source, value] : parts)
      found.push_back({source, {value}});
    return marksWithTpm(found, salt, tpm);
  };
}

class KeyBoundToTpm : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(initCrypto()); }
  Result<OpenedKey> open(const MarkReader& machine) const { return openSealedKey(file_, machine, ""); }

  const test::Parts parts_ = {{"machine-id", "the-id"}, {"product-uuid", "the-uuid"}, {"disks", "the-disks"}};
  test::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "key.json";
  const protocol::SigningKey key_ = protocol::SigningKey::generate();
  SoftwareTpm tpm_;
};

TEST_F(KeyBoundToTpm, A6_all_that_can_be_read_of_a_machine_opens_nothing_without_its_TPM) {
  const auto binding = saveSealedKey(file_, key_, withTpm(parts_, tpm_.device()));
  ASSERT_TRUE(binding);
  EXPECT_EQ(binding->text(), "bound to the TPM and 2 of 3 of machine-id, product-uuid, disks");
  const auto opened = open(withTpm(parts_, tpm_.device()));
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ(opened->key.publicKey(), key_.publicKey());
  EXPECT_FALSE(opened->stale);
  const SoftwareTpm another;
  for (const auto& machine : {withTpm(parts_, another.device()), test::machineOf(parts_)}) {
    const auto refused = open(machine);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kDenied);
    EXPECT_NE(refused.error().text.find("bound to the TPM and 2 of 3"), std::string::npos);
  }
}

TEST_F(KeyBoundToTpm, A6_the_TPM_alone_opens_nothing_either_and_one_part_may_change) {
  ASSERT_TRUE(saveSealedKey(file_, key_, withTpm(parts_, tpm_.device())));
  EXPECT_FALSE(open(withTpm({{"machine-id", "the-id"}}, tpm_.device())));
  auto repaired = parts_;
  repaired[2].second = "a new disk";
  const auto opened = open(withTpm(repaired, tpm_.device()));
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->stale) << "it is bound to the new part next";
}

TEST_F(KeyBoundToTpm, a_key_from_before_is_bound_to_the_TPM_at_the_next_start) {
  ASSERT_TRUE(saveSealedKey(file_, key_, test::machineOf(parts_)));
  const auto opened = open(withTpm(parts_, tpm_.device()));
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->stale);
  EXPECT_FALSE(opened->binding.tpm);
}

TEST_F(KeyBoundToTpm, where_there_is_nothing_else_the_TPM_is_enough_and_not_weak) {
  const auto binding = saveSealedKey(file_, key_, withTpm({}, tpm_.device()));
  ASSERT_TRUE(binding);
  EXPECT_FALSE(binding->weak());
  EXPECT_EQ(binding->text(), "bound to the TPM");
  EXPECT_TRUE(open(withTpm({}, tpm_.device())));
  EXPECT_FALSE(open(test::machineOf({})));
}

TEST_F(KeyBoundToTpm, a_TPM_that_does_not_answer_for_now_is_no_other_machine) {
  ASSERT_TRUE(saveSealedKey(file_, key_, withTpm(parts_, tpm_.device())));
  std::ofstream(folder_.path() / "silent") << "no TPM";
  EXPECT_EQ(open(withTpm(parts_, folder_.path() / "silent")).error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace redflag::kernel
