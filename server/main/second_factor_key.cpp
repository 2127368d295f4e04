#include "main/second_factor_key.h"

#include <fmt/format.h>

#include <stdexcept>

#include "auth/second_factor.h"
#include "auth/secret_file.h"
#include "base/encoding.h"
#include "store/factors.h"

namespace redflag::server {
namespace {

constexpr std::size_t kFactorKeyBytes = 32;

std::string makeFactorKey(const DataFolder& data) {
  const std::string key = randomBytes(kFactorKeyBytes);
  auth::writeSecretFile(data.secondFactorKey(), key);
  return key;
}

// Of 32 random bytes: it betrays nothing of them.
std::string factorMarkOf(const std::string& key) {
  std::string text = "redflag second factor key 1\n";
  text += key;
  return toHex(sha256(text));
}

[[noreturn]] void refuseFactorKey(const DataFolder& data, const char* why) {
  throw std::runtime_error(
      fmt::format("{0} {1}: copy keys/second_factor.key, mode 0600, from the folder of another server on "
                  "this database, or from a backup "
                  "of one. Where it is lost for good, `redflag-server init --data {2} "
                  "--new-second-factor-key` makes another, and whoever "
                  "has a second factor signs in with a recovery code",
                  data.secondFactorKey().string(), why, data.path().string()));
}

// The first server with this release says which key it is, and so that it is the right one.
bool opensWhatIsThere(const std::string& key, const store::ReadTransaction& tx) {
  const auto newest = tx.factors().newestSealed();
  return !newest || auth::SecondFactor::opens(key, newest->user_id, newest->sealed_secret);
}

}  // namespace

std::string secondFactorKey(const DataFolder& data, store::Store& store, bool shared) {
  auto key = auth::readSecretFile(data.secondFactorKey());
  if (!shared) return key ? *key : makeFactorKey(data);
  if (!key) {
    const bool others = store.read([](const store::ReadTransaction& tx) {
      return !tx.factors().keyMark().empty() || tx.factors().newestSealed().has_value();
    });
    if (others) refuseFactorKey(data, "is missing, and second factors in this database are sealed with one");
    key = makeFactorKey(data);
  }
  if (key->size() != kFactorKeyBytes) refuseFactorKey(data, "is damaged");
  const std::string mark = factorMarkOf(*key);
  const bool ours = store.write([&](store::WriteTransaction& tx) {
    const std::string present = tx.factors().keyMark();
    if (!present.empty()) return present == mark;
    if (!opensWhatIsThere(*key, tx)) return false;
    tx.factors().setKeyMark(mark);
    return true;
  });
  if (!ours)
    refuseFactorKey(data, "is another key than the one second factors in this database are sealed with");
  return *key;
}

void replaceSecondFactorKey(const DataFolder& data, store::Store& store) {
  const auto present = auth::readSecretFile(data.secondFactorKey());
  const bool in_use =
      present && present->size() == kFactorKeyBytes && store.read([&](const store::ReadTransaction& tx) {
        return tx.factors().newestSealed().has_value() && opensWhatIsThere(*present, tx);
      });
  if (in_use)
    throw std::runtime_error(fmt::format("{} is not lost: second factors in this database open with it",
                                         data.secondFactorKey().string()));
  const std::string mark = factorMarkOf(makeFactorKey(data));
  store.write([&](store::WriteTransaction& tx) { tx.factors().setKeyMark(mark); });
}

}  // namespace redflag::server
